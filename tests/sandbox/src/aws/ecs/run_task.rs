//! RunTask: refuse, replay, find room, start.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::capacity::{Capacity, Need};
use super::cluster::Cluster;
use super::definition::{self, Definition};
use super::launch::{self, Launch, Overrides};
use super::life::Fate;
use super::status::{Health, Status};
use super::task::{Container, Network, Place, Tag, Task, Times};
use super::token::Earlier;
use super::{Ecs, life, size, view};
use crate::aws::config::AwsConfig;
use crate::aws::fault::FaultKind;
use crate::aws::identity::Principal;
use crate::aws::shared::Shared;
use crate::aws::wire::{Refusal, Request};

/// A launch that nothing speaks against.
struct Accepted {
    launch: Launch,
    overrides: Overrides,
    cluster: String,
    definition: Arc<Definition>,
    on: Kind,
    need: Need,
}

/// What the launch is to run on.
#[derive(Clone)]
enum Kind {
    Fargate { provider: Option<String> },
    Ec2 { provider: Option<String> },
}

/// Answers with tasks, with failures, or with both. All under one lock: two calls with one token cannot both start
/// something.
pub(crate) fn answer(
    shared: &Arc<Shared>,
    caller: &Principal,
    request: &Request,
    fault: Option<&FaultKind>,
) -> Result<Value, Refusal> {
    let launch: Launch = request.input()?;
    launch.check()?;
    let mut state = shared.state();
    let ecs = &mut state.ecs;
    let cluster = ecs.clusters.find(launch.cluster.as_deref())?.name.clone();
    if let Some(token) = launch.client_token.clone() {
        match ecs.tokens.look_up(&cluster, &token, &request.parameters, shared.config.clock.now()) {
            Earlier::None => {}
            Earlier::Same(ids) => return Ok(replay(ecs, &ids)),
            Earlier::Other(ids) => return Err(conflict(ecs, &ids)),
        }
    }
    let accepted = accept(ecs, &shared.config, launch, cluster)?;
    check_pass_role(caller, &accepted)?;
    let (tasks, failures) = match fault {
        Some(FaultKind::Failures(reason)) => (Vec::new(), vec![failure(None, reason)]),
        _ => start(ecs, &shared.config, &accepted),
    };
    // A launch that started nothing is not remembered: the same token may ask again when there is room.
    if let (Some(token), false) = (&accepted.launch.client_token, tasks.is_empty()) {
        ecs.tokens.remember(&accepted.cluster, token, &request.parameters, &tasks, shared.config.clock.now());
    }
    let mut answer = replay(ecs, &tasks);
    answer["failures"] = json!(failures);
    for id in tasks {
        let fate = ecs.fates.pop_front().unwrap_or(Fate::Starts);
        tokio::spawn(life::live(Arc::clone(shared), ecs.endings.watch(&id), id, fate));
    }
    Ok(answer)
}

fn replay(ecs: &Ecs, ids: &[String]) -> Value {
    let tasks: Vec<Value> = ids.iter().filter_map(|id| ecs.tasks.find(id)).map(|task| view::task(task, true)).collect();
    json!({ "tasks": tasks, "failures": [] })
}

fn conflict(ecs: &Ecs, ids: &[String]) -> Refusal {
    let arns: Vec<&str> = ids.iter().filter_map(|id| ecs.tasks.find(id)).map(|task| task.arn.as_str()).collect();
    let text = "The clientToken was already used with different parameters.";
    Refusal::client("ConflictException", text).with("resourceIds", json!(arns))
}

fn failure(arn: Option<&str>, reason: &str) -> Value {
    match arn {
        Some(arn) => json!({ "arn": arn, "reason": reason }),
        None => json!({ "reason": reason }),
    }
}

fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::client("InvalidParameterException", text))
}

fn accept(ecs: &Ecs, config: &AwsConfig, launch: Launch, cluster: String) -> Result<Accepted, Refusal> {
    let definition = ecs.families.active(&launch.task_definition)?;
    let overrides = Overrides::read(&launch)?;
    overrides.check(&definition)?;
    let on = kind(ecs.clusters.find(Some(&cluster))?, &launch)?;
    check_compatibility(&definition, &on)?;
    check_size(&definition, &overrides, &on)?;
    check_network(config, &definition, &launch, &on)?;
    let roles = [&overrides.task_role_arn, &overrides.execution_role_arn];
    definition::check_roles_exist(config, roles.into_iter().flatten())?;
    if launch.enable_execute_command && task_role(&definition, &overrides).is_none() {
        return refuse("The service couldn't be created because a valid taskRoleArn is not being used.");
    }
    let need = need(&definition, &overrides);
    Ok(Accepted { launch, overrides, cluster, definition, on, need })
}

/// Whoever starts a task hands it its roles, and must be allowed to.
fn check_pass_role(caller: &Principal, accepted: &Accepted) -> Result<(), Refusal> {
    let execution =
        accepted.overrides.execution_role_arn.as_ref().or(accepted.definition.input.execution_role_arn.as_ref());
    let roles = task_role(&accepted.definition, &accepted.overrides).into_iter().chain(execution.cloned());
    roles.into_iter().try_for_each(|role| caller.require("iam:PassRole", &role))
}

