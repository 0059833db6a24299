//! Exactly one live task for each (label, index, attempt).
//!
//! `clientToken` is a hash of those and of a generation. The generation moves on only when the token's task is found STOPPED,
//! so two processes that ask at the same time, or one that asks again after a lost answer or its own death, all meet at the
//! same token: ECS gives one of them a task, and the others find that task and adopt it.

use std::time::{Duration, SystemTime};

use contract::env;
use uuid::Uuid;

use crate::aws::{Aws, AwsError, AwsErrorKind};
use crate::config::StartConfig;
use crate::config::machine::EcsMachine;
use crate::ecs::{Ecs, RunAnswer, RunTaskRequest, Task, TaskArn, request};
use crate::error::Error;
use crate::github::GitHub;
use crate::handover::{self, HandedOver};
use crate::model::{Launch, LaunchId, Origin, Place};
use crate::output::Workflow;
use crate::phases::Phases;

/// A name has room for two digits; nobody retries a step so often within an attempt.
pub const MAX_GENERATIONS: u32 = 100;
/// DescribeTasks may not know a task for a while after RunTask (boto/boto3#842); later it has forgotten it.
const MISSING_PATIENCE: Duration = Duration::from_secs(60);
/// A task on its way down takes its stopTimeout, two minutes at most on Fargate, and the clean-up of its network.
const DYING_PATIENCE: Duration = Duration::from_secs(240);
/// RunTask is limited to 20 a second for Fargate (ECS developer guide: throttling). A group that fails stops at its first fault.
const AT_ONCE: usize = 20;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// A machine that runs, and how we came by it.
#[derive(Clone, Debug)]
pub struct Launched {
    /// What was asked for; for an adopted one, as far as it is known.
    pub launch: Launch,
    /// The task as ECS last showed it.
    pub task: Task,
    /// Whether another process had started it.
    pub adopted: bool,
    /// Its name at GitHub.
    pub runner_name: String,
    /// How long the launch took, by phase.
    pub phases: Phases,
}

/// Starts tasks for a launch group.
#[derive(Clone)]
pub struct Launcher {
    /// The cluster.
    pub ecs: Ecs,
    /// AWS.
    pub aws: Aws,
    /// GitHub, where the orchestrator has rights.
    pub github: Option<GitHub>,
    /// Where the machines will live.
    pub place: Place,
    /// Random, for this process.
    pub launcher: Uuid,
    /// Masks what is minted for a machine.
    pub workflow: Workflow,
}

/// What to do about the tasks that hold a token.
#[derive(Debug, PartialEq, Eq)]
enum Verdict<'t> {
    /// Take this one.
    Adopt(&'t Task),
    /// It ended: move on to the next generation.
    Over,
    /// It is ending: wait, so that never two are alive.
    Dying,
    /// ECS does not show it (yet).
    Unseen,
}

/// Decides about the tasks that hold a token. A token that derives from an id belongs to that id; one that derives from a
/// run (`id` is `None`) tells its id by the task.
fn judge<'t>(tasks: &'t [Task], id: Option<LaunchId>) -> Result<Verdict<'t>, String> {
    let Some(task) = tasks.first() else { return Ok(Verdict::Unseen) };
    let started_by = task.started_by.as_deref().unwrap_or_default();
    let fits = id.map_or_else(|| started_by.parse::<LaunchId>().is_ok(), |id| started_by == id.to_string());
    if !fits {
        return Err(format!("task {} holds our client token but was started by \"{started_by}\"", task.arn.task_id()));
    }
    if task.status.is_over() {
        return Ok(Verdict::Over);
    }
    Ok(if task.stopping { Verdict::Dying } else { Verdict::Adopt(task) })
}

