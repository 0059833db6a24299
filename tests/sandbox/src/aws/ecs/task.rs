//! A task: what ECS knows about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::capacity::Need;
use super::definition::Definition;
use super::launch::Overrides;
use super::status::{Health, Status, StopCode};

/// A task, as it is at one moment.
#[derive(Clone, Debug)]
pub struct Task {
    /// The task's ARN.
    pub arn: String,
    /// The last part of the ARN: 32 hexadecimal digits.
    pub id: String,
    /// Name of its cluster.
    pub cluster: String,
    /// `lastStatus`.
    pub status: Status,
    /// Whether `desiredStatus` is STOPPED.
    pub is_to_stop: bool,
    /// Who started it, as RunTask was told.
    pub started_by: Option<String>,
    /// Its tags. StopTask deletes them.
    pub tags: Vec<Tag>,
    /// The overrides, as RunTask was told.
    pub overrides: Value,
    /// Its containers.
    pub containers: Vec<Container>,
    /// When things happened.
    pub times: Times,
    /// Why it stops or has stopped.
    pub stop: Option<Stop>,
    pub(crate) cluster_arn: String,
    pub(crate) group: String,
    pub(crate) definition: Arc<Definition>,
    pub(crate) place: Place,
    pub(crate) network: Option<Network>,
    pub(crate) need: Need,
    pub(crate) execute_command: bool,
    pub(crate) version: u32,
    pub(crate) read_overrides: Overrides,
    /// The unguessable part of the addresses that its containers are given, but for the containers' own ends.
    pub(crate) key: String,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    #[serde(default)]
    pub value: String,
}

/// When things happened; `None` for what has not.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// RunTask was answered.
    pub created: OffsetDateTime,
    /// The pull of the image began.
    pub pull_started: Option<OffsetDateTime>,
    /// The pull of the image ended.
    pub pull_stopped: Option<OffsetDateTime>,
    /// The task came to RUNNING.
    pub started: Option<OffsetDateTime>,
    /// The task was told to stop, or began to.
    pub stopping: Option<OffsetDateTime>,
    /// The last container ended.
    pub execution_stopped: Option<OffsetDateTime>,
    /// The task came to STOPPED.
    pub stopped: Option<OffsetDateTime>,
}

/// Why a task stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// `stopCode`.
    pub code: StopCode,
    /// `stoppedReason`.
    pub reason: String,
}

/// A container of a task.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name in the task definition.
    pub name: String,
    /// `lastStatus`: PENDING, RUNNING or STOPPED.
    pub status: Status,
    /// Its exit code, if it was ever started and has ended.
    pub exit_code: Option<i32>,
    /// What went wrong with it.
    pub reason: Option<String>,
    /// What the last health checks say.
    pub health: Health,
    /// Process id of its first process on this machine, while it runs.
    pub pid: Option<i32>,
    /// Digest of its image, where that is one of a repository.
    pub image_digest: Option<String>,
    /// Its ports, and where they are on this machine.
    pub bindings: Vec<Binding>,
    pub(crate) runtime_id: Option<String>,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// As the task definition has it.
    pub container_port: u16,
    /// As it is reached from outside.
    pub host_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// What a task runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Fargate { provider: Option<String>, platform: String },
    Ec2 { instance: String, provider: Option<String> },
}

impl Place {
    pub(crate) fn provider(&self) -> Option<&str> {
        match self {
            Self::Fargate { provider, .. } | Self::Ec2 { provider, .. } => provider.as_deref(),
        }
    }
}

/// The network interface of a task with a network of its own (`awsvpc`).
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) attachment: String,
    pub(crate) interface: String,
    pub(crate) subnet: String,
    pub(crate) groups: Vec<String>,
    /// The private address; where the task has a public one, it is the same.
    pub(crate) address: String,
    pub(crate) public: bool,
}

impl Network {
    pub(crate) fn dns_name(&self) -> String {
        format!("ip-{}.eu-central-1.compute.internal", self.address.replace('.', "-"))
    }
}

