//! The RunTask request: built purely, printed by `--dry-run` as it is sent.

use aws_sdk_ecs::operation::run_task::builders::RunTaskFluentBuilder;
use aws_sdk_ecs::types;
use serde::Serialize;

use crate::config::machine::{EcsMachine, Network};
use crate::model::{ClientToken, Launch, LaunchId, LaunchMode, RunnerSpec};

/// ECS's limit for all overrides of a request, punctuation included (API reference, RunTask).
pub const MAX_OVERRIDES: usize = 8_192;

/// RunTask's parameters, as the API writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunTaskRequest {
    /// Cluster.
    pub cluster: String,
    /// Family, family:revision or ARN.
    pub task_definition: String,
    /// Always 1: each index has a token of its own.
    pub count: i32,
    /// Makes ECS start at most one task.
    pub client_token: ClientToken,
    /// The id.
    pub started_by: String,
    /// `EC2` or `FARGATE`; exclusive with the strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<&'static str>,
    /// Fargate Spot, and EC2 that scales from zero, go this way only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capacity_provider_strategy: Vec<Provider>,
    /// For awsvpc.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// Fargate's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// What differs from the task definition.
    pub overrides: Overrides,
    /// The ledger.
    pub tags: Vec<TagPair>,
    /// Lets ECS add cluster and launch tags for the bill.
    #[serde(rename = "enableECSManagedTags")]
    pub enable_ecs_managed_tags: bool,
    /// Tags of the task definition (cost centre, owner) reach the task.
    pub propagate_tags: &'static str,
    /// Lets people in by ECS Exec.
    #[serde(skip_serializing_if = "is_off")]
    pub enable_execute_command: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_off(switch: &bool) -> bool {
    !switch
}

/// What a launch differs in from every other one on such a machine.
pub struct Errand {
    /// The id.
    pub id: LaunchId,
    /// Makes ECS start at most one task.
    pub token: ClientToken,
    /// Instead of the definition's command.
    pub command: Option<Vec<String>>,
    /// What PID 1 reads.
    pub environment: Vec<(String, String)>,
    /// The ledger.
    pub tags: Vec<(&'static str, String)>,
}

/// One capacity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Its name.
    pub capacity_provider: String,
    /// Its share.
    pub weight: i32,
}

/// `networkConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkConfiguration {
    /// The only member.
    pub awsvpc_configuration: AwsVpc,
}

/// `awsvpcConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsVpc {
    /// At least one.
    pub subnets: Vec<String>,
    /// Empty: the VPC's default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
    /// `ENABLED` or `DISABLED`.
    pub assign_public_ip: &'static str,
}

/// `overrides`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overrides {
    /// One: the runner's container.
    pub container_overrides: Vec<ContainerOverride>,
    /// Units for the whole task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// MiB for the whole task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
}

/// `ephemeralStorage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EphemeralStorage {
    /// GiB.
    #[serde(rename = "sizeInGiB")]
    pub size_in_gib: u32,
}

