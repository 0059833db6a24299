//! A container of a task definition.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::refuse;
use crate::aws::wire::Refusal;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerDefinition {
    pub(crate) name: String,
    pub(crate) image: String,
    #[serde(default)]
    pub(crate) cpu: u32,
    pub(crate) memory: Option<u32>,
    pub(crate) memory_reservation: Option<u32>,
    #[serde(default = "yes")]
    pub(crate) essential: bool,
    /// Replaces the image's ENTRYPOINT, and with it the image's CMD.
    #[serde(default)]
    pub(crate) entry_point: Vec<String>,
    #[serde(default)]
    pub(crate) command: Vec<String>,
    #[serde(default)]
    pub(crate) depends_on: Vec<Dependency>,
    #[serde(default)]
    pub(crate) mount_points: Vec<MountPoint>,
    #[serde(default)]
    pub(crate) volumes_from: Vec<VolumesFrom>,
    #[serde(default)]
    pub(crate) port_mappings: Vec<PortMapping>,
    #[serde(default)]
    pub(crate) privileged: bool,
    pub(crate) working_directory: Option<String>,
    /// Seconds.
    pub(crate) start_timeout: Option<u64>,
    #[serde(default)]
    pub(crate) environment: Vec<Variable>,
    #[serde(default)]
    pub(crate) secrets: Vec<SecretReference>,
    /// Seconds.
    pub(crate) stop_timeout: Option<u64>,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) log_configuration: Option<LogConfiguration>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependency {
    pub(crate) container_name: String,
    pub(crate) condition: Condition,
}

/// What a container waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Condition {
    /// The other one runs.
    Start,
    /// It has ended.
    Complete,
    /// It has ended with 0.
    Success,
    /// Its health check passes.
    Healthy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MountPoint {
    pub(crate) source_volume: String,
    pub(crate) container_path: String,
    /// Processes are not kept from writing; containers of an engine are.
    #[serde(default)]
    pub(crate) read_only: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VolumesFrom {
    pub(crate) source_container: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortMapping {
    pub(crate) container_port: u16,
    #[serde(default)]
    pub(crate) host_port: u16,
    pub(crate) protocol: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Variable {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) value: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretReference {
    pub(crate) name: String,
    pub(crate) value_from: String,
}

/// Times in seconds; the defaults are ECS's.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HealthCheck {
    pub(crate) command: Vec<String>,
    #[serde(default = "thirty")]
    pub(crate) interval: u64,
    #[serde(default = "five")]
    pub(crate) timeout: u64,
    #[serde(default = "three")]
    pub(crate) retries: u32,
    #[serde(default)]
    pub(crate) start_period: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogConfiguration {
    pub(crate) log_driver: String,
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
}

const fn yes() -> bool {
    true
}

const fn thirty() -> u64 {
    30
}

const fn five() -> u64 {
    5
}

const fn three() -> u32 {
    3
}

impl ContainerDefinition {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let named = |text: &str| refuse(format!("Container '{}': {text}", self.name));
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || self.name.len() > 255 || !self.name.chars().all(allowed) || self.image.is_empty() {
            return named("a name of letters, digits, hyphens and underscores, and an image, are required.");
        }
        if self.log_configuration.as_ref().is_some_and(|log| log.log_driver != "awslogs") {
            return named("the sandbox has the log driver 'awslogs' only.");
        }
        if self.mount_points.iter().any(|mount| !mount.container_path.starts_with('/')) {
            return named("a mount point's containerPath must be absolute.");
        }
        self.health_check.as_ref().map_or(Ok(()), |check| check.check(&self.name))
    }

    /// In a network of the task's own there is nothing to map.
    pub(super) fn check_ports(&self, own_network: bool) -> Result<(), Refusal> {
        let differs = |port: &PortMapping| port.host_port != 0 && port.host_port != port.container_port;
        if own_network && self.port_mappings.iter().any(differs) {
            return refuse("When networkMode=awsvpc, the host ports and container ports in port mappings must match.");
        }
        if self.port_mappings.iter().any(|port| port.container_port == 0) {
            return refuse(format!("Invalid 'containerPort' setting for container '{}'.", self.name));
        }
        Ok(())
    }
}

impl HealthCheck {
    fn check(&self, container: &str) -> Result<(), Refusal> {
        let named = |text: &str| refuse(format!("Container '{container}': {text}"));
        if !matches!(self.command.first().map(String::as_str), Some("CMD" | "CMD-SHELL" | "NONE")) {
            return named("the health check command must begin with CMD, CMD-SHELL or NONE.");
        }
        let limits =
            [(self.interval, 5, 300), (self.timeout, 2, 60), (self.retries.into(), 1, 10), (self.start_period, 0, 300)];
        match limits.iter().all(|(value, least, most)| (least..=most).contains(&value)) {
            true => Ok(()),
            false => named("health check: interval 5-300, timeout 2-60, retries 1-10, startPeriod 0-300."),
        }
    }
}
