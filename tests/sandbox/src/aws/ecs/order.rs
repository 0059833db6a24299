//! `dependsOn` while a task starts: whose turn it is, and whose never comes.
//!
//! As the container agent has it (amazon-ecs-agent pull requests 3218 and 3927): a dependency that can no longer be met
//! stops the container that waits, with exit code 143 and the text below; one that had started and is gone counts as
//! started.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::control::{Ending, told};
use super::definition::{Condition, ContainerDefinition};
use super::status::{Health, Status};
use super::task::{Container, Task};
use crate::aws::shared::Shared;

/// Whether a container may start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Now,
    /// What it waits for will not come about.
    Never(String),
    /// The task ends before.
    TaskEnds,
}

/// Waits for a container's turn.
pub(crate) async fn turn(
    shared: &Shared,
    task: &str,
    container: &str,
    ending: &mut watch::Receiver<Option<Ending>>,
) -> Turn {
    let mut changes = shared.changes();
    let began = Instant::now();
    loop {
        let waited = began.elapsed();
        let known = shared.state().ecs.tasks.find(task).cloned();
        let Some(task) = known else { return Turn::TaskEnds };
        if let Some(turn) = judge(&task, container, waited) {
            return turn;
        }
        let left = limit(&task, container).map_or(Duration::from_secs(3_600), |limit| limit.saturating_sub(waited));
        tokio::select! {
            biased;
            _ = told(ending) => return Turn::TaskEnds,
            _ = changes.changed() => {}
            () = tokio::time::sleep(left) => {}
        }
    }
}

/// The shortest `startTimeout` of what the container waits for.
fn limit(task: &Task, container: &str) -> Option<Duration> {
    let dependencies = &task.definition.container(container)?.depends_on;
    let others = dependencies.iter().filter_map(|one| task.definition.container(&one.container_name));
    others.filter_map(|other| other.start_timeout).min().map(Duration::from_secs)
}

/// Nothing where it still has to wait.
fn judge(task: &Task, name: &str, waited: Duration) -> Option<Turn> {
    let target = task.definition.container(name)?;
    for dependency in &target.depends_on {
        let definition = task.definition.container(&dependency.container_name)?;
        let other = task.container(&dependency.container_name)?;
        match state(other, dependency.condition) {
            Outcome::Met => {}
            Outcome::Failed(why) => return Some(Turn::Never(text(definition, other, target, why))),
            Outcome::Open if definition.start_timeout.is_some_and(|limit| waited >= Duration::from_secs(limit)) => {
                return Some(Turn::Never(text(definition, other, target, "has timed out")));
            }
            Outcome::Open => return None,
        }
    }
    Some(Turn::Now)
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Met,
    Open,
    Failed(&'static str),
}

fn state(other: &Container, condition: Condition) -> Outcome {
    let stopped = other.status == Status::Stopped;
    if stopped && other.exit_code.is_none() {
        return Outcome::Failed("as dependency did not start");
    }
    match condition {
        Condition::Start if other.status >= Status::Running => Outcome::Met,
        Condition::Complete if stopped => Outcome::Met,
        Condition::Success if stopped && other.exit_code == Some(0) => Outcome::Met,
        Condition::Success if stopped => Outcome::Failed("as dependency did not exit successfully"),
        Condition::Healthy if stopped => Outcome::Failed("as dependency is not healthy"),
        Condition::Healthy if other.health == Health::Healthy => Outcome::Met,
        _ => Outcome::Open,
    }
}

fn text(definition: &ContainerDefinition, other: &Container, target: &ContainerDefinition, why: &str) -> String {
    let code = other.exit_code.map(|code| format!(" - Exit: {code}")).unwrap_or_default();
    let status = super::status::name(other.status);
    format!(
        "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [{}({}) \
         ({status}->RUNNING){code}] for target [{}({}) (NONE->RUNNING)] {why}.",
        definition.name, definition.image, target.name, target.image
    )
}
