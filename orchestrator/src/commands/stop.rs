//! `mayfly runner stop`: DELETE first, StopTask after.

use serde::Serialize;

use super::Context;
use super::context::{Cluster, no_aws};
use crate::cleanup::{self, Ended};
use crate::cli::StopArgs;
use crate::commands::local;
use crate::config::ConfigError;
use crate::ecs::{Ecs, Task};
use crate::error::Error;
use crate::github::{Deleted, GitHub};
use crate::inventory::{Inventory, Machine, Stopped};
use crate::model::LaunchId;
use crate::output::answer_as;
use crate::phases::Phases;

const REASON: &str = "mayfly runner stop";

/// One machine and what was done to it.
#[derive(Serialize)]
pub struct StopReport {
    /// Its runner's name.
    pub runner_name: String,
    /// What was done.
    pub result: &'static str,
}

/// Ends all machines of a label.
///
/// # Errors
/// A job runs (without `--force`), nobody can tell, or a side refuses.
pub async fn run(args: &StopArgs, context: &Context<'_>) -> Result<(), Error> {
    let id: LaunchId = args.label.parse().map_err(|fault: String| ConfigError::one("--label", fault))?;
    let place = context.place(&args.place)?;
    let github = context.github(&place.github)?;
    let mut reports = local::stop(id, args, github.as_ref(), context).await?;
    if reports.is_empty() {
        let aws = place.aws.as_ref().ok_or_else(no_aws)?;
        reports = stop_on_ecs(id, args, &context.cluster(aws, &Phases::default()).await?, github.as_ref()).await?;
    }
    answer_as(context.output, &reports, || text(id, &reports));
    Ok(())
}

fn text(id: LaunchId, reports: &[StopReport]) -> String {
    if reports.is_empty() {
        return format!("nothing of label {id} is alive");
    }
    reports.iter().map(|report| format!("{}: {}\n", report.runner_name, report.result)).collect()
}

async fn stop_on_ecs(
    id: LaunchId,
    args: &StopArgs,
    cluster: &Cluster,
    github: Option<&GitHub>,
) -> Result<Vec<StopReport>, Error> {
    let inventory = Inventory::of_label(&cluster.ecs, github, cluster.place.clone(), id, Stopped::Left).await?;
    let mut reports = Vec::new();
    for machine in inventory.machines() {
        let result = if args.dry_run {
            "would be stopped"
        } else {
            stop_one(&machine, args.force, &cluster.ecs, github).await?
        };
        reports.push(StopReport { runner_name: machine.name.clone(), result });
    }
    Ok(reports)
}

async fn stop_one(
    machine: &Machine<'_>,
    force: bool,
    ecs: &Ecs,
    github: Option<&GitHub>,
) -> Result<&'static str, Error> {
    let live = machine.task.filter(|task| !task.status.is_over());
    match (github, live) {
        (None, Some(task)) => stop_unseen(task, force, ecs).await,
        (Some(github), Some(task)) => {
            let ended = cleanup::end(ecs, Some(github), &machine.name, &task.arn, REASON).await?;
            match (ended, force) {
                (Ended::Stopped, _) => Ok("runner deleted, task is being stopped"),
                (Ended::Busy, true) => {
                    ecs.stop_task(&task.arn, "mayfly runner stop --force").await?;
                    Ok("task is being stopped though a job runs: it has its stop window to finish")
                }
                (Ended::Busy, false) => Err(busy(&machine.name)),
            }
        }
        (Some(github), None) => Ok(match cleanup::delete_by_name(github, &machine.name).await? {
            Deleted::Gone => "ghost deleted",
            Deleted::WasGone => "was gone",
            Deleted::Busy => return Err(busy(&machine.name)),
        }),
        (None, None) => Ok("was gone"),
    }
}

/// Without rights at GitHub there is no arbiter here. PID 1 has one, but SIGTERM interrupts a job that is longer than its
/// stop window, so that is for the user to decide.
async fn stop_unseen(task: &Task, force: bool, ecs: &Ecs) -> Result<&'static str, Error> {
    if !force {
        return Err(Error::Busy {
            text: format!("nobody here can tell whether a job runs on task {}", task.arn.task_id()),
            fix: "set MAYFLY_GITHUB_TOKEN (or an App) so that GitHub can be asked, or end it anyway with --force"
                .to_owned(),
        });
    }
    ecs.stop_task(&task.arn, "mayfly runner stop --force").await?;
    Ok("task is being stopped; it deletes its runner by itself")
}

/// The refusal for a machine with a job on it.
pub fn busy(name: &str) -> Error {
    Error::Busy {
        text: format!("a job runs on runner {name}, so it was left alone"),
        fix: "wait for it: mayfly runner wait; or end it with its job: --force".to_owned(),
    }
}
