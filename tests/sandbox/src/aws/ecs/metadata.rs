//! The endpoints inside a task: metadata version 4, and the task role's credentials.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::run_task;
use super::status::{Status, name};
use super::task::{Container, Place, Task};
use super::view;
use crate::aws::config::TaskTags;
use crate::aws::identity::TASK_CREDENTIALS;
use crate::aws::shared::Shared;
use crate::clock::rfc3339;

type Answer = Result<Json<Value>, StatusCode>;

/// `$AWS_CONTAINER_CREDENTIALS_FULL_URI`: fresh credentials each time, for as long as the task lives. The path is the
/// only protection, as it is in ECS.
pub(crate) async fn credentials(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Answer {
    let (task, _) = live_task(&shared, &key)?;
    let arn = run_task::task_role(&task.definition, &task.read_overrides).ok_or(StatusCode::NOT_FOUND)?;
    let role = shared.config.role(&arn).ok_or(StatusCode::NOT_FOUND)?;
    let expires = shared.config.clock.now() + TASK_CREDENTIALS;
    let issued = shared.state().keys.issue(&shared.config.account, role, &task.id, expires);
    Ok(Json(json!({
        "RoleArn": arn,
        "AccessKeyId": issued.access_key,
        "SecretAccessKey": issued.secret.expose(),
        "Token": issued.token.expose(),
        "Expiration": rfc3339(issued.expires),
    })))
}

/// `${ECS_CONTAINER_METADATA_URI_V4}`.
pub(crate) async fn container(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Answer {
    let (task, place) = live_task(&shared, &key)?;
    task.containers.get(place).map(|own| Json(describe_container(&task, own))).ok_or(StatusCode::NOT_FOUND)
}

/// `${ECS_CONTAINER_METADATA_URI_V4}/task`.
pub(crate) async fn task(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Answer {
    live_task(&shared, &key).map(|(task, _)| Json(describe_task(&task)))
}

/// `${ECS_CONTAINER_METADATA_URI_V4}/taskWithTags`, where it is served.
pub(crate) async fn task_with_tags(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Answer {
    if shared.state().task_tags == TaskTags::NotServed {
        return Err(StatusCode::NOT_FOUND);
    }
    let (task, _) = live_task(&shared, &key)?;
    let tags: Map<String, Value> = task.tags.iter().map(|tag| (tag.key.clone(), json!(tag.value))).collect();
    let mut described = describe_task(&task);
    described["TaskTags"] = Value::Object(tags);
    Ok(Json(described))
}

/// The task and the place of the container that asks.
fn live_task(shared: &Shared, key: &str) -> Result<(Task, usize), StatusCode> {
    let state = shared.state();
    let found = state.ecs.tasks.by_key(key).filter(|(task, _)| task.status != Status::Stopped);
    found.map(|(task, place)| (task.clone(), place)).ok_or(StatusCode::NOT_FOUND)
}

fn describe_task(task: &Task) -> Value {
    let at = |time: Option<OffsetDateTime>| time.map(rfc3339);
    let containers: Vec<Value> = task.containers.iter().map(|one| describe_container(task, one)).collect();
    json!({
        "Cluster": task.cluster_arn,
        "TaskARN": task.arn,
        "Family": task.definition.family(),
        "Revision": task.definition.revision.to_string(),
        "DesiredStatus": if task.is_to_stop { "STOPPED" } else { "RUNNING" },
        "KnownStatus": name(task.status),
        "Limits": { "CPU": f64::from(task.need.cpu) / 1_024.0, "Memory": task.need.memory },
        "PullStartedAt": at(task.times.pull_started),
        "PullStoppedAt": at(task.times.pull_stopped),
        "AvailabilityZone": "eu-central-1a",
        "LaunchType": if matches!(task.place, Place::Fargate { .. }) { "FARGATE" } else { "EC2" },
        "Containers": containers,
    })
}

fn describe_container(task: &Task, container: &Container) -> Value {
    let image = task.definition.container(&container.name).map(|definition| &definition.image);
    json!({
        "DockerId": container.runtime_id,
        "Name": container.name,
        "DockerName": container.name,
        "Image": image,
        "Labels": {
            "com.amazonaws.ecs.cluster": task.cluster_arn,
            "com.amazonaws.ecs.container-name": container.name,
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": task.definition.family(),
            "com.amazonaws.ecs.task-definition-version": task.definition.revision.to_string(),
        },
        "DesiredStatus": if task.is_to_stop { "STOPPED" } else { "RUNNING" },
        "KnownStatus": name(container.status),
        "StartedAt": task.times.started.map(rfc3339),
        "ExitCode": container.exit_code,
        "Networks": networks(task),
        "Type": "NORMAL",
        "ContainerARN": view::container_arn(task, container),
        "Health": { "status": name(container.health) },
    })
}

fn networks(task: &Task) -> Value {
    let mode = &task.definition.input.network_mode;
    let address = task.network.as_ref().map_or("127.0.0.1", |network| network.address.as_str());
    json!([{ "NetworkMode": mode, "IPv4Addresses": [address] }])
}
