//! DescribeTasks and ListTasks: eventually consistent, as in ECS.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ecs, view};
use crate::aws::ecs::task::Task;
use crate::aws::shared::Shared;
use crate::aws::wire::Refusal;

#[derive(Deserialize)]
pub(crate) struct DescribeTasks {
    cluster: Option<String>,
    tasks: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
}

fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::client("InvalidParameterException", text))
}

/// For its first moments a task is MISSING, as it can be in ECS (boto/boto3#842): who takes that for an end starts a
/// second one.
pub(crate) fn describe(shared: &Shared, ecs: &Ecs, input: &DescribeTasks) -> Result<Value, Refusal> {
    let (config, pace) = (&shared.config, shared.pace());
    let cluster = ecs.clusters.find(input.cluster.as_deref())?;
    if input.tasks.is_empty() || input.tasks.len() > 100 {
        return refuse("Tasks cannot be empty, and up to 100 can be described at once.");
    }
    let with_tags = input.include.iter().any(|what| what == "TAGS");
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for given in &input.tasks {
        check_id(given)?;
        let known = |task: &&Task| task.cluster == cluster.name && is_older(shared, task, pace.describe_lag);
        match ecs.tasks.find(given).filter(known) {
            Some(task) => found.push(view::task(task, with_tags)),
            None => {
                let id = given.rsplit('/').next().unwrap_or(given);
                let arn = format!("arn:aws:ecs:{}:{}:task/{}/{id}", config.region, config.account, cluster.name);
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
    }
    Ok(json!({ "tasks": found, "failures": failures }))
}

fn is_older(shared: &Shared, task: &Task, lag: Duration) -> bool {
    shared.config.clock.now() - task.times.created >= lag
}

/// Refuses what cannot be a task's id.
pub(crate) fn check_id(given: &str) -> Result<(), Refusal> {
    let id = given.rsplit('/').next().unwrap_or(given);
    match id.len() {
        32 | 36 => Ok(()),
        _ => refuse("taskId length should be one of [32,36]"),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListTasks {
    cluster: Option<String>,
    started_by: Option<String>,
    family: Option<String>,
    container_instance: Option<String>,
    service_name: Option<String>,
    launch_type: Option<String>,
    desired_status: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

impl ListTasks {
    fn check(&self) -> Result<(), Refusal> {
        let others =
            [&self.family, &self.container_instance, &self.service_name, &self.launch_type, &self.desired_status];
        if self.started_by.is_some() && others.iter().any(|filter| filter.is_some()) {
            return refuse("When startedBy is specified, it must be the only filter.");
        }
        if self.max_results.is_some_and(|most| !(1..=100).contains(&most)) {
            return refuse("maxResults must be between 1 and 100.");
        }
        match self.desired_status.as_deref() {
            None | Some("RUNNING" | "PENDING" | "STOPPED") => Ok(()),
            Some(other) => refuse(format!("desiredStatus: {other} is not one of RUNNING, PENDING, STOPPED.")),
        }
    }

    fn wants(&self, task: &Task) -> bool {
        let status = self.desired_status.as_deref().unwrap_or("RUNNING");
        let described = view::task(task, false);
        let same = |filter: &Option<String>, member: &str| {
            filter.as_ref().is_none_or(|wanted| described[member] == wanted.as_str())
        };
        // A task's desired status is never PENDING, so that filter never matches.
        described["desiredStatus"] == status
            && same(&self.started_by, "startedBy")
            && same(&self.launch_type, "launchType")
            && same(&self.container_instance, "containerInstanceArn")
            && self.family.as_deref().is_none_or(|family| task.definition.family() == family)
            && self.service_name.is_none()
    }
}

/// The order is the tasks' age, so that a page begins where the one before it ended, whatever came or went in between.
pub(crate) fn list(shared: &Shared, ecs: &Ecs, input: &ListTasks) -> Result<Value, Refusal> {
    let pace = shared.pace();
    let cluster = ecs.clusters.find(input.cluster.as_deref())?;
    input.check()?;
    let after = input.next_token.as_deref().map(read_token).transpose()?;
    let all: Vec<&Task> = ecs.tasks.in_order().filter(|task| task.cluster == cluster.name).collect();
    let begin = after.and_then(|after| all.iter().position(|task| task.id == after)).map_or(0, |at| at + 1);
    let wanted = |task: &&&Task| is_older(shared, task, pace.list_lag) && input.wants(task);
    let most = input.max_results.unwrap_or(100);
    let page: Vec<&Task> = all[begin..].iter().filter(wanted).take(most + 1).copied().collect();
    let shown = &page[..page.len().min(most)];
    let arns: Vec<&str> = shown.iter().map(|task| task.arn.as_str()).collect();
    let mut answer = json!({ "taskArns": arns });
    if let (true, Some(last)) = (page.len() > most, shown.last()) {
        answer["nextToken"] = json!(URL_SAFE_NO_PAD.encode(format!("after {}", last.id)));
    }
    Ok(answer)
}

fn read_token(token: &str) -> Result<String, Refusal> {
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let after = text.as_deref().and_then(|text| text.strip_prefix("after "));
    after.map(str::to_owned).map_or_else(|| refuse("Invalid token."), Ok)
}
