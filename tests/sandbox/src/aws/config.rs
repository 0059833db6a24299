//! What the stand-in's AWS account holds when it starts.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{fixture, trust};
use crate::clock::Clock;

/// Everything that a stand-in needs to start. [`AwsConfig::default`] is the sandbox's account without an identity
/// provider and without images.
#[derive(Clone, Debug)]
pub struct AwsConfig {
    /// Where to listen. Default `127.0.0.1:0`: a free port.
    pub bind: SocketAddr,
    /// The account's number.
    pub account: String,
    /// The one region.
    pub region: String,
    /// The clock that tokens, credentials and timestamps go by.
    pub clock: Clock,
    /// Identity providers of the account.
    pub providers: Vec<Provider>,
    /// Roles of the account.
    pub roles: Vec<Role>,
    /// Clusters that exist at the start.
    pub clusters: Vec<ClusterConfig>,
    /// Subnets that exist.
    pub subnets: Vec<String>,
    /// Security groups that exist.
    pub security_groups: Vec<String>,
    /// Log groups that exist at the start.
    pub log_groups: Vec<String>,
    /// What an image name of a container definition runs on this machine.
    pub images: BTreeMap<String, LocalImage>,
    /// Task definitions to register at the start: inputs of RegisterTaskDefinition.
    pub task_definitions: Vec<Value>,
    /// How long things take.
    pub pace: Pace,
    /// Folder for the tasks' own folders. Default: a temporary one, removed at the end.
    pub work_dir: Option<PathBuf>,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            account: fixture::ACCOUNT.to_owned(),
            region: fixture::REGION.to_owned(),
            clock: Clock::default(),
            providers: Vec::new(),
            roles: fixture::roles(),
            clusters: vec![ClusterConfig::named(fixture::CLUSTER)],
            subnets: vec![fixture::SUBNET.to_owned()],
            security_groups: vec![fixture::SECURITY_GROUP.to_owned()],
            log_groups: vec![fixture::LOG_GROUP.to_owned()],
            images: BTreeMap::new(),
            task_definitions: fixture::task_definitions(),
            pace: Pace::default(),
            work_dir: None,
        }
    }
}

impl AwsConfig {
    /// Registers the issuer as identity provider, and lets runs of these subjects (patterns of `StringLike`, such as
    /// `repo:octo/demo:*`) assume the launcher role with the audience `sts.amazonaws.com`.
    #[must_use]
    pub fn trusting(mut self, issuer: &str, subjects: &[&str]) -> Self {
        let provider = Provider { issuer: issuer.to_owned(), client_ids: vec!["sts.amazonaws.com".to_owned()] };
        let policy = trust::policy(&self.account, &provider, subjects);
        for role in self.roles.iter_mut().filter(|role| role.name == fixture::LAUNCHER_ROLE) {
            role.trust = policy.clone();
        }
        self.providers.push(provider);
        self
    }

    /// Gives an image name a program.
    #[must_use]
    pub fn image(mut self, name: &str, image: LocalImage) -> Self {
        self.images.insert(name.to_owned(), image);
        self
    }

    pub(crate) fn role_arn(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.account)
    }

    pub(crate) fn role(&self, arn: &str) -> Option<&Role> {
        self.roles.iter().find(|role| self.role_arn(&role.name) == arn)
    }
}

/// An OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The issuer's URL, exactly as tokens carry it in `iss`.
    pub issuer: String,
    /// Audiences that are accepted.
    pub client_ids: Vec<String>,
}

impl Provider {
    /// The provider's name: the URL without its scheme. It ends the provider's ARN and begins the condition keys
    /// (`token.actions.githubusercontent.com:sub`).
    pub fn name(&self) -> &str {
        self.issuer.split_once("://").map_or(self.issuer.as_str(), |(_, rest)| rest).trim_end_matches('/')
    }

    pub(crate) fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:oidc-provider/{}", self.name())
    }
}

/// An IAM role.
#[derive(Clone, Debug)]
pub struct Role {
    /// The role's name.
    pub name: String,
    /// Its trust policy, a JSON document as IAM has it.
    pub trust: Value,
    /// Actions that it allows, such as `ecs:RunTask`; `*` and `?` match as in IAM. Resources are not looked at.
    pub allowed: Vec<String>,
    /// The longest session. Default in IAM: one hour.
    pub max_session: Duration,
}

