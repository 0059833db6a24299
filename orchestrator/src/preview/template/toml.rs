//! `[preview]` of `mayfly.toml`: the app stands in the section itself, what stands beside it in `[[preview.container]]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::container::{Access, Condition, Container, Dependency, Essential, HealthCheck, Image, Logging, Mount, Port};
use super::finish::wait_for_success;
use super::{NetworkMode, Platform, Template, Volume, Words, check};
use crate::config::Faults;

/// Name of the app's container where nobody gives one.
const APP: &str = "app";

/// A text, number or truth value that becomes a text.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `"on"`
    Text(String),
    /// `8080`
    Number(i64),
    /// `0.5`
    Decimal(f64),
    /// `true`
    Truth(bool),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
        }
    }
}

/// Keys that `[preview]` and `[[preview.container]]` have in common, after their own. serde's `flatten` would do it, but
/// accepts keys that nobody knows.
macro_rules! section {
    ($(#[$about:meta])* $name:ident { $( $(#[$doc:meta])* $field:ident: $type:ty, )* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $( $(#[$doc])* pub $field: $type, )*
            /// The command.
            pub command: Option<Words>,
            /// What stands before the command.
            pub entry_point: Option<Words>,
            /// Variables.
            pub env: BTreeMap<String, Scalar>,
            /// Variables from SSM or Secrets Manager.
            pub secrets: BTreeMap<String, String>,
            /// `volume:/path` or `volume:/path:ro`.
            pub mounts: Vec<String>,
            /// `{ seed = "success" }`: start, complete, success or healthy.
            pub depends_on: BTreeMap<String, Condition>,
            /// How ECS sees that it is well.
            pub health_check: Option<HealthCheckFile>,
            /// User, or user:group.
            pub user: Option<String>,
            /// Where the command starts.
            pub working_dir: Option<String>,
            /// Seconds between SIGTERM and SIGKILL.
            pub stop_timeout: Option<u32>,
            /// Options of the log driver `awslogs`.
            pub log_options: BTreeMap<String, String>,
        }

        impl $name {
            fn lay_over(&self, container: &mut Container, faults: &mut Faults) {
                let place = |key: &str| format!("mayfly.toml [preview] {}: {key}", container.name);
                let words = |words: &Words, key: &str, faults: &mut Faults| faults.take(&place(key), words.split());
                let command = self.command.as_ref().and_then(|list| words(list, "command", faults));
                let entry_point = self.entry_point.as_ref().and_then(|list| words(list, "entry_point", faults));
                let mounts: Vec<Mount> =
                    self.mounts.iter().filter_map(|text| faults.take(&place("mounts"), mount(text))).collect();
                replace(&mut container.command, command);
                replace(&mut container.entry_point, entry_point);
                container.environment.extend(self.env.iter().map(|(name, value)| (name.clone(), value.text())));
                container.secrets.extend(self.secrets.clone());
                container.mounts.extend(mounts);
                container.depends_on.extend(self.depends_on.iter().map(dependency));
                fill(&mut container.health_check, self.health_check.as_ref().map(HealthCheckFile::health_check));
                fill(&mut container.user, self.user.clone());
                fill(&mut container.working_directory, self.working_dir.clone());
                fill(&mut container.stop_timeout, self.stop_timeout);
                fill(&mut container.logging, logging(&self.log_options));
            }
        }
    };
}

section! {
    /// `[preview]`. A flag is laid over it by setting the field of its name.
    PreviewFile {
        /// A task definition as JSON, or a compose file, relative to `mayfly.toml`.
        template: Option<PathBuf>,
        /// What a compose file cannot say.
        ecs_params: Option<PathBuf>,
        /// Values for `${NAME}` in a compose file. The environment is never read for them: it has secrets.
        variables: BTreeMap<String, String>,
        /// The supervised container.
        app: Option<String>,
        /// The port that is reached.
        port: Option<u16>,
        /// The page that answers once the app is ready.
        health_path: Option<String>,
        /// CPU units of the task.
        cpu: Option<u32>,
        /// MiB of the task.
        memory: Option<u32>,
        /// GiB of disk, on Fargate.
        ephemeral_storage: Option<u32>,
        /// What pulls images, reads secrets and writes logs.
        execution_role: Option<String>,
        /// What the app may do at AWS.
        task_role: Option<String>,
        /// `awsvpc` or `bridge`.
        network_mode: Option<NetworkMode>,
        /// `x86_64` or `arm64`.
        architecture: Option<String>,
        /// Log group of the containers that name none.
        log_group: Option<String>,
        /// Variables that a comment or a flag may set: names and `PREFIX_*`.
        allow_env: Vec<String>,
        /// Empty volumes, as old as the task.
        volumes: Vec<String>,
        /// What stands beside the app.
        container: Vec<ContainerFile>,
    }
}

section! {
    /// `[[preview.container]]`.
    ContainerFile {
        /// Its name.
        name: String,
        /// Its image; none: the preview's.
        image: Option<String>,
        /// What it is there for.
        role: RoleName,
        /// CPU units.
        cpu: Option<u32>,
        /// MiB; it is killed above.
        memory: Option<u32>,
        /// Whether a sidecar's end is the preview's end.
        essential: Option<bool>,
        /// Where it listens.
        ports: Vec<u16>,
    }
}

