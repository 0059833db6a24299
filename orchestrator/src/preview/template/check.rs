//! Faults that ECS would tell of one by one, or never: told at once, before anything is registered.

use std::collections::{BTreeMap, BTreeSet};

use super::container::{Container, Dependency, Essential};
use super::{NetworkMode, Platform, Template};
use crate::config::Faults;
use crate::preview::supervise::{INSTALLER, VOLUME};

/// Checks the parts of a template against one another.
pub(super) fn check(template: &Template, faults: &mut Faults) {
    let mut found = Vec::new();
    names(template, &mut found);
    for container in &template.containers {
        let told = |fault| format!("container \"{}\": {fault}", container.name);
        let mut own = Vec::new();
        dependencies(template, container, &mut own);
        mounts(template, container, &mut own);
        limits(container, &mut own);
        found.extend(own.into_iter().map(told));
    }
    if let Some(circle) = circle(template) {
        found.push(format!("containers wait for one another in a circle: {}", circle.join(" -> ")));
    }
    for fault in found {
        faults.add(&template.origin, fault);
    }
}

fn names(template: &Template, found: &mut Vec<String>) {
    let containers = template.containers.iter().map(|container| ("container", container.name.as_str()));
    let volumes = template.volumes.iter().map(|volume| ("volume", volume.name.as_str()));
    let mut seen = BTreeSet::new();
    for (kind, name) in containers.chain(volumes) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 255 || !name.chars().all(allowed) {
            found.push(format!("{kind} \"{name}\": a name has up to 255 letters, digits, hyphens and underscores"));
        }
        if (kind, name) == ("container", INSTALLER) || (kind, name) == ("volume", VOLUME) {
            found.push(format!("{kind} \"{name}\": the name is taken by the supervisor; rename it"));
        }
        if !seen.insert((kind, name)) {
            found.push(format!("{kind} \"{name}\" is there twice"));
        }
    }
}

fn dependencies(template: &Template, container: &Container, found: &mut Vec<String>) {
    for Dependency { container_name: name, condition } in &container.depends_on {
        let Some(other) = template.container(name) else {
            found.push(format!("depends on \"{name}\", which is not there"));
            continue;
        };
        if condition.is_an_end() && other.essential == Essential::Yes {
            let fix = "make it an init container, or essential: false";
            found.push(format!(
                "waits for the {condition} of \"{name}\", which is essential: the preview would end with it; {fix}"
            ));
        }
        if *condition == super::Condition::Healthy && other.health_check.is_none() {
            let fix = "give it one: ECS does not use the image's own";
            found.push(format!("waits until \"{name}\" is HEALTHY, which has no health check; {fix}"));
        }
    }
}

fn mounts(template: &Template, container: &Container, found: &mut Vec<String>) {
    for mount in &container.mounts {
        let name = &mount.source_volume;
        if !template.volumes.iter().any(|volume| volume.name == *name) {
            found.push(format!("mounts the volume \"{name}\", which is not declared; add it to the volumes"));
        }
    }
}

/// ECS's limits (API reference, ContainerDefinition and HealthCheck).
fn limits(container: &Container, found: &mut Vec<String>) {
    let mut within = |name: &str, value: Option<u32>, least: u32, most: u32| {
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            found.push(format!("{name}: {} is not from {least} to {most}", value.unwrap_or_default()));
        }
    };
    within("memory", container.memory, 6, 768 * 1024);
    within("memory reservation", container.memory_reservation, 6, 768 * 1024);
    if let Some(check) = &container.health_check {
        within("health check interval", check.interval, 5, 300);
        within("health check timeout", check.timeout, 2, 60);
        within("health check retries", check.retries, 1, 10);
        within("health check start period", check.start_period, 0, 300);
        if !matches!(check.command.first().map(String::as_str), Some("CMD" | "CMD-SHELL" | "NONE")) {
            found.push("the health check's command must begin with CMD or CMD-SHELL".to_owned());
        }
    }
    if container.ports.iter().any(|port| port.container_port == 0) {
        found.push("0 is no port".to_owned());
    }
}

/// Containers that wait for one another, each named by the one before.
fn circle(template: &Template) -> Option<Vec<String>> {
    let waits = |container: &Container| -> Vec<String> {
        container.depends_on.iter().map(|dependency| dependency.container_name.clone()).collect()
    };
    let mut left: BTreeMap<&str, Vec<String>> =
        template.containers.iter().map(|container| (container.name.as_str(), waits(container))).collect();
    // Whoever waits for nobody that is left can start, until nobody can.
    while let Some(ready) =
        left.iter().find(|(_, others)| !others.iter().any(|other| left.contains_key(other.as_str())))
    {
        let ready = *ready.0;
        left.remove(ready);
    }
    let mut name = *left.keys().next()?;
    let mut circle = Vec::new();
    while !circle.iter().any(|seen| seen == name) {
        circle.push(name.to_owned());
        let next = left[name].iter().find_map(|other| left.get_key_value(other.as_str()));
        name = next.map(|(next, _)| *next).expect("whoever is left waits for somebody who is left");
    }
    let start = circle.iter().position(|seen| seen == name).unwrap_or(0);
    circle.push(name.to_owned());
    Some(circle.split_off(start))
}

/// Networks of a preview by their names at ECS.
pub(super) fn network_mode(name: &str) -> Result<NetworkMode, String> {
    match name {
        "awsvpc" => Ok(NetworkMode::Awsvpc),
        "bridge" => Ok(NetworkMode::Bridge),
        "host" => Err("host: two previews would fight for the instance's ports; use bridge or awsvpc".to_owned()),
        "none" => Err("none: nobody could reach the preview; use bridge or awsvpc".to_owned()),
        _ => Err(format!("\"{name}\" is not a network of ECS; use bridge or awsvpc")),
    }
}

/// A platform by its architecture.
pub(super) fn architecture(name: &str) -> Result<Platform, String> {
    match name.to_ascii_lowercase().as_str() {
        "x86_64" | "amd64" => Ok(Platform::linux("X86_64")),
        "arm64" | "aarch64" => Ok(Platform::linux("ARM64")),
        _ => Err(format!("\"{name}\" is neither x86_64 nor arm64")),
    }
}
