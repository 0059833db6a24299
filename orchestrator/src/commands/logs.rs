//! `mayfly runner logs`: what PID 1, the Listener and the job printed; from CloudWatch Logs, or from the local file.

use std::time::Duration;

use super::Context;
use super::context::{Cluster, no_aws};
use crate::cli::LogsArgs;
use crate::commands::local;
use crate::config::ConfigError;
use crate::ecs::Task;
use crate::error::Error;
use crate::inventory::{Inventory, Stopped};
use crate::logs::{LogStream, Page};
use crate::model::LaunchId;
use crate::output::{answer, say};
use crate::phases::Phases;
use contract::record::{END_PREFIX, End};

/// GetLogEvents is limited to ten requests a second for an account and region.
const PAUSE: Duration = Duration::from_secs(1);
/// The record is the last line of PID 1; what others of the container print after it is little.
const LAST: usize = 50;

/// Prints the lines.
///
/// # Errors
/// No such machine, no awslogs driver, or a refusal.
pub async fn run(args: &LogsArgs, context: &Context<'_>) -> Result<(), Error> {
    let id: LaunchId = args.label.parse().map_err(|fault: String| ConfigError::one("--label", fault))?;
    if local::logs(id, args.follow, context).await? {
        return Ok(());
    }
    let place = context.place(&args.place)?;
    let cluster = context.cluster(place.aws.as_ref().ok_or_else(no_aws)?, &Phases::default()).await?;
    let inventory = Inventory::of_label(&cluster.ecs, None, cluster.place.clone(), id, Stopped::Included).await?;
    // The youngest is the one that people ask about.
    let Some(task) = inventory.tasks.iter().max_by_key(|task| task.times.created) else {
        return Err(Error::NotFound(format!(
            "ECS knows no machine of label {id}; ended ones are remembered for an hour"
        )));
    };
    let container = task.runner_container().map(|container| container.name.clone());
    print(&cluster, task, &container.unwrap_or_else(|| "runner".to_owned()), args.follow).await
}

/// Prints what a container of a task has printed; with `follow`, until the task has ended.
///
/// # Errors
/// The log cannot be read.
pub async fn print(cluster: &Cluster, task: &Task, container: &str, follow: bool) -> Result<(), Error> {
    let stream = LogStream::of(&cluster.ecs, task, container).await?;
    say(&format!("mayfly: log group {}, stream {}", stream.group, stream.name));
    let mut token: Option<String> = None;
    loop {
        // Looked at before the lines are read, so that nothing written in between is missed.
        let over = !follow || is_over(cluster, task).await?;
        let Page { lines, next } = stream.page(&cluster.aws, token.as_deref()).await?;
        let idle = lines.is_empty();
        lines.iter().for_each(|line| answer(&line.text));
        // The same token again means that the end of what is there was reached.
        let at_end = next == token || next.is_none();
        if at_end && idle && over {
            return Ok(());
        }
        if at_end {
            tokio::time::sleep(if over { Duration::ZERO } else { PAUSE }).await;
        }
        token = next.or(token);
    }
}

async fn is_over(cluster: &Cluster, task: &Task) -> Result<bool, Error> {
    let tasks = cluster.ecs.describe_tasks(std::slice::from_ref(&task.arn)).await?;
    Ok(tasks.first().is_none_or(|task| task.status.is_over()))
}

/// The last line of a machine's log, if it got to write one.
///
/// # Errors
/// The log cannot be read.
pub async fn last_record(cluster: &Cluster, task: &Task, container: &str) -> Result<Option<End>, Error> {
    let lines = LogStream::of(&cluster.ecs, task, container).await?.tail(&cluster.aws, LAST).await?;
    Ok(find_record(lines.iter().map(|line| line.text.as_str())))
}

/// The record among lines: the last that is one.
pub fn find_record<'l>(lines: impl DoubleEndedIterator<Item = &'l str>) -> Option<End> {
    lines.rev().filter(|line| line.starts_with(END_PREFIX)).find_map(|line| serde_json::from_str(line).ok())
}
