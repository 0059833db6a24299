//! Ending machines from outside: the runner first, the task after.
//!
//! DELETE is the arbiter: only it tells whether a job runs, and once it has said 204 no job can come any more.

use crate::ecs::{Ecs, TaskArn};
use crate::error::Error;
use crate::github::{Deleted, GitHub};
use crate::launch::Launched;
use crate::output::say;

const REASON: &str = "mayfly: the start was cancelled or failed";

/// Ends machines that were just started; says what it did, and what it could not do. Never fails: whatever it leaves, the
/// machine's own limits end.
pub async fn end_all(ecs: &Ecs, github: Option<&GitHub>, launched: &[&Launched]) {
    for one in launched {
        let task = one.task.arn.task_id();
        match end(ecs, github, &one.runner_name, &one.task.arn, REASON).await {
            Ok(Ended::Stopped) => say(&format!("mayfly: cleaned up: task {task} is being stopped")),
            Ok(Ended::Busy) => say(&format!("mayfly: task {task} is left running: a job runs on it")),
            Err(fault) => say(&format!(
                "mayfly: could not clean up task {task}: {}; it leaves by itself at max-idle",
                fault.paragraph()
            )),
        }
    }
}

/// What came of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Runner deleted (or never there), task told to stop.
    Stopped,
    /// A job runs: nothing was done.
    Busy,
}

/// Deletes the runner and stops the task. Without rights at GitHub the task is told to stop, and PID 1 deletes its own runner
/// on SIGTERM.
///
/// # Errors
/// A refusal: then the task was not touched, since nobody knows whether a job runs.
pub async fn end(
    ecs: &Ecs,
    github: Option<&GitHub>,
    runner: &str,
    task: &TaskArn,
    reason: &str,
) -> Result<Ended, Error> {
    if let Some(github) = github
        && delete_by_name(github, runner).await? == Deleted::Busy
    {
        return Ok(Ended::Busy);
    }
    ecs.stop_task(task, reason).await?;
    Ok(Ended::Stopped)
}

/// Deletes a runner by its name.
///
/// # Errors
/// GitHub's refusal.
pub async fn delete_by_name(github: &GitHub, name: &str) -> Result<Deleted, Error> {
    let Some(runner) = github.runner_by_name(name).await? else { return Ok(Deleted::WasGone) };
    Ok(github.delete_runner(runner.id).await?)
}
