//! The families of task definitions: registered, found, listed, deregistered, deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::definition::{Definition, Input};
use super::task::Tag;
use crate::aws::config::AwsConfig;
use crate::aws::wire::Refusal;

struct Revision {
    definition: Arc<Definition>,
    state: State,
    tags: Vec<Tag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Inactive,
    Deleting,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Deleting => "DELETE_IN_PROGRESS",
        }
    }
}

impl Revision {
    fn describe(&self) -> Value {
        self.definition.describe(self.state.name())
    }
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
        let arn = config.arn("ecs", &format!("task-definition/{}:{number}", input.family));
        let definition = Definition::new(parameters, input, arn, number, config.clock.now());
        let tags = definition.input.tags.clone();
        let revision = Revision { definition, state: State::Active, tags };
        let answer = json!({ "taskDefinition": revision.describe(), "tags": revision.tags });
        revisions.push(revision);
        Ok(answer)
    }

    /// The definition that a launch names: a family (its latest active revision), a revision of one, or an ARN.
    pub(crate) fn active(&self, given: &str) -> Result<Arc<Definition>, Refusal> {
        let found = self.find(given).filter(|revision| revision.state == State::Active);
        let missing = || Refusal::client("ClientException", "TaskDefinition not found.");
        found.map(|revision| Arc::clone(&revision.definition)).ok_or_else(missing)
    }

    pub(crate) fn active_arns(&self) -> Vec<String> {
        let active = self.0.values().flatten().filter(|revision| revision.state == State::Active);
        active.map(|revision| revision.definition.arn.clone()).collect()
    }

    /// The tags of the revision with this ARN.
    pub(crate) fn tags_mut(&mut self, arn: &str) -> Option<&mut Vec<Tag>> {
        let mut revisions = self.0.values_mut().flatten();
        revisions.find(|revision| revision.definition.arn == arn).map(|revision| &mut revision.tags)
    }

    fn find(&self, given: &str) -> Option<&Revision> {
        let name = given.rsplit('/').next()?;
        let (family, revision) = name.split_once(':').map_or((name, None), |(family, number)| (family, Some(number)));
        let revisions = self.0.get(family)?;
        let found = match revision {
            Some(number) => revisions.iter().find(|revision| revision.definition.revision.to_string() == number),
            None => revisions.iter().rev().find(|revision| revision.state == State::Active),
        };
        found.filter(|revision| !given.starts_with("arn:") || revision.definition.arn == given)
    }

    /// The revision that a call names in full: a family alone is not enough to take something away.
    fn find_revision(&mut self, given: &str) -> Result<&mut Revision, Refusal> {
        let missing = || Refusal::client("ClientException", "The specified task definition does not exist.");
        let arn = self.find(given).map(|revision| revision.definition.arn.clone()).ok_or_else(missing)?;
        if !given.rsplit('/').next().is_some_and(|name| name.contains(':')) {
            return Err(Refusal::client("InvalidParameterException", "Invalid revision number. Number: null"));
        }
        self.0.values_mut().flatten().find(|revision| revision.definition.arn == arn).ok_or_else(missing)
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
    let mut answer = json!({ "taskDefinition": revision.describe() });
    if input.include.iter().any(|what| what == "TAGS") {
        answer["tags"] = json!(revision.tags);
    }
    Ok(answer)
}

/// Only a full revision can be deregistered. Tasks that run keep their definition.
pub(crate) fn deregister(families: &mut Families, input: &One) -> Result<Value, Refusal> {
    let revision = families.find_revision(&input.task_definition)?;
    if revision.state == State::Active {
        revision.state = State::Inactive;
    }
    Ok(json!({ "taskDefinition": revision.describe() }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Several {
    task_definitions: Vec<String>,
}

/// Up to ten, and only what was deregistered before; whatever else is named is a failure.
pub(crate) fn delete(families: &mut Families, input: &Several) -> Result<Value, Refusal> {
    if !(1..=10).contains(&input.task_definitions.len()) {
        let text = "taskDefinitions: 1 to 10 task definitions can be deleted at once.";
        return Err(Refusal::client("InvalidParameterException", text));
    }
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for given in &input.task_definitions {
        match families.find_revision(given) {
            Ok(revision) if revision.state != State::Active => {
                revision.state = State::Deleting;
                deleted.push(revision.describe());
            }
            Ok(revision) => {
                let text = "The specified task definition is still in ACTIVE status. Please deregister the target and \
                            try again.";
                failures.push(json!({ "arn": revision.definition.arn, "reason": text }));
            }
            Err(refusal) => failures.push(json!({ "arn": given, "reason": refusal.message })),
        }
    }
    Ok(json!({ "taskDefinitions": deleted, "failures": failures }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    family_prefix: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

impl Filter {
    fn page(&self, name: &str, mut all: Vec<&str>) -> Result<Value, Refusal> {
        if self.sort.as_deref() == Some("DESC") {
            all.reverse();
        }
        let most = self.max_results.unwrap_or(100);
        if !(1..=100).contains(&most) {
            return Err(Refusal::client("InvalidParameterException", "maxResults must be between 1 and 100."));
        }
        let refuse = || Refusal::client("InvalidParameterException", "Invalid token.");
        let from: usize = self.next_token.as_ref().map_or(Ok(0), |token| token.parse().map_err(|_| refuse()))?;
        let to = all.len().min(from.saturating_add(most));
        let mut page = json!({ name: all.get(from..to).ok_or_else(refuse)? });
        if to < all.len() {
            page["nextToken"] = json!(to.to_string());
        }
        Ok(page)
    }
}

/// `familyPrefix` is a family's whole name here, whatever it is called. Families in order, each with its oldest revision
/// first.
pub(crate) fn list(families: &Families, filter: &Filter) -> Result<Value, Refusal> {
    let status = filter.status.as_deref().unwrap_or("ACTIVE");
    if !["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"].contains(&status) {
        return Err(Refusal::client("InvalidParameterException", format!("status: {status} is not a status.")));
    }
    let wanted = |revision: &&Revision| {
        revision.state.name() == status
            && filter.family_prefix.as_deref().is_none_or(|family| revision.definition.family() == family)
    };
    let arns = families.0.values().flatten().filter(wanted).map(|revision| revision.definition.arn.as_str());
    filter.page("taskDefinitionArns", arns.collect())
}

/// Here `familyPrefix` is a prefix.
pub(crate) fn list_families(families: &Families, filter: &Filter) -> Result<Value, Refusal> {
    let status = filter.status.as_deref().unwrap_or("ALL");
    let wanted = |(name, revisions): &(&String, &Vec<Revision>)| {
        let active = revisions.iter().any(|revision| revision.state == State::Active);
        let fits = match status {
            "ACTIVE" => active,
            "INACTIVE" => !active,
            _ => true,
        };
        fits && filter.family_prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
    };
    let names = families.0.iter().filter(wanted).map(|(name, _)| name.as_str());
    filter.page("families", names.collect())
}
