//! Task definitions, tags and container instances: calls whose JSON passes through as it is.
//!
//! A definition that ECS has exported goes back with members that the SDK's mapping would drop, so that these are single
//! signed calls.

use serde_json::{Value, json};

use super::client::Ecs;
use super::task::TaskArn;
use crate::aws::signed::JsonOperation;
use crate::aws::{Aws, AwsError, AwsErrorKind};

const TARGET: &str = "AmazonEC2ContainerServiceV20141113";

/// DeleteTaskDefinitions takes so many at once.
const DELETE_LIMIT: usize = 10;

const fn call(name: &'static str) -> JsonOperation {
    JsonOperation { service: "ecs", target: TARGET, name, repeatable: true }
}

/// Definitions of all families of a place, and what hangs on tasks beside them.
#[derive(Clone, Debug)]
pub struct Definitions {
    aws: Aws,
}

impl Definitions {
    /// A client.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    async fn send(&self, name: &'static str, object: &str, body: &Value) -> Result<Value, AwsError> {
        let answer = self.aws.call(call(name), object, body).await;
        answer.map_err(|fault| {
            let denied = fault.code.as_deref() == Some("AccessDeniedException");
            let fix = if fault.message.contains("iam:PassRole") {
                "allow iam:PassRole on the template's execution role and task role to the role that mayfly runs as"
                    .to_owned()
            } else {
                format!("allow ecs:{name} to the role that mayfly runs as")
            };
            fault.with_fix(denied.then_some(fix))
        })
    }

    /// Registers a revision; its ARN. A repetition after a lost answer makes another one, which does no harm: who looks for a
    /// definition takes the youngest that is alike.
    ///
    /// # Errors
    /// ECS's refusal, or no answer.
    pub async fn register(&self, definition: &Value) -> Result<String, AwsError> {
        let object = format!("task definition \"{}\"", definition["family"].as_str().unwrap_or_default());
        let answer = self.send("RegisterTaskDefinition", &object, definition).await?;
        let arn = answer["taskDefinition"]["taskDefinitionArn"].as_str().map(str::to_owned);
        arn.ok_or_else(|| {
            AwsError::new(AwsErrorKind::Unavailable, "RegisterTaskDefinition", object, "no ARN in the answer")
        })
    }

    /// A definition with its tags below `tags`; none where ECS does not know it.
    ///
    /// # Errors
    /// ECS's refusal, or no answer.
    pub async fn describe(&self, definition: &str) -> Result<Option<Value>, AwsError> {
        let body = json!({ "taskDefinition": definition, "include": ["TAGS"] });
        match self.send("DescribeTaskDefinition", &format!("task definition \"{definition}\""), &body).await {
            Ok(answer) => Ok(Some(answer)),
            Err(fault) if fault.message.contains("Unable to describe task definition") => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// ARNs of the active revisions of all families that begin so, youngest first, all pages.
    ///
    /// # Errors
    /// ECS's refusal, or no answer.
    pub async fn active(&self, prefix: &str) -> Result<Vec<String>, AwsError> {
        let mut body = json!({ "familyPrefix": prefix, "status": "ACTIVE", "sort": "DESC" });
        self.pages("ListTaskDefinitions", "taskDefinitionArns", prefix, &mut body).await
    }

    /// Families with an active revision that begin so, all pages.
    ///
    /// # Errors
    /// ECS's refusal, or no answer.
    pub async fn families(&self, prefix: &str) -> Result<Vec<String>, AwsError> {
        let mut body = json!({ "familyPrefix": prefix, "status": "ACTIVE" });
        self.pages("ListTaskDefinitionFamilies", "families", prefix, &mut body).await
    }

    async fn pages(
        &self,
        name: &'static str,
        list: &str,
        prefix: &str,
        body: &mut Value,
    ) -> Result<Vec<String>, AwsError> {
        let object = format!("task definitions \"{prefix}*\"");
        let mut found = Vec::new();
        loop {
            let answer = self.send(name, &object, body).await?;
            found.extend(answer[list].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
            match answer["nextToken"].as_str().filter(|token| !token.is_empty()) {
                None => return Ok(found),
                Some(token) => body["nextToken"] = json!(token),
            }
        }
    }

    /// Takes a revision out of use; running tasks keep it. One that is out of use already, or gone, is no error.
    ///
    /// # Errors
    /// ECS's refusal, or no answer.
    pub async fn deregister(&self, arn: &str) -> Result<(), AwsError> {
        let object = format!("task definition {arn}");
        match self.send("DeregisterTaskDefinition", &object, &json!({ "taskDefinition": arn })).await {
            Err(fault) if !is_gone(&fault) => Err(fault),
            _ => Ok(()),
        }
    }

    /// Deletes revisions that are out of use; ECS keeps them for ever otherwise. Those that are gone are no error.
    ///
    /// # Errors
    /// ECS's refusal of all or of one, or no answer.
    pub async fn delete(&self, arns: &[String]) -> Result<(), AwsError> {
        const NAME: &str = "DeleteTaskDefinitions";
        for arns in arns.chunks(DELETE_LIMIT) {
            let answer = match self.send(NAME, &arns.join(", "), &json!({ "taskDefinitions": arns })).await {
                Err(fault) if is_gone(&fault) => continue,
                answer => answer?,
            };
            // Refusals of single ones come in an answer of success.
            if let Some(failure) = answer["failures"].as_array().and_then(|failures| failures.first()) {
                let text = |name: &str| failure[name].as_str().unwrap_or_default();
                let why = format!("{} {}", text("reason"), text("detail"));
                let object = format!("task definition {}", text("arn"));
                return Err(AwsError::new(AwsErrorKind::Refused, NAME, object, why.trim()));
            }
        }
        Ok(())
    }

    /// Tags a task.
    ///
    /// # Errors
    /// ECS's refusal, or no answer.
    pub async fn tag_task(&self, task: &TaskArn, tags: &[(&str, String)]) -> Result<(), AwsError> {
        let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        let body = json!({ "resourceArn": task.as_str(), "tags": tags });
        self.send("TagResource", &format!("task {}", task.task_id()), &body).await.map(drop)
    }

    /// The EC2 instance behind a container instance.
    ///
    /// # Errors
    /// ECS's refusal, or no answer.
    pub async fn instance(&self, cluster: &Ecs, container_instance: &str) -> Result<Option<String>, AwsError> {
        let body = json!({ "cluster": cluster.cluster(), "containerInstances": [container_instance] });
        let object = format!("container instance {container_instance}");
        let answer = self.send("DescribeContainerInstances", &object, &body).await?;
        Ok(answer["containerInstances"][0]["ec2InstanceId"].as_str().map(str::to_owned))
    }
}

/// ECS has no code of its own for what it does not have, or is deleting already.
fn is_gone(fault: &AwsError) -> bool {
    let words = ["does not exist", "Unable to describe task definition", "in the process of being deleted"];
    words.iter().any(|words| fault.message.contains(words))
}

#[cfg(test)]
mod tests;
