//! Exactly one live task for each (label, index, attempt).
//!
//! `clientToken` is a hash of those and of a generation. The generation moves on only when the token's task is found STOPPED,
//! so two processes that ask at the same time, or one that asks again after a lost answer or its own death, all meet at the
//! same token: ECS gives one of them a task, and the others find that task and adopt it.

pub mod once;

use std::time::SystemTime;

use contract::env;
use uuid::Uuid;

use self::once::Outcome;
use crate::aws::Aws;
use crate::config::StartConfig;
use crate::config::machine::EcsMachine;
use crate::ecs::{Ecs, RunTaskRequest, Task};
use crate::error::Error;
use crate::github::GitHub;
use crate::handover::{self, HandedOver};
use crate::model::{Launch, LaunchId, Origin, Place};
use crate::output::Workflow;
use crate::phases::Phases;

/// A name has room for two digits; nobody retries a step so often within an attempt.
pub const MAX_GENERATIONS: u32 = 100;
/// RunTask is limited to 20 a second for Fargate (ECS developer guide: throttling). A group that fails stops at its first fault.
const AT_ONCE: usize = 20;

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
                Ok(Outcome::NotPlaced(explained)) => {
                    handover::take_back(&handed_over, &self.aws).await;
                    return Err(Error::Ended(explained));
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
        let expected = (config.identity.origin != Origin::RandomInRun).then_some(launch.id);
        phases.measure("run_task", once::ask(&self.ecs, &request, expected, self.launcher)).await
    }
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