pub(crate) fn task_role(definition: &Definition, overrides: &Overrides) -> Option<String> {
    overrides.task_role_arn.clone().or_else(|| definition.input.task_role_arn.clone())
}

fn kind(cluster: &Cluster, launch: &Launch) -> Result<Kind, Refusal> {
    if let Some(provider) = launch.preferred_provider() {
        let strategy = launch.capacity_provider_strategy.iter().flatten();
        let unknown =
            strategy.map(|item| &item.capacity_provider).find(|name| !cluster.capacity_providers.contains(name));
        if let Some(unknown) = unknown {
            let text = "was not found. Specify a valid name or ARN and try again.";
            return refuse(format!("The specified capacity provider '{unknown}' {text}"));
        }
        let provider = Some(provider.to_owned());
        let is_fargate = provider.as_ref().is_some_and(|name| name.starts_with("FARGATE"));
        return Ok(if is_fargate { Kind::Fargate { provider } } else { Kind::Ec2 { provider } });
    }
    match launch.launch_type.as_deref() {
        Some("FARGATE") => Ok(Kind::Fargate { provider: None }),
        // The sandbox's clusters have no default strategy, and without one ECS takes EC2.
        Some("EC2") | None => Ok(Kind::Ec2 { provider: None }),
        Some(other) => refuse(format!("the sandbox has no launch type {other}")),
    }
}

fn check_compatibility(definition: &Definition, on: &Kind) -> Result<(), Refusal> {
    let name = match on {
        Kind::Fargate { .. } => "FARGATE",
        Kind::Ec2 { .. } => "EC2",
    };
    let wanted = &definition.input.requires_compatibilities;
    let fits = definition.input.is_for(name) || (wanted.is_empty() && name == "EC2");
    if fits { Ok(()) } else { refuse(format!("Task definition does not support launch_type {name}.")) }
}

fn check_size(definition: &Definition, overrides: &Overrides, on: &Kind) -> Result<(), Refusal> {
    let cpu = overrides.cpu.as_ref().or(definition.input.cpu.as_ref());
    let memory = overrides.memory.as_ref().or(definition.input.memory.as_ref());
    match (on, cpu, memory) {
        (Kind::Fargate { .. }, Some(cpu), Some(memory)) => definition::check_fargate_size(cpu, memory),
        _ => Ok(()),
    }
}

fn need(definition: &Definition, overrides: &Overrides) -> Need {
    let need = definition.input.need();
    Need {
        cpu: overrides.cpu.as_deref().and_then(size::read_cpu).unwrap_or(need.cpu),
        memory: overrides.memory.as_deref().and_then(size::read_memory).unwrap_or(need.memory),
    }
}

