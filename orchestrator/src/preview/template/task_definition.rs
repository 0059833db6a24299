//! A task definition as ECS exports it. What we know is read, what ECS adds is dropped, what we do not know passes through.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Container, NetworkMode, Platform, SourceFile, Template, Volume};
use crate::config::Faults;

/// What DescribeTaskDefinition tells and RegisterTaskDefinition does not take.
const READ_ONLY: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// What each preview has of its own, and what follows from the launch mode.
const REPLACED: [&str; 3] = ["family", "tags", "requiresCompatibilities"];

/// Reads the whole answer of `aws ecs describe-task-definition`, or the object within.
pub(super) fn read(file: SourceFile<'_>, faults: &mut Faults, notes: &mut Vec<String>) -> Option<Template> {
    let parsed = serde_json::from_str(file.text).map_err(|cause| format!("is no JSON: {cause}"));
    let Value::Object(mut whole) = without_nulls(faults.take(file.name, parsed)?) else {
        faults.add(file.name, "is no object; aws ecs describe-task-definition --task-definition NAME > task-def.json");
        return None;
    };
    let mut members = match whole.remove("taskDefinition") {
        Some(Value::Object(inner)) => inner,
        Some(_) | None => whole,
    };
    for name in READ_ONLY.iter().chain(&REPLACED) {
        members.remove(*name);
    }
    Members { file: file.name, members, faults }.template(notes)
}

/// Nothing and null are the same to ECS; tools write either.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

struct Members<'r> {
    file: &'r str,
    members: Map<String, Value>,
    faults: &'r mut Faults,
}

impl Members<'_> {
    fn template(mut self, notes: &mut Vec<String>) -> Option<Template> {
        let containers = self.list::<Container>("containerDefinitions");
        if containers.is_empty() {
            self.faults.add(self.file, "has no containerDefinitions; export it by aws ecs describe-task-definition");
            return None;
        }
        let mut template =
            Template { containers, volumes: self.list::<Volume>("volumes"), ..Template::empty(self.file) };
        template.size.cpu = self.units("cpu", "vcpu");
        template.size.memory = self.units("memory", "gb");
        template.execution_role = self.member("executionRoleArn");
        template.task_role = self.member("taskRoleArn");
        template.network_mode = self.network_mode();
        template.platform = self.member::<Platform>("runtimePlatform");
        template.ephemeral_storage = self.ephemeral_storage();
        if self
            .members
            .remove("placementConstraints")
            .is_some_and(|list| list.as_array().is_some_and(|l| !l.is_empty()))
        {
            notes.push(format!("{}: placementConstraints are left out; the launch mode decides", self.file));
        }
        template.extra = self.members;
        Some(template)
    }

    fn member<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.members.remove(name)?;
        let parsed = serde_json::from_value(value).map_err(|cause| cause.to_string());
        self.faults.take(&format!("{} {name}", self.file), parsed)
    }

    /// Each item by itself, so that each fault is told.
    fn list<T: DeserializeOwned>(&mut self, name: &str) -> Vec<T> {
        let mut list = Vec::new();
        for (index, item) in self.member::<Vec<Value>>(name).unwrap_or_default().into_iter().enumerate() {
            let called =
                item.get("name").and_then(Value::as_str).map(|name| format!(" \"{name}\"")).unwrap_or_default();
            let place = format!("{} {name}[{index}]{called}", self.file);
            let parsed = serde_json::from_value(item).map_err(|cause| cause.to_string());
            list.extend(self.faults.take(&place, parsed));
        }
        list
    }

    fn network_mode(&mut self) -> Option<NetworkMode> {
        let mode = self.member::<String>("networkMode")?;
        let place = format!("{} networkMode", self.file);
        self.faults.take(&place, super::check::network_mode(&mode))
    }

    fn ephemeral_storage(&mut self) -> Option<u32> {
        let storage = self.member::<Value>("ephemeralStorage")?;
        storage.get("sizeInGiB").and_then(Value::as_u64).and_then(|size| u32::try_from(size).ok())
    }

    fn units(&mut self, name: &str, unit: &str) -> Option<u32> {
        let text = self.member::<Value>(name)?;
        let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
        let fault = format!("\"{text}\" is no size; ECS writes for example 512, or 1 {unit}");
        self.faults.take(&format!("{} {name}", self.file), units(&text, unit).ok_or(fault))
    }
}

/// Reads `1024`, `1 vCPU` and `0.5GB` in the small units, of which a large one has 1,024.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
pub(super) fn units(text: &str, unit: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let Some(number) = text.strip_suffix(unit) else { return text.parse().ok().filter(|number| *number > 0) };
    let number: f64 = number.trim().parse().ok()?;
    (0.001..=10_000.0).contains(&number).then_some((number * 1_024.0) as u32)
}