impl Task {
    /// The value of a tag.
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str())
    }

    /// The loopback address that its containers listen at, where it has a network of its own. It is the task's private
    /// address, and its public one where it has that.
    pub fn address(&self) -> Option<&str> {
        self.network.as_ref().map(|network| network.address.as_str())
    }

    /// The container of this name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name == name)
    }

    /// The exit code of its first container, once that has ended.
    pub fn exit_code(&self) -> Option<i32> {
        self.containers.first().and_then(|container| container.exit_code)
    }

    /// The container of this name.
    pub(crate) fn container_mut(&mut self, name: &str) -> Option<&mut Container> {
        self.containers.iter_mut().find(|container| container.name == name)
    }

    /// Comes to RUNNING once no container is still to start.
    pub(crate) fn run_if_all_do(&mut self, now: OffsetDateTime) {
        let all = self.containers.iter().all(|container| container.status >= Status::Running);
        if all && !self.is_to_stop && self.status < Status::Running {
            self.status = Status::Running;
            self.times.started = Some(now);
        }
    }

    /// The task's health: UNHEALTHY if one essential container is, else HEALTHY if all that are checked are.
    pub(crate) fn health(&self) -> Health {
        let essential = |name: &str| self.definition.container(name).is_some_and(|definition| definition.essential);
        let checked =
            |name: &str| self.definition.container(name).is_some_and(|definition| definition.health_check.is_some());
        let healths: Vec<Health> = self
            .containers
            .iter()
            .filter(|container| essential(&container.name) && checked(&container.name))
            .map(|container| container.health)
            .collect();
        if healths.contains(&Health::Unhealthy) {
            return Health::Unhealthy;
        }
        let all_healthy = !healths.is_empty() && healths.iter().all(|health| *health == Health::Healthy);
        if all_healthy { Health::Healthy } else { Health::Unknown }
    }

    /// The unguessable part of a container's addresses. Each container has its own, as its processes are known by it.
    pub(crate) fn container_key(&self, name: &str) -> String {
        let place = self.containers.iter().position(|container| container.name == name).unwrap_or_default();
        format!("{}-{place}", self.key)
    }

    /// Notes that the task is to end, and why. The first cause stands.
    pub(crate) fn end(&mut self, code: StopCode, reason: &str, now: OffsetDateTime) {
        self.is_to_stop = true;
        self.version += 1;
        self.times.stopping.get_or_insert(now);
        self.stop.get_or_insert_with(|| Stop { code, reason: reason.to_owned() });
    }
}

/// All tasks, also the stopped ones: ECS shows them for an hour at least, the sandbox for as long as it lives.
#[derive(Default)]
pub(crate) struct Tasks {
    by_id: BTreeMap<String, Task>,
    order: Vec<String>,
}

impl Tasks {
    pub(crate) fn add(&mut self, task: Task) {
        self.order.push(task.id.clone());
        self.by_id.insert(task.id.clone(), task);
    }

    pub(crate) fn in_order(&self) -> impl DoubleEndedIterator<Item = &Task> {
        self.order.iter().filter_map(|id| self.by_id.get(id))
    }

    /// By id or by ARN.
    pub(crate) fn find(&self, given: &str) -> Option<&Task> {
        self.by_id.get(id_of(given)).filter(|task| !given.starts_with("arn:") || task.arn == given)
    }

    pub(crate) fn find_mut(&mut self, given: &str) -> Option<&mut Task> {
        self.by_id.get_mut(id_of(given)).filter(|task| !given.starts_with("arn:") || task.arn == given)
    }

    /// The task and the place of its container that was given this address, as [`Task::container_key`] makes it.
    pub(crate) fn by_key(&self, key: &str) -> Option<(&Task, usize)> {
        let (task, place) = key.rsplit_once('-')?;
        let task = self.by_id.values().find(|known| known.key == task)?;
        let place = (0..task.containers.len()).find(|number| number.to_string() == place)?;
        Some((task, place))
    }
}

fn id_of(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}
