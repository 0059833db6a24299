//! Task definitions: what RegisterTaskDefinition accepts, and what it makes of it.

mod container;
mod order;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::capacity::Need;
use super::size;
use super::tags;
use super::task::Tag;
use crate::aws::config::AwsConfig;
use crate::aws::wire::{Refusal, seconds};

pub(crate) use container::{
    Condition, ContainerDefinition, HealthCheck, LogConfiguration, MountPoint, PortMapping, SecretReference, Variable,
};

/// A revision of a family.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) arn: String,
    pub(crate) revision: u32,
    pub(crate) input: Input,
    /// What was registered, with the defaults that ECS fills in.
    described: Value,
    registered_at: OffsetDateTime,
}

/// What the sandbox reads of a definition. The rest is kept and shown, but means nothing here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    pub(crate) family: String,
    #[serde(default = "bridge")]
    pub(crate) network_mode: String,
    #[serde(default)]
    pub(crate) requires_compatibilities: Vec<String>,
    pub(crate) cpu: Option<String>,
    pub(crate) memory: Option<String>,
    pub(crate) task_role_arn: Option<String>,
    pub(crate) execution_role_arn: Option<String>,
    pub(crate) container_definitions: Vec<ContainerDefinition>,
    #[serde(default)]
    pub(crate) volumes: Vec<Volume>,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
}

/// A volume of the task. Whatever kind it is of, here it is a folder of the task.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Volume {
    pub(crate) name: String,
    #[serde(default)]
    host: Value,
}

fn bridge() -> String {
    "bridge".to_owned()
}

fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::client("ClientException", text))
}

impl Input {
    pub(crate) fn is_for(&self, launch_type: &str) -> bool {
        self.requires_compatibilities.iter().any(|name| name == launch_type)
    }

    pub(crate) fn has_own_network(&self) -> bool {
        self.network_mode == "awsvpc"
    }

    /// What the task reserves on an instance: its own size, or its containers' sizes together.
    pub(crate) fn need(&self) -> Need {
        let containers = &self.container_definitions;
        let memory = |container: &ContainerDefinition| container.memory_reservation.or(container.memory).unwrap_or(0);
        Need {
            cpu: self.cpu.as_deref().and_then(size::read_cpu).unwrap_or_else(|| containers.iter().map(|c| c.cpu).sum()),
            memory: self
                .memory
                .as_deref()
                .and_then(size::read_memory)
                .unwrap_or_else(|| containers.iter().map(memory).sum()),
        }
    }

    /// Refuses what RegisterTaskDefinition refuses.
    pub(crate) fn check(&self, config: &AwsConfig) -> Result<(), Refusal> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.family.is_empty() || self.family.len() > 255 || !self.family.chars().all(allowed) {
            return refuse(
                "Family contains invalid characters: up to 255 letters, digits, hyphens and underscores are allowed.",
            );
        }
        if !["none", "bridge", "awsvpc", "host"].contains(&self.network_mode.as_str()) {
            return refuse(format!("Invalid network mode '{}'.", self.network_mode));
        }
        if let Some(other) = self.requires_compatibilities.iter().find(|name| !LAUNCH_TYPES.contains(&name.as_str())) {
            return refuse(format!("'{other}' is not a launch type."));
        }
        tags::check(&self.tags)?;
        if self.is_for("FARGATE") {
            self.check_for_fargate()?;
        }
        self.check_containers()?;
        self.check_roles(config)
    }

    fn check_for_fargate(&self) -> Result<(), Refusal> {
        if !self.has_own_network() {
            return refuse("Fargate only supports network mode ‘awsvpc’.");
        }
        let Some(cpu) = &self.cpu else { return refuse("Fargate requires that 'cpu' be defined at the task level.") };
        let Some(memory) = &self.memory else {
            return refuse("Fargate requires that 'memory' be defined at the task level.");
        };
        check_fargate_size(cpu, memory)?;
        if self.volumes.iter().any(|volume| volume.host["sourcePath"].is_string()) {
            return refuse("Fargate compatible task definitions do not support sourcePath.");
        }
        for container in &self.container_definitions {
            if container.privileged {
                return refuse("Fargate compatible task definitions do not support privileged.");
            }
            if container.start_timeout.is_some_and(|seconds| !(2..=120).contains(&seconds)) {
                let text = "on Fargate startTimeout must be between 2 and 120.";
                return refuse(format!("Container '{}': {text}", container.name));
            }
            if container.stop_timeout.is_some_and(|seconds| !(2..=120).contains(&seconds)) {
                return refuse(format!(
                    "Container '{}': on Fargate stopTimeout must be between 2 and 120.",
                    container.name
                ));
            }
            let options = container.log_configuration.as_ref().map(|log| &log.options);
            if options.is_some_and(|options| !options.contains_key("awslogs-stream-prefix")) {
                return refuse(format!("Container '{}': Fargate requires 'awslogs-stream-prefix'.", container.name));
            }
            if options.is_some() && self.execution_role_arn.is_none() {
                return refuse(
                    "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
                );
            }
        }
        Ok(())
    }

    fn check_containers(&self) -> Result<(), Refusal> {
        let containers = &self.container_definitions;
        if containers.is_empty() {
            return refuse("Container list cannot be empty.");
        }
        if !containers.iter().any(|container| container.essential) {
            return refuse("Task definition must have at least one essential container.");
        }
        for (place, container) in containers.iter().enumerate() {
            if containers[..place].iter().any(|other| other.name == container.name) {
                return refuse(format!("Duplicate container name '{}'.", container.name));
            }
            let has_memory =
                self.memory.is_some() || container.memory.is_some() || container.memory_reservation.is_some();
            if !has_memory {
                let text = "At least one of 'memory' or 'memoryReservation' must be specified.";
                return refuse(format!("Invalid setting for container '{}'. {text}", container.name));
            }
            container.check()?;
            container.check_ports(self.has_own_network())?;
            let known = |name: &str| self.volumes.iter().any(|volume| volume.name == name);
            if let Some(mount) = container.mount_points.iter().find(|mount| !known(&mount.source_volume)) {
                return refuse(format!("Unknown volume '{}'.", mount.source_volume));
            }
        }
        order::check(containers)
    }

    fn check_roles(&self, config: &AwsConfig) -> Result<(), Refusal> {
        let has_secrets = self.container_definitions.iter().any(|container| !container.secrets.is_empty());
        if has_secrets && self.execution_role_arn.is_none() {
            return refuse(
                "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
            );
        }
        let roles = [&self.task_role_arn, &self.execution_role_arn];
        check_roles_exist(config, roles.into_iter().flatten())
    }
}

