//! Network, ports and folders of the host, by launch mode.

use super::super::template::{Container, NetworkMode, Template};
use crate::model::LaunchMode;

/// Decides the network and makes the template fit it.
pub(super) fn settle(template: &mut Template, mode: LaunchMode, found: &mut Vec<String>) -> NetworkMode {
    let network = choose(template.network_mode, mode, found);
    let mut notes = Vec::new();
    for container in &mut template.containers {
        settle_ports(container, network, &mut notes);
    }
    if mode.is_fargate() {
        refuse_host_paths(template, found);
    } else if template.ephemeral_storage.take().is_some() {
        notes.push("ephemeral storage is left out: it is a setting of Fargate".to_owned());
    }
    template.notes.extend(notes);
    network
}

fn choose(wanted: Option<NetworkMode>, mode: LaunchMode, found: &mut Vec<String>) -> NetworkMode {
    match (wanted, mode.is_fargate()) {
        (Some(NetworkMode::Bridge), true) => {
            found.push(
                "network mode bridge is one of EC2 instances; Fargate has awsvpc alone, or use --launch-mode ec2"
                    .to_owned(),
            );
            NetworkMode::Awsvpc
        }
        (_, true) => NetworkMode::Awsvpc,
        (wanted, false) => wanted.unwrap_or(NetworkMode::Bridge),
    }
}

/// On a bridge the instance chooses the port, or a second preview would not start beside the first one. Under awsvpc there is
/// no other port than the container's.
fn settle_ports(container: &mut Container, network: NetworkMode, notes: &mut Vec<String>) {
    let name = &container.name;
    for port in &mut container.ports {
        let fixed = port.host_port.filter(|host| *host != 0 && *host != port.container_port);
        let reached = match network {
            NetworkMode::Awsvpc => format!("port {} is", port.container_port),
            NetworkMode::Bridge => "the instance chooses one that is".to_owned(),
        };
        notes.extend(
            fixed.map(|host| format!("container \"{name}\": port {host} of the host is not used; {reached} reached")),
        );
        port.host_port = (network == NetworkMode::Bridge).then_some(0);
    }
}

fn refuse_host_paths(template: &Template, found: &mut Vec<String>) {
    for volume in &template.volumes {
        if let Some(path) = volume.host.as_ref().and_then(|host| host.source_path.as_ref()) {
            let fix = "put the files into the image, use an empty volume, or --launch-mode ec2";
            found.push(format!("volume \"{}\": Fargate has no folder {path} of a host; {fix}", volume.name));
        }
    }
}
