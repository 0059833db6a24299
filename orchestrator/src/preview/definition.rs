//! What is registered at ECS for a template and an image: rendered purely, as the plain JSON of RegisterTaskDefinition, so
//! that members of an exported definition that no SDK has heard of pass through.
//!
//! It depends on template and image alone, so that a revision is found again by its [`Fingerprint`]. The lease of one launch
//! stands in RunTask's override: [`Definition::launch_command`].

mod cage;
mod family;
mod fingerprint;
mod network;
mod size;
mod wrap;

#[cfg(test)]
mod tests;

pub use self::cage::Cage;
pub use self::family::Family;
pub use self::fingerprint::Fingerprint;
pub use self::wrap::Supervisor;

use serde_json::{Map, Value, json};

use super::supervise::{Lease, Watch, supervise_arguments};
use super::template::{Container, Entrance, Image, Logging, NetworkMode, Size, Template};
use crate::config::{ConfigError, Faults};
use crate::model::LaunchMode;

/// Fargate's longest `stopTimeout` (ECS developer guide, "Task definition parameters for Fargate").
const LONGEST_STOP: u32 = 120;

/// What a template is rendered for.
#[derive(Clone, Debug)]
pub struct Rendering<'r> {
    /// The slot's family.
    pub family: &'r Family,
    /// The image of the pull request, pinned by its digest.
    pub image: &'r str,
    /// Where it is to run; `local` has no definition.
    pub mode: LaunchMode,
    /// Stands over the template's size.
    pub size: Size,
    /// How the supervisor gets to the app.
    pub supervisor: Supervisor<'r>,
    /// Log group for containers that name none; the template's own group stands over it.
    pub logs: Option<Logs<'r>>,
    /// Whether the code is a stranger's.
    pub cage: Cage,
}

/// Where lines go.
#[derive(Clone, Copy, Debug)]
pub struct Logs<'r> {
    /// The group, where the template names none.
    pub group: Option<&'r str>,
    /// The region that it is in.
    pub region: &'r str,
}

/// A task definition that is ready to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    family: String,
    members: Map<String, Value>,
    app: String,
    app_command: Option<Vec<String>>,
    entrance: Option<Entrance>,
    network_mode: NetworkMode,
    size: Size,
    notes: Vec<String>,
}

impl Definition {
    /// Renders a template.
    ///
    /// # Errors
    /// Everything that ECS would refuse, or that would leave a preview without an end, or a fork without its cage.
    pub fn render(template: &Template, rendering: &Rendering<'_>) -> Result<Self, ConfigError> {
        let (mut template, mut faults) = (template.clone(), Faults::default());
        let mut found = Vec::new();
        if rendering.cage == Cage::Fork {
            cage::close(&mut template, rendering.mode, &mut found);
        }
        let network_mode = network::settle(&mut template, rendering.mode, &mut found);
        let app_command = wrap::wrap(&mut template, &rendering.supervisor, &mut found);
        let size = size::settle(&template, rendering.size, rendering.mode, &mut found);
        complete(&mut template, rendering, size, &mut found);
        for fault in found {
            faults.add(&template.origin, fault);
        }
        let definition = Self {
            family: rendering.family.to_string(),
            members: members(&template, rendering.mode, network_mode, size),
            app: template.app,
            app_command,
            entrance: template.entrance,
            network_mode,
            size,
            notes: template.notes,
        };
        faults.into_result(Some(definition))
    }

    /// The input of RegisterTaskDefinition.
    pub fn request(&self, tags: &[(&str, String)]) -> Value {
        let mut members = self.members.clone();
        members.insert("family".to_owned(), json!(self.family));
        if !tags.is_empty() {
            let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
            members.insert("tags".to_owned(), Value::Array(tags));
        }
        Value::Object(members)
    }

