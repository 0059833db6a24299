//! The AWS side of the sandbox: STS, ECS, SSM parameters, CloudWatch Logs, ECR, ACM, CodeBuild, ELB, EC2 and the endpoints
//! inside a task, on one address; and the load balancer's own port.
//!
//! It is strict where others are lax: a web identity is verified for real, every other call's Signature Version 4 is,
//! and RunTask refuses what ECS refuses. A task's container runs as a process of this machine, so that the real
//! `runner-entrypoint` lives and dies in it.

mod acm;
mod calls;
mod codebuild;
mod config;
mod ec2;
mod ecr;
mod ecs;
mod elb;
mod fault;
pub mod fixture;
mod identity;
mod jwt;
mod logs;
mod pattern;
mod process;
mod query;
mod remote;
mod server;
mod shared;
mod sigv4;
mod ssm;
mod sts;
mod trust;
mod wire;
mod xml;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

pub use calls::Call;
pub use codebuild::{Build, BuildFate};
pub use config::{
    AwsConfig, CertificateConfig, ClusterConfig, ImageConfig, InstanceConfig, LayOut, LoadBalancerConfig, LocalImage,
    Pace, ProjectConfig, Provider, RepositoryConfig, Role, TaskTags,
};
pub use ecr::Image;
pub use ecs::capacity::Capacity;
pub use ecs::control::Disaster;
pub use ecs::life::Fate;
pub use ecs::status::{Health, Status, StopCode};
pub use ecs::task::{Container, Stop, Tag, Task, Times};
pub use elb::{HealthCheck, Listener, Matcher, RoutingRule, RuleAction, Target, TargetGroup, TargetHealth, TargetType};
pub use fault::{Fault, FaultKind};

use shared::Shared;

/// A running stand-in. Clones are the same stand-in; when the last one goes, so do the server and every process it
/// started.
#[derive(Clone)]
pub struct Aws(Arc<Running>);

struct Running {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
    balancer: JoinHandle<()>,
    alb_url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
        self.balancer.abort();
        ecs::control::kill_all(&self.shared);
    }
}

