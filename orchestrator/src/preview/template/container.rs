//! One container. It is written as ECS writes it: what ECS exports can be read, what is rendered can be registered, and
//! members that mean nothing here pass through.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A container of a preview.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Unique within the template.
    pub name: String,
    /// What it runs.
    #[serde(default)]
    pub image: Image,
    /// Whether its end is the task's end.
    #[serde(default)]
    pub essential: Essential,
    /// Stands before the command; empty: the image's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entry_point: Vec<String>,
    /// Empty: the image's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Variables in clear text.
    #[serde(default, with = "environment", skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Variables from SSM or Secrets Manager: a name or an ARN for each.
    #[serde(default, with = "secrets", skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// Where it listens.
    #[serde(default, rename = "portMappings", skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// Volumes and where they are.
    #[serde(default, rename = "mountPoints", skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// What comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Dependency>,
    /// How ECS sees that it is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// CPU units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<u32>,
    /// MiB; it is killed above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// MiB that are kept for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<u32>,
    /// User, or user:group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where its command starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// Where its lines go.
    #[serde(default, rename = "logConfiguration", skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// Seconds between SIGTERM and SIGKILL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<u32>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Container {
    /// A container of which only the name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// What is executed, in so far as the template says it.
    pub fn words(&self) -> Vec<String> {
        self.entry_point.iter().chain(&self.command).cloned().collect()
    }

    /// MiB that a task must have for it.
    pub fn reserved_memory(&self) -> u32 {
        self.memory_reservation.or(self.memory).unwrap_or(0)
    }
}

/// What a container runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Image {
    /// The image of the pull request.
    #[default]
    Preview,
    /// An image that is the same for all.
    Named(String),
}

impl From<String> for Image {
    fn from(reference: String) -> Self {
        if reference.is_empty() { Self::Preview } else { Self::Named(reference) }
    }
}

impl From<Image> for String {
    fn from(image: Image) -> Self {
        match image {
            Image::Preview => Self::new(),
            Image::Named(reference) => reference,
        }
    }
}

/// Whether a container's end is the task's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum Essential {
    /// It is.
    #[default]
    Yes,
    /// The others go on.
    No,
}

impl From<bool> for Essential {
    fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }
}

impl From<Essential> for bool {
    fn from(essential: Essential) -> Self {
        essential == Essential::Yes
    }
}

/// What a container may do with a volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub enum Access {
    /// Read and write.
    #[default]
    ReadWrite,
    /// Read.
    ReadOnly,
}

impl From<bool> for Access {
    fn from(read_only: bool) -> Self {
        if read_only { Self::ReadOnly } else { Self::ReadWrite }
    }
}

impl From<Access> for bool {
    fn from(access: Access) -> Self {
        access == Access::ReadOnly
    }
}

/// `portMappings[]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// Where the container listens.
    pub container_port: u16,
    /// Where the instance does; 0: anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_port: Option<u16>,
    /// TCP where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Name, application protocol.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Port {
    /// Whether HTTP can come this way.
    pub fn is_tcp(&self) -> bool {
        self.protocol != Some(Protocol::Udp)
    }
}

/// Protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// `mountPoints[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// The volume.
    pub source_volume: String,
    /// Where it is.
    pub container_path: String,
    /// What may be done.
    #[serde(default, rename = "readOnly")]
    pub access: Access,
}

/// `dependsOn[]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// The other container.
    pub container_name: String,
    /// What it must have reached.
    pub condition: Condition,
}

/// What another container must have reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Condition {
    /// It was started.
    #[serde(alias = "start")]
    Start,
    /// It ended.
    #[serde(alias = "complete")]
    Complete,
    /// It ended with 0.
    #[serde(alias = "success")]
    Success,
    /// Its health check passed.
    #[serde(alias = "healthy")]
    Healthy,
}

impl Condition {
    /// Whether the other container has ended by then. ECS does not take that of an essential one.
    pub const fn is_an_end(self) -> bool {
        matches!(self, Self::Complete | Self::Success)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "START",
            Self::Complete => "COMPLETE",
            Self::Success => "SUCCESS",
            Self::Healthy => "HEALTHY",
        })
    }
}

/// `healthCheck`; times in seconds. A Dockerfile's own means nothing to ECS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// Begins with `CMD` or `CMD-SHELL`.
    pub command: Vec<String>,
    /// Between two checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
    /// Of one check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// Failures in a row that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// During which failures do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<u32>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `logConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Logging {
    /// `awslogs`.
    pub log_driver: String,
    /// Its settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Settings that are secrets.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A map that ECS writes as a list of pairs.
macro_rules! pairs {
    ($module:ident, $value:literal) => {
        mod $module {
            use std::collections::BTreeMap;

            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            #[derive(Serialize, Deserialize)]
            struct Pair {
                name: String,
                #[serde(rename = $value, default)]
                value: String,
            }

            pub(super) fn serialize<S: Serializer>(map: &BTreeMap<String, String>, to: S) -> Result<S::Ok, S::Error> {
                to.collect_seq(map.iter().map(|(name, value)| Pair { name: name.clone(), value: value.clone() }))
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<BTreeMap<String, String>, D::Error> {
                let pairs = Vec::<Pair>::deserialize(from)?;
                Ok(pairs.into_iter().map(|pair| (pair.name, pair.value)).collect())
            }
        }
    };
}

pairs!(environment, "value");
pairs!(secrets, "valueFrom");
