//! `dependsOn`: what RegisterTaskDefinition refuses of it.

use super::container::{Condition, ContainerDefinition, Dependency};
use super::refuse;
use crate::aws::wire::Refusal;

/// Refuses dependencies that cannot be met (ECS API reference, "ContainerDependency").
pub(super) fn check(containers: &[ContainerDefinition]) -> Result<(), Refusal> {
    for container in containers {
        for dependency in &container.depends_on {
            check_one(containers, container, dependency)?;
        }
    }
    match containers.iter().find(|container| reaches(containers, container, &container.name, containers.len())) {
        Some(container) => {
            refuse(format!("Circular dependency between containers: '{}' depends on itself.", container.name))
        }
        None => Ok(()),
    }
}

fn check_one(
    containers: &[ContainerDefinition],
    container: &ContainerDefinition,
    dependency: &Dependency,
) -> Result<(), Refusal> {
    let name = &dependency.container_name;
    let Some(other) = containers.iter().find(|other| other.name == *name) else {
        return refuse(format!("Container '{}' depends on container '{name}', which does not exist.", container.name));
    };
    match dependency.condition {
        Condition::Complete | Condition::Success if other.essential => refuse(format!(
            "Container '{name}' is essential: the conditions COMPLETE and SUCCESS cannot be set on an essential \
             container."
        )),
        Condition::Healthy if other.health_check.is_none() => {
            refuse(format!("Container '{name}' has no health check: the condition HEALTHY requires one."))
        }
        _ => Ok(()),
    }
}

/// Whether the way of dependencies leads from the container to this name, in at most so many steps.
fn reaches(containers: &[ContainerDefinition], from: &ContainerDefinition, name: &str, steps: usize) -> bool {
    let mut next = from
        .depends_on
        .iter()
        .filter_map(|dependency| containers.iter().find(|container| container.name == dependency.container_name));
    steps > 0 && next.any(|container| container.name == name || reaches(containers, container, name, steps - 1))
}
