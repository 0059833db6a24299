//! What RunTask was asked, and the rules that can be checked without looking at anything else.

use serde::Deserialize;
use serde_json::{Value, json};

use super::definition::{Definition, Variable};
use super::tags;
use super::task::Tag;
use crate::aws::wire::Refusal;

/// The input of RunTask. Unknown members are refused: the real service would drop them in silence.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Launch {
    pub(crate) task_definition: String,
    pub(crate) cluster: Option<String>,
    pub(crate) count: Option<u32>,
    pub(crate) launch_type: Option<String>,
    pub(crate) capacity_provider_strategy: Option<Vec<StrategyItem>>,
    pub(crate) network_configuration: Option<NetworkConfiguration>,
    pub(crate) overrides: Option<Value>,
    pub(crate) started_by: Option<String>,
    pub(crate) client_token: Option<String>,
    pub(crate) group: Option<String>,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
    pub(crate) propagate_tags: Option<String>,
    #[serde(default, rename = "enableECSManagedTags")]
    pub(crate) enable_ecs_managed_tags: bool,
    #[serde(default)]
    pub(crate) enable_execute_command: bool,
    pub(crate) platform_version: Option<String>,
    // Accepted and without a meaning here: there is one instance to place on, and no volume to attach.
    #[serde(rename = "placementConstraints")]
    _placement_constraints: Option<Value>,
    #[serde(rename = "placementStrategy")]
    _placement_strategy: Option<Value>,
    #[serde(rename = "referenceId")]
    _reference_id: Option<Value>,
    #[serde(rename = "volumeConfigurations")]
    _volume_configurations: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StrategyItem {
    pub(crate) capacity_provider: String,
    #[serde(default)]
    pub(crate) weight: u32,
    #[serde(default)]
    pub(crate) base: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NetworkConfiguration {
    pub(crate) awsvpc_configuration: Option<AwsVpc>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AwsVpc {
    #[serde(default)]
    pub(crate) subnets: Vec<String>,
    #[serde(default)]
    pub(crate) security_groups: Vec<String>,
    pub(crate) assign_public_ip: Option<String>,
}

/// The overrides, read. They are echoed from the request itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Overrides {
    #[serde(default)]
    pub(crate) container_overrides: Vec<ContainerOverride>,
    pub(crate) cpu: Option<String>,
    pub(crate) memory: Option<String>,
    pub(crate) ephemeral_storage: Option<EphemeralStorage>,
    pub(crate) task_role_arn: Option<String>,
    pub(crate) execution_role_arn: Option<String>,
    #[serde(rename = "inferenceAcceleratorOverrides")]
    _inference_accelerator_overrides: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerOverride {
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) command: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) environment: Vec<Variable>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EphemeralStorage {
    #[serde(rename = "sizeInGiB")]
    pub(crate) size_in_gib: u32,
}

/// The most characters of the overrides as JSON, punctuation included (ECS API reference, "RunTask").
const OVERRIDES_LIMIT: usize = 8_192;

fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::client("InvalidParameterException", text))
}