impl Launcher {
    /// Starts (or adopts) all machines of the group. What was started before an error is given back with it.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn launch_all(&self, config: &StartConfig, machine: &EcsMachine) -> (Vec<Launched>, Option<Error>) {
        let mut launched = Vec::new();
        let mut id = config.identity.id;
        // Without a namespace only the first task tells which id the group already has.
        let alone_first = config.identity.origin == Origin::RandomInRun || config.count == 1;
        let first = if alone_first { 1 } else { 0 };
        if alone_first {
            match self.launch_one(config, machine, id, 0).await {
                Ok(one) => {
                    id = one.launch.id;
                    launched.push(one);
                }
                Err(fault) => return (launched, Some(fault)),
            }
        }
        let mut fault = None;
        let rest: Vec<u32> = (first..config.count).collect();
        for indices in rest.chunks(AT_ONCE) {
            fault = self.launch_some(config, machine, id, indices, &mut launched).await;
            if fault.is_some() {
                break;
            }
        }
        launched.sort_by_key(|one| one.launch.index);
        (launched, fault)
    }

    async fn launch_some(
        &self,
        config: &StartConfig,
        machine: &EcsMachine,
        id: LaunchId,
        indices: &[u32],
        launched: &mut Vec<Launched>,
    ) -> Option<Error> {
        let mut starts = tokio::task::JoinSet::new();
        for index in indices.iter().copied() {
            let (this, config, machine) = (self.clone(), config.clone(), machine.clone());
            starts.spawn(async move { this.launch_one(&config, &machine, id, index).await });
        }
        let mut fault = None;
        while let Some(result) = starts.join_next().await {
            match result {
                Ok(Ok(one)) => launched.push(one),
                Ok(Err(error)) => fault = fault.or(Some(error)),
                Err(panic) => fault = fault.or_else(|| Some(Error::Other(format!("a launch broke off: {panic}")))),
            }
        }
        fault
    }

    async fn launch_one(
        &self,
        config: &StartConfig,
        machine: &EcsMachine,
        id: LaunchId,
        index: u32,
    ) -> Result<Launched, Error> {
        let phases = Phases::default();
        let mut id = id;
        for generation in 0..MAX_GENERATIONS {
            let launch = self.launch(config, id, index, generation);
            let credential = config.place.github.credential.as_ref();
            let handed_over =
                handover::prepare(config.handover, self.github.as_ref(), credential, &self.aws, &self.workflow).await?;
            match self.try_generation(config, machine, &launch, &handed_over, &phases).await {
                Ok(Outcome::Live { task, adopted }) => {
                    if adopted {
                        handover::take_back(&handed_over, &self.aws).await;
                    }
                    return Ok(launched(launch, *task, adopted, phases));
                }
                Ok(Outcome::Over { started_by }) => {
                    handover::take_back(&handed_over, &self.aws).await;
                    // A group whose first task has ended keeps the label that the run already knows.
                    id = started_by.filter(|_| config.identity.origin == Origin::RandomInRun).unwrap_or(id);
                }
                Err(fault) => {
                    handover::take_back(&handed_over, &self.aws).await;
                    return Err(fault);
                }
            }
        }
        Err(Error::Other(format!(
            "{MAX_GENERATIONS} machines of label {id} have ended in this attempt; look at them: mayfly runner list --all"
        )))
    }

    /// What a launch of this group looks like.
    pub fn launch(&self, config: &StartConfig, id: LaunchId, index: u32, generation: u32) -> Launch {
        Launch {
            id,
            index,
            attempt: config.identity.attempt,
            generation,
            place: self.place.clone(),
            created: SystemTime::now(),
            launcher: self.launcher,
        }
    }

    async fn try_generation(
        &self,
        config: &StartConfig,
        machine: &EcsMachine,
        launch: &Launch,
        handed_over: &HandedOver,
        phases: &Phases,
    ) -> Result<Outcome, Error> {
        let token = config.identity.client_token(launch.index, launch.generation);
        let request =
            RunTaskRequest::new(self.ecs.cluster(), machine, launch, &config.runner, token, &handed_over.variables);
        check_size(&request)?;
        match phases.measure("run_task", self.ecs.run_task(&request)).await? {
            RunAnswer::NotPlaced(explained) => Err(Error::Ended(explained)),
            RunAnswer::Conflict(arns) => self.meet(config, launch.id, &arns).await,
            // The SDK asked again after a lost answer, and the task has ended since.
            RunAnswer::Task(task) if task.status.is_over() => Ok(Outcome::over(&task)),
            RunAnswer::Task(task) => {
                let adopted =
                    task.environment.get(env::LAUNCHER).is_some_and(|launcher| *launcher != self.launcher.to_string());
                Ok(Outcome::Live { task, adopted })
            }
        }
    }

    /// Another process holds the token: finds its task, and waits for what is ending to end.
    async fn meet(&self, config: &StartConfig, id: LaunchId, arns: &[TaskArn]) -> Result<Outcome, Error> {
        let expected = (config.identity.origin != Origin::RandomInRun).then_some(id);
        let begun = tokio::time::Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let tasks = self.ecs.describe_tasks(arns).await?;
            let patience = match judge(&tasks, expected).map_err(|text| self.foreign(text))? {
                Verdict::Adopt(task) => return Ok(Outcome::Live { task: Box::new(task.clone()), adopted: true }),
                Verdict::Over => return Ok(tasks.first().map_or(Outcome::Over { started_by: None }, Outcome::over)),
                Verdict::Dying => DYING_PATIENCE,
                Verdict::Unseen if begun.elapsed() > MISSING_PATIENCE => return Ok(Outcome::Over { started_by: None }),
                Verdict::Unseen => MISSING_PATIENCE * 2,
            };
            if begun.elapsed() > patience {
                let what = "the earlier task of this launch did not stop".to_owned();
                let fix = "stop it by hand: mayfly runner list, aws ecs stop-task".to_owned();
                return Err(Error::TimedOut { what, limit: patience, fix });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn foreign(&self, text: String) -> Error {
        AwsError::new(AwsErrorKind::Refused, "RunTask", format!("cluster \"{}\"", self.ecs.cluster()), text).into()
    }
}

enum Outcome {
    Live { task: Box<Task>, adopted: bool },
    Over { started_by: Option<LaunchId> },
}

impl Outcome {
    fn over(task: &Task) -> Self {
        Self::Over { started_by: task.started_by.as_deref().and_then(|text| text.parse().ok()) }
    }
}

fn check_size(request: &RunTaskRequest) -> Result<(), Error> {
    let length = request.overrides_length();
    if length <= request::MAX_OVERRIDES {
        return Ok(());
    }
    let text = format!(
        "the overrides would have {length} characters, and ECS takes {}; give the job less with --env",
        request::MAX_OVERRIDES
    );
    Err(crate::config::ConfigError::one("--env", text).into())
}

/// An adopted task knows better than we do what it is called and when it was asked for.
fn launched(mut launch: Launch, task: Task, adopted: bool, phases: Phases) -> Launched {
    let fact = |tag, variable| task.fact(tag, variable).map(str::to_owned);
    if let Some(id) = task.started_by.as_deref().and_then(|text| text.parse().ok()) {
        launch.id = id;
    }
    if let Some(created) = fact(contract::tags::CREATED_AT, env::CREATED_AT).as_deref().and_then(crate::stamp::parse) {
        launch.created = created;
    }
    let runner_name =
        fact(contract::tags::RUNNER_NAME, env::RUNNER_NAME).unwrap_or_else(|| launch.runner_name().to_string());
    Launched { launch, task, adopted, runner_name, phases }
}

#[cfg(test)]
mod tests {
    use super::{Task, Verdict, judge};
    use crate::ecs::Status;
    use crate::model::LaunchId;

    fn task(started_by: &str, status: Status, stopping: bool) -> Task {
        Task { stopping, started_by: Some(started_by.to_owned()), ..Task::in_state("abc", status) }
    }

    #[test]
    fn live_task_of_the_id_is_adopted_and_an_ended_one_makes_room() {
        let id = LaunchId::random();
        let live = [task(&id.to_string(), Status::Pending, false)];
        assert_eq!(judge(&live, Some(id)), Ok(Verdict::Adopt(&live[0])));
        assert_eq!(judge(&[task(&id.to_string(), Status::Stopped, true)], Some(id)), Ok(Verdict::Over));
    }

    #[test]
    fn task_on_its_way_down_is_waited_for() {
        let id = LaunchId::random();
        assert_eq!(judge(&[task(&id.to_string(), Status::Running, true)], Some(id)), Ok(Verdict::Dying));
    }

    #[test]
    fn task_that_ecs_does_not_show_is_not_taken_for_gone() {
        assert_eq!(judge(&[], Some(LaunchId::random())), Ok(Verdict::Unseen));
    }

    #[test]
    fn task_started_by_somebody_else_is_never_adopted() {
        let stranger = task("ecs-svc/123", Status::Running, false);
        assert!(judge(std::slice::from_ref(&stranger), Some(LaunchId::random())).is_err());
        assert!(judge(&[stranger], None).is_err());
        let other = task(&LaunchId::random().to_string(), Status::Running, false);
        assert!(judge(std::slice::from_ref(&other), Some(LaunchId::random())).is_err());
        assert!(judge(&[other], None).is_ok(), "without a namespace the task tells the id");
    }
}
