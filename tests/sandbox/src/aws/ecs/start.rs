//! What comes before a container's first process: image, secrets, log stream, folder and environment.

mod engine;
mod environment;
mod ports;
mod program;
mod whereabouts;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::definition::{ContainerDefinition, HealthCheck, LogConfiguration};
use super::task::{Binding, Task};
use crate::aws::config::LocalImage;
use crate::aws::shared::{Shared, State};
use whereabouts::Whereabouts;

/// Why a task did not come to RUNNING: its `stoppedReason`.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

/// Everything that a container's process needs.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) dir: PathBuf,
    pub(crate) stop_timeout: Duration,
    pub(crate) log: Stream,
    pub(crate) health: Option<Probe>,
    /// Settings of the environment that no other process has.
    pub(crate) marks: Vec<String>,
}

/// A stream of CloudWatch Logs.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) group: String,
    pub(crate) name: String,
}

/// The container health check, with the program that it really runs.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) check: HealthCheck,
}

/// The time from SIGTERM to SIGKILL where a definition says nothing (ECS API reference, "stopTimeout").
const STOP_TIMEOUT: u64 = 30;

/// Prepares all containers of a task. Blocks: folders are laid out.
pub(crate) fn prepare(shared: &Shared, id: &str) -> Result<Vec<Spec>, Failure> {
    let gone = || Failure("the task is gone".to_owned());
    let task = shared.state().ecs.tasks.find(id).cloned().ok_or_else(gone)?;
    let containers = &task.definition.input.container_definitions;
    let bindings: Vec<Vec<Binding>> =
        containers.iter().map(|container| ports::bind(&task, container)).collect::<Result<_, _>>()?;
    if let Some(task) = shared.state().ecs.tasks.find_mut(id) {
        for (container, bindings) in task.containers.iter_mut().zip(&bindings) {
            container.bindings.clone_from(bindings);
        }
    }
    containers.iter().map(|container| prepare_one(shared, &task, container, &bindings.concat())).collect()
}

fn prepare_one(
    shared: &Shared,
    task: &Task,
    container: &ContainerDefinition,
    ports: &[Binding],
) -> Result<Spec, Failure> {
    let image = find_image(shared, task, container)?;
    let (secrets, log) = {
        let mut state = shared.state();
        (read_secrets(&state, container)?, open_log(&mut state, task, container)?)
    };
    let folder = shared.work_dir.join(&task.id);
    let dir = folder.join(&container.name);
    let laid_out = lay_out(&image, &dir)?;
    let mut whereabouts = Whereabouts::of(task, container, &folder, ports).map_err(no_folder)?;
    let mounts = if image.engine.is_some() { whereabouts.take_mounts() } else { Vec::new() };
    let ours = environment::addresses(shared, task, &container.name);
    let override_ = task.read_overrides.of(&container.name);
    let definition_env = container.environment.iter().map(|variable| (variable.name.clone(), variable.value.clone()));
    let override_env =
        override_.into_iter().flat_map(|given| &given.environment).map(|one| (one.name.clone(), one.value.clone()));
    // Later ones win: image, task definition, secrets, overrides, and what ECS itself sets.
    let mut env = environment::base(task, &dir);
    env.extend(image.env.clone());
    env.extend(laid_out);
    env.extend(definition_env.chain(secrets).chain(override_env).map(|(name, value)| (name, whereabouts.map(&value))));
    env.extend(whereabouts.variables());
    env.extend(ours.clone());
    let command = override_.and_then(|given| given.command.clone());
    let (program, args) = match &image.engine {
        Some(reference) => engine::run(
            reference,
            &task.id,
            container,
            command,
            &engine::Inside { env: &env, mounts, whereabouts: &whereabouts },
        ),
        None => program::program(&image, container, command, &whereabouts)?,
    };
    let stop_timeout = Duration::from_secs(container.stop_timeout.unwrap_or(STOP_TIMEOUT));
    let work = container.working_directory.as_ref().map(|folder| PathBuf::from(whereabouts.map(folder)));
    Ok(Spec {
        name: container.name.clone(),
        program,
        args,
        marks: environment::marks(&ours, &env, &dir),
        env,
        dir: work.filter(|folder| folder.is_dir()).unwrap_or(dir),
        stop_timeout: shared.pace().stop_timeout.unwrap_or(stop_timeout),
        log,
        health: container.health_check.as_ref().and_then(|check| match &image.engine {
            Some(_) => engine::probe(&task.id, &container.name, check),
            None => program::probe(&image, check, &whereabouts),
        }),
    })
}

fn no_folder(fault: std::io::Error) -> Failure {
    Failure(format!("CannotCreateVolumeError: the volume's folder could not be made: {fault}"))
}

/// The image by its name in the configuration, else by its reference in the account's registry.
fn find_image(shared: &Shared, task: &Task, container: &ContainerDefinition) -> Result<LocalImage, Failure> {
    let name = &container.image;
    let images = &shared.config.images;
    if let Some(image) = images.get(name) {
        return Ok(image.clone());
    }
    let missing = || {
        let text = "pull image manifest has been retried 1 time(s): failed to resolve ref";
        Failure(format!("CannotPullContainerError: {text} {name}: not found"))
    };
    let mut state = shared.state();
    let stored = state.registry.resolve(&shared.config, name).ok_or_else(missing)?.clone();
    let pulled = state.ecs.tasks.find_mut(&task.id).and_then(|task| task.container_mut(&container.name));
    if let Some(container) = pulled {
        container.image_digest = Some(stored.digest);
    }
    images.get(&stored.runs).cloned().ok_or_else(missing)
}

fn read_secrets(state: &State, container: &ContainerDefinition) -> Result<Vec<(String, String)>, Failure> {
    let read = |secret: &super::definition::SecretReference| {
        let value = state.parameters.value_from(&secret.value_from);
        let missing = || {
            let text = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource \
                        retrieval failed: unable to retrieve secrets from ssm: service call has been retried \
                        1 time(s): invalid parameters:";
            Failure(format!("{text} {}", secret.value_from))
        };
        Ok((secret.name.clone(), value.ok_or_else(missing)?.to_owned()))
    };
    container.secrets.iter().map(read).collect()
}

/// The stream is `prefix/container/task-id`, as the awslogs driver names it. Without a log driver the lines are still
/// kept, in a group that no account has.
fn open_log(state: &mut State, task: &Task, container: &ContainerDefinition) -> Result<Stream, Failure> {
    let option = |log: &LogConfiguration, name: &str| log.options.get(name).cloned();
    let log = container.log_configuration.as_ref();
    let group = log.and_then(|log| option(log, "awslogs-group"));
    let create = group.is_none() || log.and_then(|log| option(log, "awslogs-create-group")).as_deref() == Some("true");
    let group = group.unwrap_or_else(|| "(no log driver)".to_owned());
    let prefix = log.and_then(|log| option(log, "awslogs-stream-prefix")).unwrap_or_else(|| "task".to_owned());
    let name = format!("{prefix}/{}/{}", container.name, task.id);
    if state.logs.open(&group, &name, create) {
        return Ok(Stream { group, name });
    }
    let text = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: \
                failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not \
                exist.";
    Err(Failure(format!("{text} ({group})")))
}

fn lay_out(image: &LocalImage, dir: &PathBuf) -> Result<Vec<(String, String)>, Failure> {
    let failed =
        |fault| Failure(format!("CannotCreateContainerError: the container's folder could not be laid out: {fault}"));
    std::fs::create_dir_all(dir).map_err(failed)?;
    image.lay_out.as_ref().map_or(Ok(Vec::new()), |prepare| prepare(dir)).map_err(failed)
}