/// What a container beside the app is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleName {
    /// Must end with 0 before the app starts.
    Init,
    /// Runs as long as the app.
    #[default]
    Sidecar,
}

/// `health_check = { command = "…" }`; times in seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheckFile {
    /// A text is for a shell, a list is executed.
    pub command: Words,
    /// Between two checks.
    pub interval: Option<u32>,
    /// Of one check.
    pub timeout: Option<u32>,
    /// Failures in a row that count.
    pub retries: Option<u32>,
    /// During which failures do not count.
    pub start_period: Option<u32>,
}

impl HealthCheckFile {
    fn health_check(&self) -> HealthCheck {
        let command = match &self.command {
            Words::Text(text) => vec!["CMD-SHELL".to_owned(), text.clone()],
            Words::List(words) if matches!(words.first().map(String::as_str), Some("CMD" | "CMD-SHELL")) => {
                words.clone()
            }
            Words::List(words) => std::iter::once("CMD".to_owned()).chain(words.iter().cloned()).collect(),
        };
        let Self { interval, timeout, retries, start_period, .. } = *self;
        HealthCheck { command, interval, timeout, retries, start_period, ..HealthCheck::default() }
    }
}

/// Lays `[preview]` over what another source says; where there is none, it says all.
pub(super) fn lay_over(template: &mut Template, preview: &PreviewFile, faults: &mut Faults) {
    if template.containers.is_empty() {
        template.containers.push(Container::named(preview.app.as_deref().unwrap_or(APP)));
        template.containers.extend(preview.container.iter().map(|file| beside(file, faults)));
    } else if !preview.container.is_empty() {
        let text = "describe containers in one place: here, or in the template that [preview] names";
        faults.add("mayfly.toml [[preview.container]]", text);
    }
    template.volumes.extend(preview.volumes.iter().map(|name| Volume { name: name.clone(), ..Volume::default() }));
    fill(&mut template.size.cpu, preview.cpu);
    fill(&mut template.size.memory, preview.memory);
    fill(&mut template.ephemeral_storage, preview.ephemeral_storage);
    fill(&mut template.execution_role, preview.execution_role.clone());
    fill(&mut template.task_role, preview.task_role.clone());
    fill(&mut template.network_mode, preview.network_mode);
    fill(&mut template.hints.log_group, preview.log_group.clone());
    let platform = preview.architecture.as_ref().map(|name| check::architecture(name));
    fill(
        &mut template.platform,
        platform.and_then(|platform| faults.take("mayfly.toml [preview] architecture", platform)),
    );
}

/// Lays over the app what `[preview]` says about it, and lets it wait for those that come first.
pub(super) fn lay_over_app(template: &mut Template, preview: &PreviewFile, faults: &mut Faults) {
    let app = template.app.clone();
    let Some(app) = template.container_mut(&app) else { return };
    preview.lay_over(app, faults);
    for init in preview.container.iter().filter(|file| file.role == RoleName::Init) {
        wait_for_success(app, &init.name);
    }
}

fn beside(file: &ContainerFile, faults: &mut Faults) -> Container {
    let mut container = Container::named(&file.name);
    let ends = file.role == RoleName::Init;
    if ends && file.essential == Some(true) {
        let place = format!("mayfly.toml [preview] {}: essential", file.name);
        faults.add(place, "an init container ends before the app starts; essential would end the preview with it");
    }
    container.essential = Essential::from(!ends && file.essential.unwrap_or(true));
    container.image = file.image.clone().map_or(Image::Preview, Image::from);
    container.cpu = file.cpu;
    container.memory = file.memory;
    container.ports = file.ports.iter().map(|port| Port { container_port: *port, ..Port::default() }).collect();
    file.lay_over(&mut container, faults);
    container
}

fn mount(text: &str) -> Result<Mount, String> {
    let fault = || format!("\"{text}\" is no mount; write volume:/path or volume:/path:ro");
    let (source, rest) = text.split_once(':').ok_or_else(fault)?;
    let (path, access) = match rest.rsplit_once(':') {
        Some((path, "ro")) => (path, Access::ReadOnly),
        Some((path, "rw")) => (path, Access::ReadWrite),
        Some(_) => return Err(fault()),
        None => (rest, Access::ReadWrite),
    };
    if source.is_empty() || !path.starts_with('/') {
        return Err(fault());
    }
    Ok(Mount { source_volume: source.to_owned(), container_path: path.to_owned(), access })
}

fn dependency((name, condition): (&String, &Condition)) -> Dependency {
    Dependency { container_name: name.clone(), condition: *condition }
}

fn logging(options: &BTreeMap<String, String>) -> Option<Logging> {
    let options = Some(options.clone()).filter(|options| !options.is_empty())?;
    Some(Logging { log_driver: "awslogs".to_owned(), options, ..Logging::default() })
}

fn replace<T>(list: &mut Vec<T>, other: Option<Vec<T>>) {
    if let Some(other) = other {
        *list = other;
    }
}

fn fill<T>(value: &mut Option<T>, other: Option<T>) {
    if other.is_some() {
        *value = other;
    }
}

impl Platform {
    pub(super) fn linux(architecture: &str) -> Self {
        Self { cpu_architecture: Some(architecture.to_owned()), operating_system_family: Some("LINUX".to_owned()) }
    }
}
