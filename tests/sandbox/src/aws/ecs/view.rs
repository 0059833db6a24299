//! Tasks as ECS describes them.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::status::{Status, name};
use super::task::{Binding, Container, Network, Place, Task};
use crate::aws::wire::seconds;

/// The `task` structure. Members without a value are left out, as ECS leaves them out.
pub(crate) fn task(task: &Task, with_tags: bool) -> Value {
    let mut described = identity(task);
    described.extend(whereabouts(task));
    described.extend(times(task));
    if let Some(stop) = &task.stop {
        described.insert("stopCode".to_owned(), json!(name(stop.code)));
        described.insert("stoppedReason".to_owned(), json!(stop.reason));
    }
    if with_tags {
        described.insert("tags".to_owned(), json!(task.tags));
    } else {
        described.insert("tags".to_owned(), json!([]));
    }
    described.retain(|_, value| !value.is_null());
    Value::Object(described)
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn identity(task: &Task) -> Map<String, Value> {
    let input = &task.definition.input;
    let overridden =
        |key: &str, own: &Option<String>| task.overrides[key].as_str().map(str::to_owned).or_else(|| own.clone());
    members(json!({
        "taskArn": task.arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.definition.arn,
        "group": task.group,
        "startedBy": task.started_by,
        "lastStatus": name(task.status),
        "desiredStatus": if task.is_to_stop { "STOPPED" } else { "RUNNING" },
        "healthStatus": name(task.health()),
        "cpu": overridden("cpu", &input.cpu),
        "memory": overridden("memory", &input.memory),
        "overrides": task.overrides,
        "containers": task.containers.iter().map(|one| container(task, one)).collect::<Vec<Value>>(),
        "attributes": [{ "name": "ecs.cpu-architecture", "value": "x86_64" }],
        "inferenceAccelerators": [],
        "enableExecuteCommand": task.execute_command,
        "version": task.version,
    }))
}

fn whereabouts(task: &Task) -> Map<String, Value> {
    let mut described = members(json!({
        "availabilityZone": "eu-central-1a",
        "capacityProviderName": task.place.provider(),
        "attachments": task.network.iter().map(|network| attachment(task, network)).collect::<Vec<Value>>(),
    }));
    let more = match &task.place {
        Place::Fargate { platform, .. } => {
            let asked = task.overrides["ephemeralStorage"].clone();
            let storage = if asked.is_null() { json!({ "sizeInGiB": 20 }) } else { asked };
            json!({
                "launchType": "FARGATE",
                "platformVersion": platform,
                "platformFamily": "Linux",
                "ephemeralStorage": storage,
            })
        }
        Place::Ec2 { instance, .. } => json!({ "launchType": "EC2", "containerInstanceArn": instance }),
    };
    described.extend(members(more));
    described
}

fn times(task: &Task) -> Map<String, Value> {
    let times = &task.times;
    let at = |time: Option<OffsetDateTime>| time.map(seconds);
    members(json!({
        "createdAt": seconds(times.created),
        "connectivity": times.pull_started.map(|_| "CONNECTED"),
        "connectivityAt": at(times.pull_started),
        "pullStartedAt": at(times.pull_started),
        "pullStoppedAt": at(times.pull_stopped),
        "startedAt": at(times.started),
        "stoppingAt": at(times.stopping),
        "executionStoppedAt": at(times.execution_stopped),
        "stoppedAt": at(times.stopped),
    }))
}

fn attachment(task: &Task, network: &Network) -> Value {
    let status = match task.status {
        Status::Provisioning => "PRECREATED",
        Status::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    json!({
        "id": network.attachment,
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": [
            { "name": "subnetId", "value": network.subnet },
            { "name": "networkInterfaceId", "value": network.interface },
            { "name": "macAddress", "value": "0a:1b:2c:3d:4e:5f" },
            { "name": "privateDnsName", "value": network.dns_name() },
            { "name": "privateIPv4Address", "value": network.address },
        ],
    })
}

pub(crate) fn container_arn(task: &Task, container: &Container) -> String {
    let runtime = container.runtime_id.as_deref().unwrap_or("0");
    format!("{}/{runtime}", task.arn.replacen(":task/", ":container/", 1))
}

/// Only a network that is shared with the instance needs bindings.
fn bindings(task: &Task, container: &Container) -> Vec<Value> {
    let shared = task.network.is_none() && container.status >= Status::Running;
    let bindings = container.bindings.iter().filter(|_| shared);
    let describe = |binding: &Binding| {
        json!({
            "bindIP": "0.0.0.0",
            "containerPort": binding.container_port,
            "hostPort": binding.host_port,
            "protocol": binding.protocol,
        })
    };
    bindings.map(describe).collect()
}

/// The agent of ECS Exec, where that was asked for.
fn managed_agents(task: &Task, container: &Container) -> Option<Value> {
    let status = match container.status {
        Status::Running => "RUNNING",
        Status::Stopped => "STOPPED",
        _ => "PENDING",
    };
    let mut agent = json!({ "name": "ExecuteCommandAgent", "lastStatus": status });
    if let Some(started) = task.times.started {
        agent["lastStartedAt"] = json!(seconds(started));
    }
    task.execute_command.then(|| json!([agent]))
}

fn container(task: &Task, container: &Container) -> Value {
    let definition = task.definition.container(&container.name);
    let interfaces = task.network.as_ref().filter(|_| task.status >= Status::Pending);
    let interfaces: Vec<Value> = interfaces
        .map(|network| json!({ "attachmentId": network.attachment, "privateIpv4Address": network.address }))
        .into_iter()
        .collect();
    let mut described = members(json!({
        "containerArn": container_arn(task, container),
        "taskArn": task.arn,
        "name": container.name,
        "image": definition.map(|definition| &definition.image),
        "lastStatus": name(container.status),
        "exitCode": container.exit_code,
        "reason": container.reason,
        "healthStatus": name(container.health),
        "runtimeId": container.runtime_id,
        "imageDigest": container.image_digest,
        "managedAgents": managed_agents(task, container),
        "networkBindings": bindings(task, container),
        "networkInterfaces": interfaces,
        "cpu": definition.map(|definition| definition.cpu.to_string()),
        "memory": definition.and_then(|definition| definition.memory).map(|memory| memory.to_string()),
    }));
    described.retain(|_, value| !value.is_null());
    Value::Object(described)
}
