//! A fork's code is a stranger's. It gets no role and no secret, and no way to the instance.

use serde_json::Value;

use super::super::template::{Container, Template};
use crate::model::LaunchMode;

/// Whose code it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cage {
    /// The repository's.
    #[default]
    Open,
    /// A fork's.
    Fork,
}

/// Members of a container that hold secrets, or name where they are.
const SECRET: [&str; 2] = ["environmentFiles", "credentialSpecs"];

/// Takes out what a stranger must not have, and refuses what cannot be taken out.
pub(super) fn close(template: &mut Template, mode: LaunchMode, found: &mut Vec<String>) {
    let mut removed = Vec::new();
    if template.task_role.take().is_some() {
        removed.push("the task role".to_owned());
    }
    for container in &mut template.containers {
        take_secrets(container, &mut removed);
        find_ways_out(container, found);
    }
    for volume in &template.volumes {
        let host = volume.host.as_ref().is_some_and(|host| host.source_path.is_some());
        if host || !volume.extra.is_empty() {
            found.push(format!(
                "volume \"{}\": a fork gets no data from outside its task; use an empty volume",
                volume.name
            ));
        }
    }
    for name in ["pidMode", "ipcMode"].into_iter().filter(|name| template.extra.contains_key(*name)) {
        found.push(format!("{name}: a fork's processes stay among themselves; remove it"));
    }
    template.notes.extend(removed.iter().map(|what| format!("fork: {what} is left out")));
    if mode == LaunchMode::Ec2 {
        let text = "fork on EC2: keep tasks from the instance's own role (hop limit 1, ECS_AWSVPC_BLOCK_IMDS=true)";
        template.notes.push(text.to_owned());
    }
}

fn take_secrets(container: &mut Container, removed: &mut Vec<String>) {
    let name = container.name.clone();
    for (secret, _) in std::mem::take(&mut container.secrets) {
        removed.push(format!("the secret {secret} of container \"{name}\""));
    }
    for member in SECRET.into_iter().filter(|member| container.extra.remove(*member).is_some()) {
        removed.push(format!("{member} of container \"{name}\""));
    }
    if container.logging.as_mut().is_some_and(|logging| logging.extra.remove("secretOptions").is_some()) {
        removed.push(format!("the secret log options of container \"{name}\""));
    }
}

fn find_ways_out(container: &Container, found: &mut Vec<String>) {
    let told = |what: &str| format!("container \"{}\": a fork may not be {what}; remove it", container.name);
    if container.extra.get("privileged") == Some(&Value::Bool(true)) {
        found.push(told("privileged"));
    }
    let linux = container.extra.get("linuxParameters");
    let has = |path: &str| {
        linux.and_then(|linux| linux.pointer(path)).and_then(Value::as_array).is_some_and(|l| !l.is_empty())
    };
    if has("/capabilities/add") {
        found.push(told("given capabilities"));
    }
    if has("/devices") {
        found.push(told("given devices"));
    }
}