impl Role {
    /// A role that allows everything and lasts one hour.
    pub fn allowing_all(name: &str, trust: Value) -> Self {
        Self { name: name.to_owned(), trust, allowed: vec!["*".to_owned()], max_session: Duration::from_secs(3_600) }
    }
}

/// A cluster at the start.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// The cluster's name.
    pub name: String,
    /// Capacity providers that are attached to it.
    pub capacity_providers: Vec<String>,
    /// Its EC2 instances.
    pub instances: Vec<InstanceConfig>,
}

impl ClusterConfig {
    /// A cluster with both Fargate providers and one instance of 4 vCPU and 16 GiB.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
            instances: vec![InstanceConfig { id: "i-0a1b2c3d4e5f60718".to_owned(), cpu: 4_096, memory: 16_384 }],
        }
    }
}

/// An EC2 instance of a cluster.
#[derive(Clone, Debug)]
pub struct InstanceConfig {
    /// The instance's id.
    pub id: String,
    /// CPU units that tasks may reserve; 1,024 are one vCPU.
    pub cpu: u32,
    /// Memory in MiB that tasks may reserve.
    pub memory: u32,
}

/// How long things take. The defaults are as short as they can be while each state can still be seen.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A task's stay in each state that only passes.
    pub step: Duration,
    /// How long DescribeTasks answers MISSING for a task that RunTask has just returned.
    pub describe_lag: Duration,
    /// How long ListTasks does not know a new task.
    pub list_lag: Duration,
    /// The interval of container health checks, in place of the definition's (5 to 300 s); `None` keeps that one.
    pub health_interval: Option<Duration>,
    /// How long after SIGTERM a container gets SIGKILL, in place of its `stopTimeout`; `None` keeps that one.
    pub stop_timeout: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            step: Duration::from_millis(15),
            describe_lag: Duration::from_millis(30),
            list_lag: Duration::from_millis(60),
            health_interval: Some(Duration::from_millis(200)),
            stop_timeout: None,
        }
    }
}

/// Prepares a task's fresh folder, and returns the environment that follows from where the folder is.
pub type LayOut = Arc<dyn Fn(&Path) -> io::Result<Vec<(String, String)>> + Send + Sync>;

/// What an image is on this machine: a program that runs in a folder of its own.
#[derive(Clone)]
pub struct LocalImage {
    /// The image's ENTRYPOINT.
    pub program: PathBuf,
    /// The image's CMD; a command in the task definition or in the overrides replaces it.
    pub args: Vec<String>,
    /// The image's ENV.
    pub env: BTreeMap<String, String>,
    /// Prepares the container's file system.
    pub lay_out: Option<LayOut>,
    /// Where programs that a health check names are looked up by their base name. Default: beside
    /// [`LocalImage::program`].
    pub binaries: Option<PathBuf>,
}

impl LocalImage {
    /// An image with a program and nothing else.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), args: Vec::new(), env: BTreeMap::new(), lay_out: None, binaries: None }
    }

    /// Sets the CMD.
    #[must_use]
    pub fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args = args.map(str::to_owned).to_vec();
        self
    }

    /// Adds a variable to the ENV.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets what prepares the container's folder.
    #[must_use]
    pub fn lay_out<F>(mut self, prepare: F) -> Self
    where
        F: Fn(&Path) -> io::Result<Vec<(String, String)>> + Send + Sync + 'static,
    {
        self.lay_out = Some(Arc::new(prepare));
        self
    }

    pub(crate) fn binary(&self, path: &str) -> PathBuf {
        let name = Path::new(path).file_name().unwrap_or_default();
        let folder = self.binaries.as_deref().or_else(|| self.program.parent()).unwrap_or(Path::new("."));
        let beside = folder.join(name);
        if beside.exists() { beside } else { PathBuf::from(path) }
    }
}

impl fmt::Debug for LocalImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalImage").field("program", &self.program).field("args", &self.args).finish_non_exhaustive()
    }
}