    /// What is the same for definitions that do the same.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.members)
    }

    /// The supervised container, which RunTask's override names.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// What goes behind `--`; none: the image's own words, with the lease that they hold.
    pub fn app_command(&self) -> Option<&[String]> {
        self.app_command.as_deref()
    }

    /// The `command` of RunTask's override for the app; none: the override must leave it alone.
    pub fn launch_command(&self, lease: &Lease, watch: &Watch) -> Option<Vec<String>> {
        self.app_command.as_ref().map(|command| wrap::command(&supervise_arguments(lease, watch), command))
    }

    /// Where the app is reached.
    pub fn entrance(&self) -> Option<&Entrance> {
        self.entrance.as_ref()
    }

    /// The entrance, if the supervisor can look at it on 127.0.0.1: a proxy on a bridge has a network of its own.
    pub fn entrance_seen_from_app(&self) -> Option<&Entrance> {
        let shared = self.network_mode == NetworkMode::Awsvpc;
        self.entrance.as_ref().filter(|entrance| shared || entrance.container == self.app)
    }

    /// The network.
    pub const fn network_mode(&self) -> NetworkMode {
        self.network_mode
    }

    /// The task's size, for its price.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The family.
    pub fn family(&self) -> &str {
        &self.family
    }

    /// What was understood differently than it was written, the template's notes first.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Images, log groups and stop timeouts: what is the same for all containers.
fn complete(template: &mut Template, rendering: &Rendering<'_>, size: Size, found: &mut Vec<String>) {
    let group = template.hints.log_group.clone();
    if rendering.mode == LaunchMode::Local {
        found.push("launch mode local has no task definition".to_owned());
    }
    for container in &mut template.containers {
        if container.image == Image::Preview {
            container.image = Image::Named(rendering.image.to_owned());
        }
        if container.logging.is_none() {
            container.logging = rendering.logs.and_then(|logs| awslogs(logs, group.as_deref(), &container.name));
        }
        if size.memory.is_none() && container.name == super::supervise::INSTALLER {
            container.memory_reservation = Some(INSTALLER_MEMORY);
        }
        check_stop(container, rendering.mode, found);
    }
    let logs = template.containers.iter().any(|container| container.logging.is_some());
    let secrets = template.containers.iter().any(|container| !container.secrets.is_empty());
    if template.execution_role.is_none() && (secrets || (logs && rendering.mode.is_fargate())) {
        let for_what = if secrets { "secrets" } else { "awslogs on Fargate" };
        found.push(format!("has no execution role, which ECS wants for {for_what}; set execution_role"));
    }
}

/// MiB kept for the container that copies the supervisor, where no task size does.
const INSTALLER_MEMORY: u32 = 16;

fn awslogs(logs: Logs<'_>, own_group: Option<&str>, prefix: &str) -> Option<Logging> {
    let group = own_group.or(logs.group)?;
    let options = [("awslogs-group", group), ("awslogs-region", logs.region), ("awslogs-stream-prefix", prefix)];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Logging { log_driver: "awslogs".to_owned(), options: options.into(), ..Logging::default() })
}

fn check_stop(container: &Container, mode: LaunchMode, found: &mut Vec<String>) {
    let Some(seconds) = container.stop_timeout.filter(|_| mode.is_fargate()) else { return };
    if !(2..=LONGEST_STOP).contains(&seconds) {
        let told = format!("stop timeout: Fargate takes 2 to {LONGEST_STOP} seconds, not {seconds}");
        found.push(format!("container \"{}\": {told}", container.name));
    }
}

fn members(template: &Template, mode: LaunchMode, network_mode: NetworkMode, size: Size) -> Map<String, Value> {
    let mut members = template.extra.clone();
    let mut add = |name: &str, value: Option<Value>| {
        members.extend(value.map(|value| (name.to_owned(), value)));
    };
    let compatibility = if mode.is_fargate() { "FARGATE" } else { "EC2" };
    add("containerDefinitions", Some(json!(template.containers)));
    add("networkMode", Some(json!(network_mode)));
    add("requiresCompatibilities", Some(json!([compatibility])));
    add("volumes", Some(json!(template.volumes)).filter(|_| !template.volumes.is_empty()));
    // ECS writes both as texts.
    add("cpu", size.cpu.map(|units| json!(units.to_string())));
    add("memory", size.memory.map(|mib| json!(mib.to_string())));
    add("executionRoleArn", template.execution_role.as_ref().map(|role| json!(role)));
    add("taskRoleArn", template.task_role.as_ref().map(|role| json!(role)));
    add("runtimePlatform", template.platform.as_ref().map(|platform| json!(platform)));
    add("ephemeralStorage", template.ephemeral_storage.map(|size| json!({ "sizeInGiB": size })));
    members
}