impl Aws {
    /// Starts the stand-in on the current runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, the work folder cannot be made, or a task definition of the configuration is
    /// refused.
    pub async fn start(config: AwsConfig) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(config.bind).await?;
        let front = tokio::net::TcpListener::bind(config.load_balancer.bind).await?;
        let alb_url = format!("http://{}", front.local_addr()?);
        let shared = Arc::new(Shared::new(config, &format!("http://{}", listener.local_addr()?))?);
        let server = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        let balancer = tokio::spawn(elb::proxy::serve(front, Arc::downgrade(&shared)));
        Ok(Self(Arc::new(Running { shared, server, balancer, alb_url })))
    }

    /// The endpoint: what `AWS_ENDPOINT_URL` is to be.
    pub fn url(&self) -> &str {
        &self.0.shared.url
    }

    /// What the stand-in was started with.
    pub fn config(&self) -> &AwsConfig {
        &self.0.shared.config
    }

    /// All tasks that ever were, oldest first.
    pub fn tasks(&self) -> Vec<Task> {
        self.0.shared.state().ecs.tasks.in_order().cloned().collect()
    }

    /// One task, by its ARN or its id.
    pub fn task(&self, arn: &str) -> Option<Task> {
        self.0.shared.state().ecs.tasks.find(arn).cloned()
    }

    /// Every call so far, oldest first.
    pub fn log(&self) -> Vec<Call> {
        self.0.shared.state().calls.all().to_vec()
    }

    /// The calls of one operation so far, oldest first.
    pub fn calls(&self, operation: &str) -> Vec<Call> {
        self.log().into_iter().filter(|call| call.operation == operation).collect()
    }

    /// What a task's container has written so far: its lines, without line ends.
    pub fn output(&self, task: &str) -> Vec<String> {
        self.0.shared.state().logs.lines_of_task(task.rsplit('/').next().unwrap_or(task))
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.0.shared.state().faults.push(fault);
    }

    /// Faults that still wait for a call.
    pub fn pending_faults(&self) -> Vec<Fault> {
        self.0.shared.state().faults.clone()
    }

    /// Drops all faults that still wait.
    pub fn clear_faults(&self) {
        self.0.shared.state().faults.clear();
    }

    /// Puts a parameter, as PutParameter with SecureString and Overwrite would.
    pub fn put_parameter(&self, name: &str, value: &str) {
        let now = self.config().clock.now();
        self.0.shared.state().parameters.set(name, value, now);
    }

    /// A parameter's value, while it is there.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.0.shared.state().parameters.value(name).map(str::to_owned)
    }

    /// Says whether tasks of this kind can be started from now on.
    pub fn set_capacity(&self, capacity: Capacity, available: bool) {
        self.0.shared.state().ecs.capacity.set(capacity, available);
    }

    /// Changes how long things take, from the next step of each task on. [`Pace::describe_lag`] and [`Pace::list_lag`]
    /// count at once.
    pub fn set_pace(&self, pace: Pace) {
        self.0.shared.set_pace(pace);
    }

    /// Decides what becomes of the next task that is started; several add up to a queue.
    pub fn next_fate(&self, fate: Fate) {
        self.0.shared.state().ecs.fates.push_back(fate);
    }

    /// Strikes a task with a disaster. Answers whether there was a live task to strike.
    pub fn strike(&self, task: &str, disaster: Disaster) -> bool {
        ecs::control::strike(&self.0.shared, task, disaster)
    }

    /// Where the load balancer takes requests, by plain HTTP. The `Host` header says which preview is meant.
    pub fn alb_url(&self) -> &str {
        &self.0.alb_url
    }

    /// The ARN of the load balancer.
    pub fn load_balancer_arn(&self) -> String {
        self.0.shared.state().elb.balancer.arn.clone()
    }

    /// The load balancer's listeners: HTTPS, then HTTP.
    pub fn listeners(&self) -> [Listener; 2] {
        self.0.shared.state().elb.balancer.listeners.clone()
    }

    /// All rules but the default ones, oldest first.
    pub fn rules(&self) -> Vec<RoutingRule> {
        self.0.shared.state().elb.rules.clone()
    }

    /// All target groups with their targets, oldest first.
    pub fn target_groups(&self) -> Vec<TargetGroup> {
        self.0.shared.state().elb.groups.clone()
    }

    /// Changes how many rules the load balancer may have.
    pub fn set_rule_quota(&self, quota: usize) {
        self.0.shared.state().elb.rule_quota = quota;
    }

    /// The images of a repository, oldest first; none where there is no such repository.
    pub fn images(&self, repository: &str) -> Vec<Image> {
        self.0.shared.state().registry.images(repository).unwrap_or_default().to_vec()
    }

    /// Pushes an image with this tag, which runs what the configuration's images have under `runs`. Answers its digest.
    pub fn push_image(&self, repository: &str, tag: &str, runs: &str) -> String {
        let now = self.config().clock.now();
        self.0.shared.state().registry.push(repository, &[tag.to_owned()], runs, now)
    }

    /// All builds, oldest first.
    pub fn builds(&self) -> Vec<Build> {
        self.0.shared.state().builds.all.clone()
    }

    /// Decides what becomes of the next build that is started; several add up to a queue.
    pub fn next_build(&self, fate: BuildFate) {
        self.0.shared.state().builds.fates.push_back(fate);
    }

    /// Says whether the metadata endpoint tells tags from now on.
    pub fn set_task_tags(&self, tags: TaskTags) {
        self.0.shared.state().task_tags = tags;
    }

    /// ARNs of the task definitions that are ACTIVE.
    pub fn task_definitions(&self) -> Vec<String> {
        self.0.shared.state().ecs.families.active_arns()
    }

    /// Waits until the condition holds, at most so long; answers whether it came to hold. It is looked at whenever
    /// something has changed.
    pub async fn wait_until<F>(&self, within: Duration, condition: F) -> bool
    where
        F: Fn(&Self) -> bool,
    {
        let mut changes = self.0.shared.changes();
        let met = async {
            while !condition(self) {
                if changes.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(within, met).await.unwrap_or(false)
    }

    /// Waits until the condition holds for the task's present state, at most so long; answers whether it came to hold.
    pub async fn wait_for<F>(&self, task: &str, within: Duration, condition: F) -> bool
    where
        F: Fn(&Task) -> bool,
    {
        self.wait_until(within, |aws| aws.task(task).is_some_and(|task| condition(&task))).await
    }

    /// Kills the processes of all tasks and waits until every task is STOPPED, at most ten seconds.
    pub async fn stop_all(&self) {
        let live: Vec<Task> = self.tasks().into_iter().filter(|task| task.status != Status::Stopped).collect();
        for task in &live {
            self.strike(&task.arn, Disaster::SandboxEnds);
        }
        for task in &live {
            self.wait_for(&task.arn, Duration::from_secs(10), |task| task.status == Status::Stopped).await;
        }
    }
}
