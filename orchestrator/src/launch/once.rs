//! Exactly one live task for each client token: RunTask, and what to do about whoever was there before.

use std::time::Duration;

use contract::env;
use uuid::Uuid;

use crate::aws::{AwsError, AwsErrorKind};
use crate::ecs::stopped::Explanation;
use crate::ecs::{Ecs, RunAnswer, RunTaskRequest, Task, TaskArn, request};
use crate::error::Error;
use crate::model::LaunchId;

/// DescribeTasks may not know a task for a while after RunTask (boto/boto3#842); later it has forgotten it.
const MISSING_PATIENCE: Duration = Duration::from_secs(60);
/// A task on its way down takes its stopTimeout, two minutes at most on Fargate, and the clean-up of its network.
const DYING_PATIENCE: Duration = Duration::from_secs(240);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

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

/// What a request came to.
pub enum Outcome {
    /// A task that lives.
    Live {
        /// The task.
        task: Box<Task>,
        /// Whether another process had started it.
        adopted: bool,
    },
    /// The token's task has ended: the next generation is due.
    Over {
        /// The id that it belonged to.
        started_by: Option<LaunchId>,
    },
    /// No task, for a reason of placement or capacity.
    NotPlaced(Explanation),
}

impl Outcome {
    fn over(task: &Task) -> Self {
        Self::Over { started_by: task.started_by.as_deref().and_then(|text| text.parse().ok()) }
    }
}

/// Asks for a task. `expected` is the id that the token derives from, where it does; `launcher` tells this process from others.
///
/// # Errors
/// Overrides that ECS does not take, AWS's refusal, or an earlier task that does not end.
pub async fn ask(
    ecs: &Ecs,
    request: &RunTaskRequest,
    expected: Option<LaunchId>,
    launcher: Uuid,
) -> Result<Outcome, Error> {
    check_size(request)?;
    match ecs.run_task(request).await? {
        RunAnswer::NotPlaced(explained) => Ok(Outcome::NotPlaced(explained)),
        RunAnswer::Conflict(arns) => meet(ecs, expected, &arns).await,
        // The SDK asked again after a lost answer, and the task has ended since.
        RunAnswer::Task(task) if task.status.is_over() => Ok(Outcome::over(&task)),
        RunAnswer::Task(task) => {
            let adopted = task.environment.get(env::LAUNCHER).is_some_and(|other| *other != launcher.to_string());
            Ok(Outcome::Live { task, adopted })
        }
    }
}

/// Another process holds the token: finds its task, and waits for what is ending to end.
async fn meet(ecs: &Ecs, expected: Option<LaunchId>, arns: &[TaskArn]) -> Result<Outcome, Error> {
    let begun = tokio::time::Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let tasks = ecs.describe_tasks(arns).await?;
        let patience = match judge(&tasks, expected).map_err(|text| foreign(ecs, text))? {
            Verdict::Adopt(task) => return Ok(Outcome::Live { task: Box::new(task.clone()), adopted: true }),
            Verdict::Over => return Ok(tasks.first().map_or(Outcome::Over { started_by: None }, Outcome::over)),
            Verdict::Dying => DYING_PATIENCE,
            Verdict::Unseen if begun.elapsed() > MISSING_PATIENCE => return Ok(Outcome::Over { started_by: None }),
            Verdict::Unseen => MISSING_PATIENCE * 2,
        };
        if begun.elapsed() > patience {
            let what = "the earlier task of this launch did not stop".to_owned();
            let fix = "stop it by hand: aws ecs stop-task".to_owned();
            return Err(Error::TimedOut { what, limit: patience, fix });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn foreign(ecs: &Ecs, text: String) -> Error {
    AwsError::new(AwsErrorKind::Refused, "RunTask", format!("cluster \"{}\"", ecs.cluster()), text).into()
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