const LAUNCH_TYPES: [&str; 4] = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];

pub(crate) fn check_roles_exist<'a>(
    config: &AwsConfig,
    arns: impl IntoIterator<Item = &'a String>,
) -> Result<(), Refusal> {
    match arns.into_iter().all(|arn| config.role(arn).is_some()) {
        true => Ok(()),
        false => refuse("Role is not valid"),
    }
}

pub(crate) fn check_fargate_size(cpu: &str, memory: &str) -> Result<(), Refusal> {
    match (size::read_cpu(cpu), size::read_memory(memory)) {
        (Some(cpu), Some(memory)) if size::exists(cpu, memory) => Ok(()),
        _ => refuse(format!("No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.")),
    }
}

impl Definition {
    pub(crate) fn family(&self) -> &str {
        &self.input.family
    }

    pub(crate) fn container(&self, name: &str) -> Option<&ContainerDefinition> {
        self.input.container_definitions.iter().find(|container| container.name == name)
    }

    pub(crate) fn describe(&self, status: &str) -> Value {
        let mut described = self.described.clone();
        described["taskDefinitionArn"] = json!(self.arn);
        described["revision"] = json!(self.revision);
        described["status"] = json!(status);
        described["registeredAt"] = json!(seconds(self.registered_at));
        described
    }

    pub(super) fn new(parameters: &Value, input: Input, arn: String, revision: u32, now: OffsetDateTime) -> Arc<Self> {
        Arc::new(Self { arn, revision, input, described: fill_in(parameters), registered_at: now })
    }
}

/// The defaults that ECS shows although nobody gave them.
fn fill_in(parameters: &Value) -> Value {
    let mut described = parameters.clone();
    let members = described.as_object_mut().into_iter().flat_map(|members| {
        members.remove("tags");
        members.entry("networkMode").or_insert_with(|| json!("bridge"));
        for list in ["volumes", "placementConstraints"] {
            members.entry(list).or_insert_with(|| json!([]));
        }
        let compatibilities =
            if members["networkMode"] == "awsvpc" { json!(["EC2", "FARGATE"]) } else { json!(["EC2"]) };
        members.insert("compatibilities".to_owned(), compatibilities);
        members.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten()
    });
    for container in members.filter_map(Value::as_object_mut) {
        container.entry("essential").or_insert_with(|| json!(true));
        container.entry("cpu").or_insert_with(|| json!(0));
        for list in ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"] {
            container.entry(list).or_insert_with(|| json!([]));
        }
    }
    described
}
