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
use crate::aws::identity::TASK_CREDENTIALS;
use crate::aws::shared::Shared;
use crate::clock::rfc3339;

type Answer = Result<Json<Value>, StatusCode>;

/// `$AWS_CONTAINER_CREDENTIALS_FULL_URI`: fresh credentials each time, for as long as the task lives. The path is the
/// only protection, as it is in ECS.
pub(crate) async fn credentials(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Answer {
    let task = live_task(&shared, &key)?;
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

/// `${ECS_CONTAINER_METADATA_URI_V4}`. All containers of a task share one address here, so it is the first one.
pub(crate) async fn container(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Answer {
    let task = live_task(&shared, &key)?;
    task.containers.first().map(|first| Json(describe_container(&task, first))).ok_or(StatusCode::NOT_FOUND)
}

/// `${ECS_CONTAINER_METADATA_URI_V4}/task`.
pub(crate) async fn task(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Answer {
    live_task(&shared, &key).map(|task| Json(describe_task(&task)))
}

/// `${ECS_CONTAINER_METADATA_URI_V4}/taskWithTags`.
pub(crate) async fn task_with_tags(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Answer {
    let task = live_task(&shared, &key)?;
    let tags: Map<String, Value> = task.tags.iter().map(|tag| (tag.key.clone(), json!(tag.value))).collect();
    let mut described = describe_task(&task);
    described["TaskTags"] = Value::Object(tags);
    Ok(Json(described))
}

fn live_task(shared: &Shared, key: &str) -> Result<Task, StatusCode> {
    let task = shared.state().ecs.tasks.by_key(key).filter(|task| task.status != Status::Stopped).cloned();
    task.ok_or(StatusCode::NOT_FOUND)
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
        "Type": "NORMAL",
        "ContainerARN": view::container_arn(task, container),
        "Health": { "status": name(container.health) },
    })
}
