//! What an app is: its containers, their volumes, its size and roles, and where it is reached.
//!
//! It is read from `[preview]` of `mayfly.toml`, from a task definition as ECS exports it, or from `docker-compose.yml` with
//! `ecs-params.yml`. What `[preview]` says about the app stands over the other two. All faults are told at once.

mod check;
mod compose;
mod container;
mod ecs_params;
mod fault;
mod finish;
mod task_definition;
mod toml;
mod wish;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub use self::container::{
    Access, Condition, Container, Dependency, Essential, HealthCheck, Image, Logging, Mount, Port, Protocol,
};
pub use self::toml::{ContainerFile, HealthCheckFile, PreviewFile, RoleName, Scalar};
pub use self::words::Words;

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::fault::Reader;
use crate::config::{ConfigError, Faults};
use crate::preview::overrides::EnvRules;

/// An app as it is to be launched for a pull request, before there is an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Where it was read from, for messages.
    pub origin: String,
    /// The container that is supervised and gets the preview's image.
    pub app: String,
    /// Where the app is reached; none: nowhere.
    pub entrance: Option<Entrance>,
    /// The app and what stands beside it; never empty.
    pub containers: Vec<Container>,
    /// What containers mount.
    pub volumes: Vec<Volume>,
    /// The task's size.
    pub size: Size,
    /// What pulls images, reads secrets and writes logs: a name or an ARN.
    pub execution_role: Option<String>,
    /// What the app may do at AWS: a name or an ARN.
    pub task_role: Option<String>,
    /// The network; none: what the launch mode takes.
    pub network_mode: Option<NetworkMode>,
    /// Processor and system; none: ECS's default.
    pub platform: Option<Platform>,
    /// Disk in GiB, on Fargate.
    pub ephemeral_storage: Option<u32>,
    /// What the template wishes for its launches.
    pub hints: Hints,
    /// The variables that a comment or a flag may set.
    pub allow_env: EnvRules,
    /// Members of a task definition that mean nothing here and pass through.
    pub extra: Map<String, Value>,
    /// What was understood differently than it was written.
    pub notes: Vec<String>,
}

/// Where an app is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// The container that listens: the app or, for example, a proxy in front of it.
    pub container: String,
    /// Its port.
    pub port: u16,
    /// The page that answers with 2xx or 3xx once the app is ready.
    pub health_path: String,
}

/// CPU units and MiB of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// 1,024 are one vCPU.
    pub cpu: Option<u32>,
    /// MiB.
    pub memory: Option<u32>,
}

/// What a template wishes for its launches. Settings stand over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Subnets, as written.
    pub subnets: Vec<String>,
    /// Security groups, as written.
    pub security_groups: Vec<String>,
    /// Whether the task gets a public address.
    pub assign_public_ip: Option<bool>,
    /// How long the app was to live: the `timeout 30m` before its command.
    pub ttl: Option<Duration>,
    /// Log group of the containers that name none.
    pub log_group: Option<String>,
}

/// Task networks that a preview can have. `host` and `none` are refused: two previews would fight for one port, or none be
/// reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// An address of its own.
    Awsvpc,
    /// Ports of the instance.
    Bridge,
}

/// `runtimePlatform`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Platform {
    /// `X86_64` or `ARM64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_architecture: Option<String>,
    /// `LINUX`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system_family: Option<String>,
}

/// A volume: empty and as old as the task, unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// What mounts refer to.
    pub name: String,
    /// A folder of the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// EFS, Docker's own volumes, and what else ECS has.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `host` of a volume. ECS exports an empty one for a volume that has no folder of the instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// The folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
}

/// A file that a template is read from.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'s> {
    /// Its name, for messages.
    pub name: &'s str,
    /// What stands in it.
    pub text: &'s str,
}

