//! A task as DescribeTasks shows it, in our own terms.

#[cfg(test)]
mod fixture;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use aws_sdk_ecs::types;
use serde::{Serialize, Serializer};

/// A task's ARN.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskArn(String);

impl TaskArn {
    /// Takes ECS's word for it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part: what log streams and the console call the task.
    pub fn task_id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for TaskArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TaskArn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// `lastStatus`, in the order of a task's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Resources are being found.
    Provisioning,
    /// The image is being pulled.
    Pending,
    /// Between pull and start.
    Activating,
    /// The container runs.
    Running,
    /// The way to the end.
    Deactivating,
    /// The container was told to stop.
    Stopping,
    /// Resources are being given back.
    Deprovisioning,
    /// The end.
    Stopped,
}

impl Status {
    const NAMES: [(&'static str, Self); 9] = [
        ("PROVISIONING", Self::Provisioning),
        ("PENDING", Self::Pending),
        ("ACTIVATING", Self::Activating),
        ("RUNNING", Self::Running),
        ("DEACTIVATING", Self::Deactivating),
        ("STOPPING", Self::Stopping),
        ("DEPROVISIONING", Self::Deprovisioning),
        ("STOPPED", Self::Stopped),
        ("DELETED", Self::Stopped),
    ];

    /// Whether nothing will run in it any more.
    pub fn is_over(self) -> bool {
        self == Self::Stopped
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, status)| *status).ok_or(())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, status)| status == self).map_or("", |(name, _)| name);
        f.pad(name)
    }
}

/// `healthStatus` of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Not checked yet, or no check is defined.
    #[default]
    Unknown,
    /// The check passes.
    Healthy,
    /// The check fails.
    Unhealthy,
}

/// A container of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// How its process ended, where it came to one.
    pub exit_code: Option<i32>,
    /// What ECS says about it.
    pub reason: Option<String>,
    /// Its health.
    pub health: Health,
    /// Ports of the instance that lead to it.
    pub bindings: Vec<Binding>,
}

/// A port of an instance that leads to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Within the container.
    pub container_port: u16,
    /// On the instance.
    pub host_port: u16,
}

/// A task's own network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its id at EC2.
    pub interface: String,
    /// Its private address.
    pub private_ip: String,
}

/// Points in a task's life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// RunTask was taken.
    pub created: Option<SystemTime>,
    /// The pull began.
    pub pull_started: Option<SystemTime>,
    /// The pull ended.
    pub pull_stopped: Option<SystemTime>,
    /// The container ran.
    pub started: Option<SystemTime>,
    /// The container ended.
    pub execution_stopped: Option<SystemTime>,
    /// It was over.
    pub stopped: Option<SystemTime>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: TaskArn,
    /// Where its life stands.
    pub status: Status,
    /// Whether it is meant to stop.
    pub stopping: bool,
    /// The id, for ours.
    pub started_by: Option<String>,
    /// ECS's class of end.
    pub stop_code: Option<String>,
    /// ECS's words about the end.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Its points in time.
    pub times: Times,
    /// Its tags; StopTask deletes them.
    pub tags: BTreeMap<String, String>,
    /// The overrides' environment: what identity is read from when the tags are gone.
    pub environment: BTreeMap<String, String>,
    /// CPU units.
    pub cpu: Option<u32>,
    /// MiB.
    pub memory: Option<u32>,
    /// GiB of disk, on Fargate.
    pub ephemeral_storage: Option<u32>,
    /// `FARGATE` or `EC2`.
    pub launch_type: Option<String>,
    /// `FARGATE_SPOT`, or the name of one.
    pub capacity_provider: Option<String>,
    /// Its definition's ARN.
    pub task_definition: Option<String>,
    /// Its own network interface, with awsvpc, once it is attached.
    pub attached: Option<Attached>,
    /// ARN of the instance that it runs on, on EC2.
    pub container_instance: Option<String>,
}

