//! What a container has printed, from CloudWatch Logs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::aws::signed::JsonOperation;
use crate::aws::{Aws, AwsError, AwsErrorKind};
use crate::ecs::{Ecs, Task};
use crate::error::Error;

const GET_EVENTS: JsonOperation =
    JsonOperation { service: "logs", target: "Logs_20140328", name: "GetLogEvents", repeatable: true };

/// Where a container's lines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStream {
    /// The log group.
    pub group: String,
    /// The stream within it.
    pub name: String,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When the container printed it.
    pub at: SystemTime,
    /// What it printed.
    pub text: String,
}

/// Some lines, and where to go on.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// What the next page is asked for with. The same again means that there is nothing more yet.
    pub next: Option<String>,
}

impl LogStream {
    /// The stream of a task's container: awslogs names it `prefix/container/task-id`.
    ///
    /// # Errors
    /// The container does not log to CloudWatch, or ECS refuses.
    pub async fn of(ecs: &Ecs, task: &Task, container: &str) -> Result<Self, Error> {
        let definition = task.task_definition.as_deref().unwrap_or_default();
        let facts = ecs.definition_facts(definition, container).await?;
        let (Some(group), Some(prefix)) = (facts.log_group, facts.log_prefix) else {
            let text = format!(
                "container \"{container}\" of {definition} does not log to CloudWatch (driver awslogs with a stream prefix)"
            );
            return Err(Error::NotFound(text));
        };
        Ok(Self { group, name: format!("{prefix}/{container}/{}", task.arn.task_id()) })
    }

    /// Lines from the first on, page by page.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn page(&self, aws: &Aws, token: Option<&str>) -> Result<Page, AwsError> {
        let mut body = json!({ "startFromHead": true });
        if let Some(token) = token {
            body["nextToken"] = json!(token);
        }
        self.events(aws, body).await
    }

    /// The last lines.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn tail(&self, aws: &Aws, lines: usize) -> Result<Vec<LogLine>, AwsError> {
        Ok(self.events(aws, json!({ "startFromHead": false, "limit": lines })).await?.lines)
    }

    async fn events(&self, aws: &Aws, mut body: Value) -> Result<Page, AwsError> {
        body["logGroupName"] = json!(self.group);
        body["logStreamName"] = json!(self.name);
        let object = format!("log stream \"{}\" of group \"{}\"", self.name, self.group);
        match aws.call(GET_EVENTS, &object, &body).await {
            Ok(answer) => Ok(page(&answer)),
            // A container that has printed nothing has no stream yet.
            Err(fault) if fault.kind == AwsErrorKind::NotFound => Ok(Page::default()),
            Err(fault) => {
                let denied = fault.code.as_deref() == Some("AccessDeniedException");
                let fix = format!("allow logs:GetLogEvents on {} to the role that mayfly runs as", self.group);
                Err(fault.with_fix(denied.then_some(fix)))
            }
        }
    }
}

fn page(answer: &Value) -> Page {
    let line = |event: &Value| {
        let at = UNIX_EPOCH + Duration::from_millis(event["timestamp"].as_u64().unwrap_or_default());
        Some(LogLine { at, text: event["message"].as_str()?.to_owned() })
    };
    let lines = answer["events"].as_array().into_iter().flatten().filter_map(line).collect();
    Page { lines, next: answer["nextForwardToken"].as_str().map(str::to_owned) }
}
