//! The ports of a container on this machine.

use std::net::{Ipv4Addr, TcpListener};

use super::Failure;
use crate::aws::ecs::definition::{ContainerDefinition, PortMapping};
use crate::aws::ecs::task::{Binding, Task};

/// In a network of its own a task has the ports that it wants. Else all tasks share this machine's, and where the
/// definition leaves the port open (0) a free one is taken.
pub(super) fn bind(task: &Task, container: &ContainerDefinition) -> Result<Vec<Binding>, Failure> {
    let open = task.definition.input.network_mode == "bridge";
    let bind = |port: &PortMapping| {
        let host_port = match (open, port.host_port) {
            (true, 0) => free()?,
            (true, given) => given,
            (false, _) => port.container_port,
        };
        let protocol = port.protocol.clone().unwrap_or_else(|| "tcp".to_owned());
        Ok(Binding { container_port: port.container_port, host_port, protocol })
    };
    container.port_mappings.iter().map(bind).collect()
}

/// A port that nobody listens at just now.
fn free() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let failed = |fault| Failure(format!("CannotStartContainerError: there is no free port: {fault}"));
    listener.map(|address| address.port()).map_err(failed)
}
