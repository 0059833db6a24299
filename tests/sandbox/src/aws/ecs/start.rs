//! What comes before a container's first process: image, secrets, log stream, folder and environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::definition::{ContainerDefinition, HealthCheck, LogConfiguration};
use super::run_task;
use super::task::Task;
use crate::aws::config::LocalImage;
use crate::aws::shared::{Shared, State};

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
    task.definition.input.container_definitions.iter().map(|container| prepare_one(shared, &task, container)).collect()
}

fn prepare_one(shared: &Shared, task: &Task, container: &ContainerDefinition) -> Result<Spec, Failure> {
    let image = find_image(shared, &container.image)?;
    let (secrets, log) = {
        let mut state = shared.state();
        (read_secrets(&state, container)?, open_log(&mut state, task, container)?)
    };
    let dir = shared.work_dir.join(&task.id).join(&container.name);
    let laid_out = lay_out(&image, &dir)?;
    let ours = addresses(shared, task);
    let override_ = task.read_overrides.of(&container.name);
    let definition_env = container.environment.iter().map(|variable| (variable.name.clone(), variable.value.clone()));
    let override_env =
        override_.into_iter().flat_map(|given| &given.environment).map(|one| (one.name.clone(), one.value.clone()));
    // Later ones win: image, task definition, secrets, overrides, and what ECS itself sets.
    let mut env = base_environment(task, &dir);
    env.extend(image.env.clone());
    env.extend(laid_out);
    env.extend(definition_env.chain(secrets).chain(override_env));
    env.extend(ours.clone());
    let command = override_.and_then(|given| given.command.clone()).filter(|command| !command.is_empty());
    let command = command.or_else(|| Some(container.command.clone()).filter(|command| !command.is_empty()));
    let stop_timeout = Duration::from_secs(container.stop_timeout.unwrap_or(STOP_TIMEOUT));
    Ok(Spec {
        name: container.name.clone(),
        program: image.program.clone(),
        args: command.unwrap_or_else(|| image.args.clone()),
        marks: marks(&ours, &env, &dir),
        env,
        dir,
        stop_timeout: shared.pace().stop_timeout.unwrap_or(stop_timeout),
        log,
        health: container.health_check.as_ref().and_then(|check| probe(&image, check)),
    })
}

fn find_image(shared: &Shared, name: &str) -> Result<LocalImage, Failure> {
    let missing = || {
        let text = "pull image manifest has been retried 1 time(s): failed to resolve ref";
        Failure(format!("CannotPullContainerError: {text} {name}: not found"))
    };
    shared.config.images.get(name).cloned().ok_or_else(missing)
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

/// Of the sandbox's own environment only PATH gets in: a container has the same one wherever it runs.
fn base_environment(task: &Task, dir: &std::path::Path) -> BTreeMap<String, String> {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    let host = format!("ip-{}", &task.id[..12]);
    let home = dir.to_string_lossy().into_owned();
    BTreeMap::from([("PATH", path), ("HOME", home), ("HOSTNAME", host)].map(|(name, value)| (name.to_owned(), value)))
}

/// What ECS sets in every container; `AWS_ENDPOINT_URL` besides, as this is not AWS.
fn addresses(shared: &Shared, task: &Task) -> BTreeMap<String, String> {
    let (url, key, region) = (&shared.url, &task.key, &shared.config.region);
    let mut set = BTreeMap::from([
        ("AWS_ENDPOINT_URL".to_owned(), url.clone()),
        ("AWS_REGION".to_owned(), region.clone()),
        ("AWS_DEFAULT_REGION".to_owned(), region.clone()),
        ("ECS_CONTAINER_METADATA_URI_V4".to_owned(), format!("{url}/v4/{key}")),
    ]);
    if run_task::task_role(&task.definition, &task.read_overrides).is_some() {
        set.insert(CREDENTIALS_URI.to_owned(), format!("{url}/v2/credentials/{key}"));
    }
    set
}

/// Real ECS sets the relative form, which is bound to 169.254.170.2; SDKs accept this one on a loopback address.
const CREDENTIALS_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

fn marks(ours: &BTreeMap<String, String>, env: &BTreeMap<String, String>, dir: &std::path::Path) -> Vec<String> {
    let unique = ours.iter().filter(|(_, value)| value.contains("/v2/credentials/") || value.contains("/v4/"));
    let home = env.iter().filter(|(name, value)| *name == "HOME" && std::path::Path::new(value).starts_with(dir));
    unique.chain(home).map(|(name, value)| format!("{name}={value}")).collect()
}

/// A program is looked up in the image's folder, as its path within a real image means nothing here.
fn probe(image: &LocalImage, check: &HealthCheck) -> Option<Probe> {
    let (kind, command) = check.command.split_first()?;
    match kind.as_str() {
        "CMD" => {
            let (program, args) = command.split_first()?;
            Some(Probe { program: image.binary(program), args: args.to_vec(), check: check.clone() })
        }
        "CMD-SHELL" => {
            let args = vec!["-c".to_owned(), command.join(" ")];
            Some(Probe { program: PathBuf::from("/bin/sh"), args, check: check.clone() })
        }
        _ => None,
    }
}
