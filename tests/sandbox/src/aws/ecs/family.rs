//! The families of task definitions: registered, found, listed, deregistered.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::definition::{Definition, Input};
use crate::aws::config::AwsConfig;
use crate::aws::wire::Refusal;

struct Revision {
    definition: Arc<Definition>,
    active: bool,
}

/// Revisions by family, oldest first.
#[derive(Default)]
pub(crate) struct Families(BTreeMap<String, Vec<Revision>>);

impl Families {
    pub(crate) fn register(&mut self, config: &AwsConfig, parameters: &Value) -> Result<Value, Refusal> {
        let input = Input::deserialize(parameters).map_err(|fault| {
            Refusal::client("ClientException", format!("the task definition cannot be read: {fault}"))
        })?;
        input.check(config)?;
        let revisions = self.0.entry(input.family.clone()).or_default();
        let number = u32::try_from(revisions.len()).unwrap_or(u32::MAX).saturating_add(1);
        let (region, account) = (&config.region, &config.account);
        let arn = format!("arn:aws:ecs:{region}:{account}:task-definition/{}:{number}", input.family);
        let definition = Definition::new(parameters, input, arn, number, config.clock.now());
        let described = definition.describe(true);
        let tags = definition.input.tags.clone();
        revisions.push(Revision { definition, active: true });
        Ok(json!({ "taskDefinition": described, "tags": tags }))
    }

    /// The definition that a launch names: a family (its latest active revision), a revision of one, or an ARN.
    pub(crate) fn active(&self, given: &str) -> Result<Arc<Definition>, Refusal> {
        let found = self.find(given).filter(|revision| revision.active);
        let missing = || Refusal::client("ClientException", "TaskDefinition not found.");
        found.map(|revision| Arc::clone(&revision.definition)).ok_or_else(missing)
    }

    fn find(&self, given: &str) -> Option<&Revision> {
        let name = given.rsplit('/').next()?;
        let (family, revision) = name.split_once(':').map_or((name, None), |(family, number)| (family, Some(number)));
        let revisions = self.0.get(family)?;
        let found = match revision {
            Some(number) => revisions.iter().find(|revision| revision.definition.revision.to_string() == number),
            None => revisions.iter().rev().find(|revision| revision.active),
        };
        found.filter(|revision| !given.starts_with("arn:") || revision.definition.arn == given)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct One {
    task_definition: String,
    #[serde(default)]
    include: Vec<String>,
}

pub(crate) fn describe(families: &Families, input: &One) -> Result<Value, Refusal> {
    let missing = || Refusal::client("ClientException", "Unable to describe task definition.");
    let revision = families.find(&input.task_definition).ok_or_else(missing)?;
    let mut answer = json!({ "taskDefinition": revision.definition.describe(revision.active) });
    if input.include.iter().any(|what| what == "TAGS") {
        answer["tags"] = json!(revision.definition.input.tags);
    }
    Ok(answer)
}

/// Only a full revision can be deregistered. Tasks that run keep their definition.
pub(crate) fn deregister(families: &mut Families, input: &One) -> Result<Value, Refusal> {
    let missing = || Refusal::client("ClientException", "The specified task definition does not exist.");
    let arn =
        families.find(&input.task_definition).map(|revision| revision.definition.arn.clone()).ok_or_else(missing)?;
    if !input.task_definition.rsplit('/').next().is_some_and(|name| name.contains(':')) {
        return Err(Refusal::client("InvalidParameterException", "Invalid revision number. Number: null"));
    }
    let revisions = families.0.values_mut().flatten();
    let revision = revisions.into_iter().find(|revision| revision.definition.arn == arn).ok_or_else(missing)?;
    revision.active = false;
    Ok(json!({ "taskDefinition": revision.definition.describe(false) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    family_prefix: Option<String>,
    #[serde(default = "active")]
    status: String,
}

fn active() -> String {
    "ACTIVE".to_owned()
}

/// All of them in one page: the sandbox has a handful.
pub(crate) fn list(families: &Families, filter: &Filter) -> Value {
    let wanted = |revision: &&Revision| {
        (filter.status == "ACTIVE") == revision.active
            && filter.family_prefix.as_deref().is_none_or(|family| revision.definition.family() == family)
    };
    let arns: Vec<&String> =
        families.0.values().flatten().filter(wanted).map(|revision| &revision.definition.arn).collect();
    json!({ "taskDefinitionArns": arns })
}