fn check_network(config: &AwsConfig, definition: &Definition, launch: &Launch, on: &Kind) -> Result<(), Refusal> {
    let given = launch.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    let network = match (definition.input.has_own_network(), given) {
        (true, None) => {
            return refuse("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
        }
        (false, Some(_)) => {
            return refuse("Network Configuration is not valid for the given networkMode of this task definition.");
        }
        (false, None) => return Ok(()),
        (true, Some(network)) => network,
    };
    if network.subnets.is_empty() || network.subnets.len() > 16 || network.security_groups.len() > 5 {
        return refuse("subnets can not be empty; up to 16 subnets and up to 5 security groups are allowed.");
    }
    if let Some(unknown) = network.subnets.iter().find(|subnet| !config.subnets.contains(subnet)) {
        let cause = format!("The subnet ID '{unknown}' does not exist (ErrorCode: InvalidSubnetID.NotFound)");
        return refuse(format!("Error retrieving subnet information for [{unknown}]: {cause}"));
    }
    if let Some(unknown) = network.security_groups.iter().find(|group| !config.security_groups.contains(group)) {
        let cause = format!("The security group '{unknown}' does not exist (ErrorCode: InvalidGroup.NotFound)");
        return refuse(format!("Error retrieving security group information for [{unknown}]: {cause}"));
    }
    match (network.assign_public_ip.as_deref(), on) {
        (None | Some("DISABLED"), _) | (Some("ENABLED"), Kind::Fargate { .. }) => Ok(()),
        (Some("ENABLED"), Kind::Ec2 { .. }) => refuse("Assign public IP is not supported for this launch type."),
        (Some(other), _) => refuse(format!("assignPublicIp: {other} is neither ENABLED nor DISABLED.")),
    }
}

/// Starts as many as there is room for. Answers the ids of the tasks and the failures.
fn start(ecs: &mut Ecs, config: &AwsConfig, accepted: &Accepted) -> (Vec<String>, Vec<Value>) {
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for _ in 0..accepted.launch.count() {
        match place(ecs, accepted) {
            Ok(place) => {
                let task = make(ecs, config, accepted, place);
                tasks.push(task.id.clone());
                ecs.tasks.add(task);
            }
            Err(failure) => failures.push(failure),
        }
    }
    (tasks, failures)
}

const NO_FARGATE: &str =
    "Capacity is unavailable at this time. Please try again later or in a different availability zone";

fn place(ecs: &mut Ecs, accepted: &Accepted) -> Result<Place, Value> {
    match accepted.on.clone() {
        Kind::Fargate { provider } => {
            let is_spot = provider.as_deref() == Some("FARGATE_SPOT");
            let capacity = if is_spot { Capacity::FargateSpot } else { Capacity::Fargate };
            if !ecs.capacity.has(capacity) {
                return Err(failure(None, NO_FARGATE));
            }
            let asked = accepted.launch.platform_version.as_deref().filter(|version| *version != "LATEST");
            Ok(Place::Fargate { provider, platform: asked.unwrap_or("1.4.0").to_owned() })
        }
        Kind::Ec2 { provider } => {
            let instance = reserve(ecs, accepted)?;
            Ok(Place::Ec2 { instance, provider })
        }
    }
}

/// Reserves room on the first instance that has it; else answers why the last one has not.
fn reserve(ecs: &mut Ecs, accepted: &Accepted) -> Result<String, Value> {
    let exhausted = !ecs.capacity.has(Capacity::Ec2);
    let mut lacking = failure(None, "RESOURCE:CPU");
    let instances = ecs.clusters.get_mut(&accepted.cluster).map(|cluster| &mut cluster.instances);
    for instance in instances.into_iter().flatten() {
        let lack = if exhausted { Some("RESOURCE:CPU") } else { instance.lacks(accepted.need) };
        let Some(reason) = lack else {
            instance.reserve(accepted.need);
            return Ok(instance.arn.clone());
        };
        lacking = failure(Some(&instance.arn), reason);
    }
    Err(lacking)
}

fn make(ecs: &Ecs, config: &AwsConfig, accepted: &Accepted, place: Place) -> Task {
    let id = Uuid::new_v4().simple().to_string();
    let (launch, definition) = (&accepted.launch, &accepted.definition);
    let cluster_arn = ecs.clusters.find(Some(&accepted.cluster)).map(|cluster| cluster.arn.clone()).unwrap_or_default();
    let group = launch.group.clone().unwrap_or_else(|| format!("family:{}", definition.family()));
    let created = config.clock.now();
    Task {
        arn: format!("arn:aws:ecs:{}:{}:task/{}/{id}", config.region, config.account, accepted.cluster),
        cluster: accepted.cluster.clone(),
        status: Status::Provisioning,
        is_to_stop: false,
        started_by: launch.started_by.clone(),
        tags: tags(accepted),
        overrides: launch::echo(launch, definition),
        containers: definition.input.container_definitions.iter().map(|container| pending(&container.name)).collect(),
        times: Times {
            created,
            pull_started: None,
            pull_stopped: None,
            started: None,
            stopping: None,
            execution_stopped: None,
            stopped: None,
        },
        stop: None,
        cluster_arn,
        group,
        definition: Arc::clone(definition),
        place,
        network: network(launch, &id),
        need: accepted.need,
        execute_command: launch.enable_execute_command,
        version: 1,
        key: Uuid::new_v4().to_string(),
        read_overrides: accepted.overrides.clone(),
        id,
    }
}

fn pending(name: &str) -> Container {
    Container {
        name: name.to_owned(),
        status: Status::Pending,
        exit_code: None,
        reason: None,
        health: Health::Unknown,
        pid: None,
        image_digest: None,
        bindings: Vec::new(),
        runtime_id: None,
    }
}

/// The request's tags, those of the definition where it was asked to pass them on, and ECS's own.
fn tags(accepted: &Accepted) -> Vec<Tag> {
    let mut tags = accepted.launch.tags.clone();
    if accepted.launch.propagate_tags.as_deref() == Some("TASK_DEFINITION") {
        let inherited = accepted.definition.input.tags.iter().filter(|tag| !tags.iter().any(|own| own.key == tag.key));
        tags = tags.iter().chain(inherited).cloned().collect();
    }
    if accepted.launch.enable_ecs_managed_tags {
        tags.push(Tag { key: "aws:ecs:clusterName".to_owned(), value: accepted.cluster.clone() });
    }
    tags
}

/// Every task has a loopback address of its own, so that what listens there is really reached (Linux routes all of
/// 127.0.0.0/8 to itself).
fn network(launch: &Launch, id: &str) -> Option<Network> {
    let asked = launch.network_configuration.as_ref()?.awsvpc_configuration.as_ref()?;
    let octet = |at: usize| u8::from_str_radix(id.get(at..at + 2).unwrap_or_default(), 16).unwrap_or(1);
    Some(Network {
        attachment: Uuid::new_v4().to_string(),
        interface: format!("eni-0{}", &id[..16]),
        subnet: asked.subnets.first()?.clone(),
        groups: asked.security_groups.clone(),
        address: format!("127.{}.{}.{}", octet(0).max(16), octet(2), octet(4).clamp(4, 254)),
        public: asked.assign_public_ip.as_deref() == Some("ENABLED"),
    })
}
