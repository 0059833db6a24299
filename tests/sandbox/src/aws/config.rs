//! What the stand-in's AWS account holds when it starts.

mod edge;
mod image;
mod pace;
mod registry;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::{fixture, trust};
use crate::clock::Clock;

pub use edge::{CertificateConfig, LoadBalancerConfig};
pub use image::{LayOut, LocalImage};
pub use pace::Pace;
pub use registry::{ImageConfig, ProjectConfig, RepositoryConfig};

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
    /// Those of [`AwsConfig::subnets`] whose route table leads to no internet gateway.
    pub private_subnets: Vec<String>,
    /// Security groups that exist.
    pub security_groups: Vec<String>,
    /// The load balancer.
    pub load_balancer: LoadBalancerConfig,
    /// Certificates that exist.
    pub certificates: Vec<CertificateConfig>,
    /// Repositories of images. A task's image that is not in [`AwsConfig::images`] is looked for here.
    pub repositories: Vec<RepositoryConfig>,
    /// Projects of CodeBuild.
    pub projects: Vec<ProjectConfig>,
    /// Whether the metadata endpoint tells a task's tags from the start; see [`TaskTags`].
    pub task_tags: TaskTags,
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
            private_subnets: Vec::new(),
            security_groups: [fixture::SECURITY_GROUP, fixture::FORK_SECURITY_GROUP].map(str::to_owned).to_vec(),
            load_balancer: LoadBalancerConfig::default(),
            certificates: vec![CertificateConfig::of(fixture::PREVIEW_DOMAIN)],
            repositories: fixture::repositories(),
            projects: vec![ProjectConfig::new(fixture::PROJECT, fixture::APP_REPOSITORY, "app")],
            task_tags: TaskTags::Served,
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

    /// The ARN of a resource of this account and region.
    pub(crate) fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.region, self.account)
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

/// Whether `taskWithTags` of the metadata endpoint is there: it is on EC2 instances, and is not on Fargate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskTags {
    /// It answers, for every task.
    Served,
    /// It answers 404: whoever runs in a task has to ask ListTagsForResource, by the task role.
    NotServed,
}