impl Launch {
    /// Refuses what breaks a limit of the API by itself.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if !(1..=10).contains(&self.count()) {
            return refuse("Count must be between 1 and 10.");
        }
        self.check_texts()?;
        self.check_choice_of_capacity()?;
        let size = self.overrides.as_ref().map_or(0, |overrides| overrides.to_string().chars().count());
        if size > OVERRIDES_LIMIT {
            return refuse(format!("Overrides length must be less than or equal to {OVERRIDES_LIMIT}."));
        }
        tags::check(&self.tags)
    }

    pub(crate) fn count(&self) -> u32 {
        self.count.unwrap_or(1)
    }

    fn check_texts(&self) -> Result<(), Refusal> {
        let is_starter = |c: char| c.is_ascii_alphanumeric() || "-/_".contains(c);
        if self.started_by.as_ref().is_some_and(|text| text.len() > 128 || !text.chars().all(is_starter)) {
            return refuse(
                "startedBy: up to 128 letters, digits, hyphens, forward slashes and underscores are allowed.",
            );
        }
        let is_printable = |byte: u8| (33..=126).contains(&byte);
        if self
            .client_token
            .as_ref()
            .is_some_and(|text| text.is_empty() || text.len() > 64 || !text.bytes().all(is_printable))
        {
            return refuse("clientToken: up to 64 characters in the range of 33-126 are allowed.");
        }
        match self.propagate_tags.as_deref() {
            None | Some("TASK_DEFINITION" | "NONE") => Ok(()),
            Some(other) => refuse(format!("propagateTags: {other} is not supported by RunTask.")),
        }
    }

    fn check_choice_of_capacity(&self) -> Result<(), Refusal> {
        let known = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
        if self.launch_type.as_ref().is_some_and(|name| !known.contains(&name.as_str())) {
            return refuse("Launch type must be one of [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES].");
        }
        let Some(strategy) = &self.capacity_provider_strategy else { return Ok(()) };
        if self.launch_type.is_some() {
            return refuse(
                "Specifying both a launch type and capacity provider strategy is not supported. Remove one and \
                 try again.",
            );
        }
        if strategy.len() > 20 || strategy.iter().any(|item| item.weight > 1_000 || item.base > 100_000) {
            return refuse(
                "A capacity provider strategy has up to 20 items, weights up to 1000 and bases up to 100000.",
            );
        }
        if strategy.iter().filter(|item| item.base > 0).count() > 1 {
            return refuse("Only one capacity provider in a capacity provider strategy can have a base.");
        }
        if strategy.len() > 1 && strategy.iter().all(|item| item.weight == 0) {
            return refuse(
                "A capacity provider strategy with several items needs at least one weight greater than zero.",
            );
        }
        let fargate = strategy.iter().filter(|item| item.capacity_provider.starts_with("FARGATE")).count();
        if fargate != 0 && fargate != strategy.len() {
            return refuse(
                "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups \
                 and Fargate.",
            );
        }
        Ok(())
    }

    /// The item of the strategy that the sandbox's one task at a time goes to: what has a base first, then the most
    /// weight.
    pub(crate) fn preferred_provider(&self) -> Option<&str> {
        let strategy = self.capacity_provider_strategy.iter().flatten();
        strategy.max_by_key(|item| (item.base, item.weight)).map(|item| item.capacity_provider.as_str())
    }
}

impl Overrides {
    pub(crate) fn read(launch: &Launch) -> Result<Self, Refusal> {
        let Some(overrides) = &launch.overrides else { return Ok(Self::default()) };
        Self::deserialize(overrides).map_err(|fault| Refusal::client("SerializationException", fault.to_string()))
    }

    /// Refuses overrides that do not fit the definition.
    pub(crate) fn check(&self, definition: &Definition) -> Result<(), Refusal> {
        for container in &self.container_overrides {
            if definition.container(&container.name).is_none() {
                let name = &container.name;
                return refuse(format!(
                    "Override for container named {name} is not a container in the TaskDefinition."
                ));
            }
        }
        match self.ephemeral_storage {
            Some(storage) if !(21..=200).contains(&storage.size_in_gib) => {
                refuse("Ephemeral storage override: sizeInGiB must be between 21 and 200.")
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn of(&self, container: &str) -> Option<&ContainerOverride> {
        self.container_overrides.iter().find(|given| given.name == container)
    }
}

/// The overrides as ECS echoes them: every container of the definition has an entry, given or not.
pub(crate) fn echo(launch: &Launch, definition: &Definition) -> Value {
    let mut echoed = launch.overrides.clone().unwrap_or_else(|| json!({}));
    let mut containers = echoed["containerOverrides"].as_array().cloned().unwrap_or_default();
    for container in &definition.input.container_definitions {
        if !containers.iter().any(|given| given["name"] == container.name.as_str()) {
            containers.push(json!({ "name": container.name }));
        }
    }
    echoed["containerOverrides"] = json!(containers);
    echoed["inferenceAcceleratorOverrides"] = json!([]);
    echoed
}
