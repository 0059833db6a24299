//! `mayfly runner logs`: what PID 1, the Listener and the job printed; from CloudWatch Logs, or from the local file.

use std::time::Duration;

use contract::record::{END_PREFIX, End};
use serde_json::{Value, json};

use super::Context;
use super::context::{Cluster, no_aws};
use crate::aws::signed::JsonOperation;
use crate::aws::{AwsError, AwsErrorKind};
use crate::cli::LogsArgs;
use crate::commands::local;
use crate::config::ConfigError;
use crate::ecs::Task;
use crate::error::Error;
use crate::inventory::{Inventory, Stopped};
use crate::model::LaunchId;
use crate::output::{answer, say};
use crate::phases::Phases;

const GET_EVENTS: JsonOperation =
    JsonOperation { service: "logs", target: "Logs_20140328", name: "GetLogEvents", repeatable: true };
/// GetLogEvents is limited to ten requests a second for an account and region.
const PAUSE: Duration = Duration::from_secs(1);

/// Where a container's lines are.
struct Stream {
    group: String,
    name: String,
}

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

async fn print(cluster: &Cluster, task: &Task, container: &str, follow: bool) -> Result<(), Error> {
    let stream = stream(cluster, task, container).await?;
    say(&format!("mayfly: log group {}, stream {}", stream.group, stream.name));
    let mut token: Option<String> = None;
    loop {
        // Looked at before the lines are read, so that nothing written in between is missed.
        let over = !follow || is_over(cluster, task).await?;
        let (lines, next) = events(cluster, &stream, token.as_deref()).await?;
        let idle = lines.is_empty();
        lines.iter().for_each(|line| answer(line));
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

/// awslogs names its streams `prefix/container/task-id`.
async fn stream(cluster: &Cluster, task: &Task, container: &str) -> Result<Stream, Error> {
    let definition = task.task_definition.as_deref().unwrap_or_default();
    let facts = cluster.ecs.definition_facts(definition, container).await?;
    let (Some(group), Some(prefix)) = (facts.log_group, facts.log_prefix) else {
        let text = format!(
            "container \"{container}\" of {definition} does not log to CloudWatch (driver awslogs with a stream prefix)"
        );
        return Err(Error::NotFound(text));
    };
    Ok(Stream { group, name: format!("{prefix}/{container}/{}", task.arn.task_id()) })
}

async fn events(
    cluster: &Cluster,
    stream: &Stream,
    token: Option<&str>,
) -> Result<(Vec<String>, Option<String>), AwsError> {
    let mut body = json!({ "logGroupName": stream.group, "logStreamName": stream.name, "startFromHead": true });
    if let Some(token) = token {
        body["nextToken"] = json!(token);
    }
    let object = format!("log stream \"{}\" of group \"{}\"", stream.name, stream.group);
    let answer = match cluster.aws.call(GET_EVENTS, &object, &body).await {
        Ok(answer) => answer,
        // A container that has printed nothing has no stream yet.
        Err(fault) if fault.kind == AwsErrorKind::NotFound => return Ok((Vec::new(), None)),
        Err(fault) => {
            let denied = fault.code.as_deref() == Some("AccessDeniedException");
            let fix =
                denied.then(|| format!("allow logs:GetLogEvents on {} to the role that mayfly runs as", stream.group));
            return Err(fault.with_fix(fix));
        }
    };
    let lines = answer["events"].as_array().into_iter().flatten().filter_map(|event| event["message"].as_str());
    Ok((lines.map(str::to_owned).collect(), answer["nextForwardToken"].as_str().map(str::to_owned)))
}

/// The last line of a machine's log, if it got to write one.
///
/// # Errors
/// The log cannot be read.
pub async fn last_record(cluster: &Cluster, task: &Task, container: &str) -> Result<Option<End>, Error> {
    let stream = stream(cluster, task, container).await?;
    let body: Value =
        json!({ "logGroupName": stream.group, "logStreamName": stream.name, "startFromHead": false, "limit": 50 });
    let object = format!("log stream \"{}\"", stream.name);
    let answer = cluster.aws.call(GET_EVENTS, &object, &body).await?;
    let lines: Vec<&str> =
        answer["events"].as_array().into_iter().flatten().filter_map(|event| event["message"].as_str()).collect();
    Ok(find_record(lines.into_iter()))
}

/// The record among lines: the last that is one.
pub fn find_record<'l>(lines: impl DoubleEndedIterator<Item = &'l str>) -> Option<End> {
    lines.rev().filter(|line| line.starts_with(END_PREFIX)).find_map(|line| serde_json::from_str(line).ok())
}