/// `containerOverrides[]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerOverride {
    /// The container.
    pub name: String,
    /// Instead of the definition's command; its entry point stays, which no request can change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// What PID 1 reads.
    pub environment: Vec<NameValue>,
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NameValue {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagPair {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

impl RunTaskRequest {
    /// Builds the request for a launch. `handed_over` are the variables of the handover.
    pub fn new(
        cluster: &str,
        machine: &EcsMachine,
        launch: &Launch,
        spec: &RunnerSpec,
        token: ClientToken,
        handed_over: &[(String, String)],
    ) -> Self {
        let variables = launch.environment(spec).into_iter().chain(handed_over.iter().cloned());
        let errand =
            Errand { id: launch.id, token, command: None, environment: variables.collect(), tags: launch.tags(spec) };
        Self::of(cluster, machine, errand)
    }

    /// Builds the request for an errand on a machine.
    pub fn of(cluster: &str, machine: &EcsMachine, errand: Errand) -> Self {
        let (launch_type, capacity_provider_strategy) = capacity(machine);
        let Errand { id, token, command, environment, tags } = errand;
        let environment = environment.into_iter().map(|(name, value)| NameValue { name, value }).collect();
        let tags = tags.into_iter().map(|(key, value)| TagPair { key: key.to_owned(), value });
        let container = ContainerOverride { name: machine.container.clone(), command, environment };
        Self {
            cluster: cluster.to_owned(),
            task_definition: machine.task_definition.clone(),
            count: 1,
            client_token: token,
            started_by: id.to_string(),
            launch_type,
            capacity_provider_strategy,
            network_configuration: machine.network.as_ref().map(network),
            platform_version: machine.platform_version.clone(),
            overrides: Overrides {
                container_overrides: vec![container],
                cpu: machine.cpu.map(|units| units.to_string()),
                memory: machine.memory.map(|mib| mib.to_string()),
                ephemeral_storage: machine.ephemeral_storage.map(|size_in_gib| EphemeralStorage { size_in_gib }),
            },
            tags: tags.collect(),
            enable_ecs_managed_tags: true,
            propagate_tags: "TASK_DEFINITION",
            enable_execute_command: machine.execute_command,
        }
    }

    /// Characters of the overrides as ECS counts them.
    pub fn overrides_length(&self) -> usize {
        serde_json::to_string(&self.overrides).map_or(0, |json| json.chars().count())
    }

    /// The request in the SDK's terms. The SDK sends the same bytes again after a lost answer, so ECS answers with the task
    /// of the first time.
    pub fn fill(&self, request: RunTaskFluentBuilder) -> RunTaskFluentBuilder {
        request
            .cluster(&self.cluster)
            .task_definition(&self.task_definition)
            .count(self.count)
            .client_token(self.client_token.as_str())
            .started_by(&self.started_by)
            .set_launch_type(self.launch_type.map(types::LaunchType::from))
            .set_capacity_provider_strategy(self.sdk_strategy())
            .set_network_configuration(self.network_configuration.as_ref().map(sdk_network))
            .set_platform_version(self.platform_version.clone())
            .overrides(sdk_overrides(&self.overrides))
            .set_tags(Some(self.tags.iter().map(sdk_tag).collect()))
            .enable_ecs_managed_tags(self.enable_ecs_managed_tags)
            .propagate_tags(types::PropagateTags::from(self.propagate_tags))
            .set_enable_execute_command(self.enable_execute_command.then_some(true))
    }

    fn sdk_strategy(&self) -> Option<Vec<types::CapacityProviderStrategyItem>> {
        let item = |provider: &Provider| {
            let builder = types::CapacityProviderStrategyItem::builder().capacity_provider(&provider.capacity_provider);
            builder.weight(provider.weight).build().ok()
        };
        let items: Vec<_> = self.capacity_provider_strategy.iter().filter_map(item).collect();
        (!items.is_empty()).then_some(items)
    }
}

fn capacity(machine: &EcsMachine) -> (Option<&'static str>, Vec<Provider>) {
    let by = |name: &str| (None, vec![Provider { capacity_provider: name.to_owned(), weight: 1 }]);
    match (machine.mode, &machine.capacity_provider) {
        (LaunchMode::FargateSpot, _) => by("FARGATE_SPOT"),
        (LaunchMode::Ec2, Some(provider)) => by(provider),
        (LaunchMode::Ec2, None) => (Some("EC2"), Vec::new()),
        (LaunchMode::Fargate | LaunchMode::Local, _) => (Some("FARGATE"), Vec::new()),
    }
}

fn network(network: &Network) -> NetworkConfiguration {
    NetworkConfiguration {
        awsvpc_configuration: AwsVpc {
            subnets: network.subnets.clone(),
            security_groups: network.security_groups.clone(),
            assign_public_ip: if network.assign_public_ip { "ENABLED" } else { "DISABLED" },
        },
    }
}

fn sdk_network(network: &NetworkConfiguration) -> types::NetworkConfiguration {
    let AwsVpc { subnets, security_groups, assign_public_ip } = &network.awsvpc_configuration;
    let vpc = types::AwsVpcConfiguration::builder()
        .set_subnets(Some(subnets.clone()))
        .set_security_groups((!security_groups.is_empty()).then(|| security_groups.clone()))
        .assign_public_ip(types::AssignPublicIp::from(*assign_public_ip))
        .build();
    types::NetworkConfiguration::builder().set_awsvpc_configuration(vpc.ok()).build()
}

fn sdk_overrides(overrides: &Overrides) -> types::TaskOverride {
    let variable =
        |NameValue { name, value }: &NameValue| types::KeyValuePair::builder().name(name).value(value).build();
    let container = |ContainerOverride { name, command, environment }: &ContainerOverride| {
        let environment = environment.iter().map(variable).collect();
        let builder = types::ContainerOverride::builder().name(name).set_command(command.clone());
        builder.set_environment(Some(environment)).build()
    };
    let storage = |EphemeralStorage { size_in_gib }: &EphemeralStorage| {
        types::EphemeralStorage::builder().size_in_gib(i32::try_from(*size_in_gib).unwrap_or(i32::MAX)).build()
    };
    types::TaskOverride::builder()
        .set_container_overrides(Some(overrides.container_overrides.iter().map(container).collect()))
        .set_cpu(overrides.cpu.clone())
        .set_memory(overrides.memory.clone())
        .set_ephemeral_storage(overrides.ephemeral_storage.as_ref().map(storage))
        .build()
}

fn sdk_tag(TagPair { key, value }: &TagPair) -> types::Tag {
    types::Tag::builder().key(key).value(value).build()
}
