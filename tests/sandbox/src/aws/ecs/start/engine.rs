//! A container of this machine's Docker engine: `docker run` in the foreground stands for it, which gives signals, lines and exit
//! code on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Probe;
use super::whereabouts::{Mount, Whereabouts};
use crate::aws::ecs::definition::{ContainerDefinition, HealthCheck};

/// What the container has besides its image.
pub(super) struct Inside<'i> {
    pub(super) env: &'i BTreeMap<String, String>,
    pub(super) mounts: Vec<Mount>,
    pub(super) whereabouts: &'i Whereabouts,
}

/// Settings of the sandbox's own processes; a container has its image's.
const NOT_INSIDE: [&str; 3] = ["HOME", "HOSTNAME", "PATH"];

/// The name of a container at the engine.
pub(super) fn name(task: &str, container: &str) -> String {
    format!("{task}-{container}")
}

/// The command line: `network=host`, since all that a task meets here is at an address of this machine. Variables go by their names alone, and so their values, which may be secrets, do not show in it.
pub(super) fn run(
    image: &str,
    task: &str,
    container: &ContainerDefinition,
    override_: Option<Vec<String>>,
    inside: &Inside<'_>,
) -> (PathBuf, Vec<String>) {
    let mut args = ["run", "--rm", "--pull", "never", "--network", "host"].map(str::to_owned).to_vec();
    args.extend(options(task, container, inside).flat_map(|(option, value)| [option.to_owned(), value]));
    let map = |text: &String| inside.whereabouts.map(text);
    let command = override_.filter(|command| !command.is_empty()).unwrap_or_else(|| container.command.clone());
    let mut words = container.entry_point.iter();
    if let Some(program) = words.next() {
        args.extend(["--entrypoint".to_owned(), map(program)]);
    }
    args.push(image.to_owned());
    args.extend(words.chain(&command).map(map));
    (PathBuf::from("docker"), args)
}

fn options<'a>(
    task: &str,
    container: &'a ContainerDefinition,
    inside: &'a Inside<'_>,
) -> impl Iterator<Item = (&'static str, String)> + use<'a> {
    let named = ("--name", name(task, &container.name));
    let volumes = inside.mounts.iter().map(|mount| {
        let mode = if mount.read_only { "ro" } else { "rw" };
        ("--volume", format!("{}:{}:{mode}", mount.folder.display(), mount.path))
    });
    let variables = inside.env.keys().filter(|name| !NOT_INSIDE.contains(&name.as_str()));
    let variables = variables.map(|name| ("--env", name.clone()));
    let folder = container.working_directory.iter().map(|folder| ("--workdir", folder.clone()));
    [named].into_iter().chain(volumes).chain(variables).chain(folder)
}

/// A health check runs within the container, as the engine would run it.
pub(super) fn probe(task: &str, container: &str, check: &HealthCheck) -> Option<Probe> {
    let (kind, command) = check.command.split_first()?;
    let shell = ["/bin/sh".to_owned(), "-c".to_owned(), command.join(" ")];
    let inner = match kind.as_str() {
        "CMD" => command,
        "CMD-SHELL" => &shell,
        _ => return None,
    };
    let args = [&["exec".to_owned(), name(task, container)], inner].concat();
    Some(Probe { program: PathBuf::from("docker"), args, check: check.clone() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Inside, Mount, Whereabouts, run};
    use crate::aws::ecs::definition::ContainerDefinition;

    #[test]
    fn engine_is_told_volumes_and_words_as_written_and_no_value_of_a_variable() {
        let container: ContainerDefinition = serde_json::from_value(json!({
            "name": "app", "image": "app:v1", "entryPoint": ["/mayfly/runner-entrypoint", "supervise"], "command": ["--", "serve"],
        }))
        .expect("it is a container");
        let mounts =
            vec![Mount { volume: "v".into(), path: "/mayfly".into(), folder: "/tmp/v".into(), read_only: true }];
        let env =
            [("PATH", "/bin"), ("TOKEN", "s3cret")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let inside = Inside { env: &env, mounts, whereabouts: &Whereabouts::without_mounts("127.20.3.4") };
        let over = Some(vec!["--ttl".to_owned(), "1h".to_owned()]);

        let (program, args) = run("app:e2e", "0123", &container, over, &inside);

        let line = "run --rm --pull never --network host --name 0123-app --volume /tmp/v:/mayfly:ro --env TOKEN \
                    --entrypoint /mayfly/runner-entrypoint app:e2e supervise --ttl 1h";
        assert_eq!((program.to_str(), args.join(" ").as_str()), (Some("docker"), line));
    }
}