/// What a template is read from, beside `[preview]`.
#[derive(Clone, Copy, Debug)]
pub enum Source<'s> {
    /// Nothing: `[preview]` says all.
    Preview,
    /// `aws ecs describe-task-definition`, whole or its inner object.
    TaskDefinition(SourceFile<'s>),
    /// A compose file, and what it cannot say.
    Compose {
        /// `docker-compose.yml`.
        file: SourceFile<'s>,
        /// `ecs-params.yml`.
        params: Option<SourceFile<'s>>,
    },
}

/// More than any template has, and little enough to be read at once.
const LARGEST: u64 = 512 * 1024;

impl Template {
    /// Reads the template that `[preview]` is or names. Paths are relative to `base`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(preview: &PreviewFile, base: &Path) -> Result<Self, ConfigError> {
        let Some(path) = &preview.template else { return Self::parse(preview, Source::Preview) };
        let file = OwnedFile::read(&base.join(path))?;
        if file.is_json() {
            return Self::parse(preview, Source::TaskDefinition(file.borrow()));
        }
        let beside = base.join(path).with_file_name("ecs-params.yml");
        let params = match &preview.ecs_params {
            Some(params) => Some(OwnedFile::read(&base.join(params))?),
            None if beside.is_file() => Some(OwnedFile::read(&beside)?),
            None => None,
        };
        let params = params.as_ref().map(OwnedFile::borrow);
        Self::parse(preview, Source::Compose { file: file.borrow(), params })
    }

    /// The same without files.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(preview: &PreviewFile, source: Source<'_>) -> Result<Self, ConfigError> {
        let (mut faults, mut notes) = (Faults::default(), Vec::new());
        let draft = match source {
            Source::Preview => Some(Self::empty("mayfly.toml [preview]")),
            Source::TaskDefinition(file) => task_definition::read(file, &mut faults, &mut notes),
            Source::Compose { file, params } => {
                let reader = |name| Reader::new(name, &preview.variables);
                compose::read(file, params, &reader, &mut faults, &mut notes)
            }
        };
        let finished = draft.map(|mut template| {
            template.notes = notes;
            finish::finish(&mut template, preview, &mut faults);
            template
        });
        faults.into_result(finished)
    }

    fn empty(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            app: String::new(),
            entrance: None,
            containers: Vec::new(),
            volumes: Vec::new(),
            size: Size::default(),
            execution_role: None,
            task_role: None,
            network_mode: None,
            platform: None,
            ephemeral_storage: None,
            hints: Hints::default(),
            allow_env: EnvRules::default(),
            extra: Map::new(),
            notes: Vec::new(),
        }
    }

    /// A container by its name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name == name)
    }

    fn container_mut(&mut self, name: &str) -> Option<&mut Container> {
        self.containers.iter_mut().find(|container| container.name == name)
    }

    /// The supervised container.
    pub fn app(&self) -> &Container {
        self.container(&self.app).expect("a template is finished only with its app")
    }

    /// Whether others wait for a container's end: a seed, a migration.
    pub fn is_init(&self, name: &str) -> bool {
        let waited_for =
            |dependency: &Dependency| dependency.container_name == name && dependency.condition.is_an_end();
        self.containers.iter().flat_map(|container| &container.depends_on).any(waited_for)
    }
}

/// A file that was read.
struct OwnedFile {
    name: String,
    text: String,
}

impl OwnedFile {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let fault = |cause: String| ConfigError::one(&name, format!("cannot be read: {cause}"));
        let length = path.metadata().map_err(|cause| fault(cause.to_string()))?.len();
        if length > LARGEST {
            return Err(fault(format!("it has {length} bytes; a template has at most {LARGEST}")));
        }
        let text = std::fs::read_to_string(path).map_err(|cause| fault(cause.to_string()))?;
        Ok(Self { name, text })
    }

    fn is_json(&self) -> bool {
        let named = Path::new(&self.name).extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        named || self.text.trim_start().starts_with('{')
    }

    fn borrow(&self) -> SourceFile<'_> {
        SourceFile { name: &self.name, text: &self.text }
    }
}