impl Task {
    /// Takes the SDK's task apart; `None` without an ARN.
    pub fn from_sdk(task: &types::Task) -> Option<Self> {
        let status = task.last_status().and_then(|status| status.parse().ok()).unwrap_or(Status::Provisioning);
        Some(Self {
            arn: TaskArn::new(task.task_arn()?),
            status,
            stopping: task.desired_status() == Some("STOPPED"),
            started_by: task.started_by().map(str::to_owned),
            stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
            stopped_reason: task.stopped_reason().map(str::to_owned),
            containers: task.containers().iter().map(container).collect(),
            times: times(task),
            tags: task.tags().iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()))).collect(),
            environment: task.overrides().map(environment).unwrap_or_default(),
            cpu: task.cpu().and_then(|units| units.parse().ok()),
            memory: task.memory().and_then(|mib| mib.parse().ok()),
            ephemeral_storage: task.ephemeral_storage().and_then(|storage| u32::try_from(storage.size_in_gib()).ok()),
            launch_type: task.launch_type().map(|kind| kind.as_str().to_owned()),
            capacity_provider: task.capacity_provider_name().map(str::to_owned),
            task_definition: task.task_definition_arn().map(str::to_owned),
            attached: task.attachments().iter().find_map(attached),
            container_instance: task.container_instance_arn().map(str::to_owned),
        })
    }

    /// The container with a name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name == name)
    }

    /// Our container, where its name is not known here: a task's description does not say which one is PID 1's, and a runner's
    /// task has one that matters.
    pub fn runner_container(&self) -> Option<&Container> {
        self.container("runner").or(self.containers.first())
    }

    /// A fact about the launch, from its tags, else from its overrides: StopTask deletes tags.
    pub fn fact(&self, tag: &str, variable: &str) -> Option<&str> {
        self.tags.get(tag).or_else(|| self.environment.get(variable)).map(String::as_str)
    }
}

fn container(container: &types::Container) -> Container {
    let health = match container.health_status() {
        Some(types::HealthStatus::Healthy) => Health::Healthy,
        Some(types::HealthStatus::Unhealthy) => Health::Unhealthy,
        _ => Health::Unknown,
    };
    Container {
        name: container.name().unwrap_or_default().to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
        health,
        bindings: container.network_bindings().iter().filter_map(binding).collect(),
    }
}

fn binding(binding: &types::NetworkBinding) -> Option<Binding> {
    let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok());
    Some(Binding { container_port: port(binding.container_port())?, host_port: port(binding.host_port())? })
}

/// An interface that is still being made has no address; one that was taken away is none any more.
fn attached(attachment: &types::Attachment) -> Option<Attached> {
    let detail = |name: &str| {
        let found = attachment.details().iter().find(|detail| detail.name() == Some(name));
        found.and_then(|detail| detail.value()).map(str::to_owned)
    };
    let is_there = attachment.r#type() == Some("ElasticNetworkInterface") && attachment.status() == Some("ATTACHED");
    is_there.then_some(())?;
    Some(Attached { interface: detail("networkInterfaceId")?, private_ip: detail("privateIPv4Address")? })
}

fn times(task: &types::Task) -> Times {
    let at = |moment: Option<&aws_smithy_types::DateTime>| moment.and_then(|moment| SystemTime::try_from(*moment).ok());
    Times {
        created: at(task.created_at()),
        pull_started: at(task.pull_started_at()),
        pull_stopped: at(task.pull_stopped_at()),
        started: at(task.started_at()),
        execution_stopped: at(task.execution_stopped_at()),
        stopped: at(task.stopped_at()),
    }
}

fn environment(overrides: &types::TaskOverride) -> BTreeMap<String, String> {
    let pairs = overrides.container_overrides().iter().flat_map(|container| container.environment());
    pairs.filter_map(|pair| Some((pair.name()?.to_owned(), pair.value()?.to_owned()))).collect()
}
