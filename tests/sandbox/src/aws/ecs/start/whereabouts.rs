//! Where a container is on this machine: its folders, its address and its ports.
//!
//! Nothing is mounted and there is one network. So a path below a mount point is the same path below the volume's folder,
//! and a URL of loopback with a port of the task's is one of the task's address: in entry points, commands and the values
//! of variables.

use std::io;
use std::path::{Path, PathBuf};

use crate::aws::ecs::definition::{ContainerDefinition, MountPoint};
use crate::aws::ecs::task::{Binding, Task};

/// Where a container is.
pub(super) struct Whereabouts {
    mounts: Vec<Mount>,
    address: String,
    /// Those of all containers of the task.
    ports: Vec<Binding>,
}

/// A folder of this machine that stands for a volume.
pub(super) struct Mount {
    pub(super) volume: String,
    /// Where the container has it.
    pub(super) path: String,
    pub(super) folder: PathBuf,
    pub(super) read_only: bool,
}

/// The address that a task's containers listen at.
const ADDRESS: &str = "SANDBOX_TASK_ADDRESS";
/// Followed by a container's port: the port that stands for it on this machine.
const PORT: &str = "SANDBOX_PORT_";
/// Followed by the name of a volume in capitals: its folder.
const VOLUME: &str = "SANDBOX_VOLUME_";

impl Whereabouts {
    /// Makes the folders of the container's volumes. All containers of the task have the same ones.
    pub(super) fn of(
        task: &Task,
        container: &ContainerDefinition,
        folder: &Path,
        ports: &[Binding],
    ) -> io::Result<Self> {
        let sources = container.volumes_from.iter();
        let sources = sources.filter_map(|from| task.definition.container(&from.source_container));
        let points = sources.chain([container]).flat_map(|container| &container.mount_points);
        let mount = |point: &MountPoint| {
            let folder = folder.join("volumes").join(&point.source_volume);
            std::fs::create_dir_all(&folder)?;
            let path = point.container_path.trim_end_matches('/').to_owned();
            Ok(Mount { volume: point.source_volume.clone(), path, folder, read_only: point.read_only })
        };
        let mounts = points.map(mount).collect::<io::Result<_>>()?;
        let address = task.network.as_ref().map_or("127.0.0.1", |network| network.address.as_str()).to_owned();
        Ok(Self { mounts, address, ports: ports.to_vec() })
    }

    /// The volumes, for whoever really mounts them: paths are then as they are written.
    pub(super) fn take_mounts(&mut self) -> Vec<Mount> {
        std::mem::take(&mut self.mounts)
    }

    /// The text as it is to be read on this machine.
    pub(super) fn map(&self, text: &str) -> String {
        self.map_path(text).or_else(|| self.map_url(text)).unwrap_or_else(|| text.to_owned())
    }

    fn map_path(&self, text: &str) -> Option<String> {
        self.mounts.iter().find_map(|mount| {
            let rest = text.strip_prefix(&mount.path)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", mount.folder.display()))
        })
    }

    fn map_url(&self, text: &str) -> Option<String> {
        let rest = text.strip_prefix("http://")?;
        let rest = rest.strip_prefix("127.0.0.1:").or_else(|| rest.strip_prefix("localhost:"))?;
        let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port: u16 = port.parse().ok()?;
        // Any other port is one of the sandbox's own servers.
        let mapped = self.ports.iter().find(|binding| binding.container_port == port)?;
        Some(format!("http://{}:{}{path}", self.address, mapped.host_port))
    }

    /// For what is not looked into, such as the text of a script: everything by name.
    pub(super) fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let ports =
            self.ports.iter().map(|port| (format!("{PORT}{}", port.container_port), port.host_port.to_string()));
        let folders = self.mounts.iter().map(|mount| {
            let name = mount.volume.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            (format!("{VOLUME}{name}"), mount.folder.display().to_string())
        });
        ports.chain(folders).chain([(ADDRESS.to_owned(), self.address.clone())])
    }
}

#[cfg(test)]
impl Whereabouts {
    pub(super) fn without_mounts(address: &str) -> Self {
        Self { mounts: Vec::new(), address: address.to_owned(), ports: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Binding, Mount, Whereabouts};

    #[test]
    fn paths_of_volumes_and_urls_of_loopback_are_put_right_and_nothing_else() {
        let whereabouts = Whereabouts {
            mounts: vec![Mount {
                volume: "v".to_owned(),
                path: "/data".to_owned(),
                folder: "/tmp/v".into(),
                read_only: false,
            }],
            address: "127.20.3.4".to_owned(),
            ports: vec![Binding { container_port: 80, host_port: 49_153, protocol: "tcp".to_owned() }],
        };
        for (text, expected) in [
            ("/data", "/tmp/v"),
            ("/data/x/y", "/tmp/v/x/y"),
            ("/data2/x", "/data2/x"),
            ("cat /data/x", "cat /data/x"),
            ("http://127.0.0.1:80/health", "http://127.20.3.4:49153/health"),
            ("http://localhost:80", "http://127.20.3.4:49153"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
            ("http://127.0.0.1.example.test/", "http://127.0.0.1.example.test/"),
            ("https://127.0.0.1:80/", "https://127.0.0.1:80/"),
        ] {
            assert_eq!(whereabouts.map(text), expected);
        }
    }
}
