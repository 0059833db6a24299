//! An AWS emulator written by others that runs tasks as containers, spoken to without an SDK: for what the products do not do.

use std::net::IpAddr;

use sandbox::aws::fixture;
use serde_json::{Value, json};

/// The emulator at an address.
pub(crate) struct Emulator {
    /// Where it answers: an address that containers reach as well.
    pub(crate) url: String,
}

impl Emulator {
    /// The address that it listens on, where the sandbox must listen too.
    pub(crate) fn ip(&self) -> IpAddr {
        let host = self.url.trim_start_matches("http://").split(':').next().unwrap_or_default();
        host.parse().expect("the emulator's URL names an IP address")
    }

    /// Makes the cluster.
    pub(crate) fn create_cluster(&self, name: &str) -> String {
        let created = self.ecs("CreateCluster", &json!({ "clusterName": name }));
        text(&created["cluster"]["clusterArn"])
    }

    /// Stores the credential that the task definitions inject. A plain `String`: the emulator injects the cipher text of a
    /// SecureString.
    pub(crate) fn put_parameter(&self, name: &str, value: &str) {
        self.call(
            "AmazonSSM.PutParameter",
            "ssm",
            &json!({ "Name": name, "Value": value, "Type": "String", "Overwrite": true }),
        );
    }

    /// Registers a task definition with our container.
    pub(crate) fn register(&self, family: &str, mode: Mode, image: &str, parameter: &str) {
        let (compatibility, network) = mode.in_definition();
        let container = json!({
            "name": fixture::CONTAINER,
            "image": image,
            "essential": true,
            "stopTimeout": 120,
            // PID 1 cannot ask ECS for its stop window, so the definition says it twice, as Terraform's does.
            "environment": [{ "name": contract::env::STOP_TIMEOUT, "value": "120s" }],
            "secrets": [{
                "name": contract::env::GITHUB_TOKEN,
                "valueFrom": format!("arn:aws:ssm:{}:{}:parameter{parameter}", fixture::REGION, fixture::ACCOUNT),
            }],
            "healthCheck": { "command": ["CMD", "/usr/local/bin/runner-entrypoint", "healthcheck"], "interval": 5 },
        });
        let definition = json!({
            "family": family,
            "requiresCompatibilities": [compatibility],
            "networkMode": network,
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [container],
        });
        self.ecs("RegisterTaskDefinition", &definition);
    }

    /// One task, as DescribeTasks shows it.
    pub(crate) fn task(&self, cluster: &str, arn: &str) -> Value {
        self.ecs("DescribeTasks", &json!({ "cluster": cluster, "tasks": [arn] }))["tasks"][0].clone()
    }

    /// Tasks of a cluster that do not have to be stopped.
    pub(crate) fn live_tasks(&self, cluster: &str) -> usize {
        self.ecs("ListTasks", &json!({ "cluster": cluster }))["taskArns"].as_array().map_or(0, Vec::len)
    }

    /// Stops a task: SIGTERM to PID 1. The emulator answers when the container is gone, which it gives five seconds.
    pub(crate) fn stop_task(&self, cluster: &str, arn: &str) {
        self.ecs("StopTask", &json!({ "cluster": cluster, "task": arn, "reason": "stopped by a test" }));
    }

    fn ecs(&self, operation: &str, input: &Value) -> Value {
        self.call(&format!("AmazonEC2ContainerServiceV20141113.{operation}"), "ecs", input)
    }

    fn call(&self, target: &str, service: &str, input: &Value) -> Value {
        // The emulator takes account, region and service from the credential's scope and does not check the signature.
        let scope = format!("{}/20260101/{}/{service}/aws4_request", fixture::ACCOUNT, fixture::REGION);
        let answer = ureq::post(&self.url)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
            .send(input.to_string());
        let mut answer = answer.unwrap_or_else(|fault| panic!("{target} at {} failed: {fault}", self.url));
        answer.body_mut().read_json().expect("the emulator answers in JSON")
    }
}

/// The two kinds of task definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// awsvpc on Fargate.
    Fargate,
    /// Bridge on EC2.
    Ec2,
}

impl Mode {
    /// As `--launch-mode` takes it.
    pub(crate) const fn flag(self) -> &'static str {
        match self {
            Self::Fargate => "fargate",
            Self::Ec2 => "ec2",
        }
    }

    const fn in_definition(self) -> (&'static str, &'static str) {
        match self {
            Self::Fargate => ("FARGATE", "awsvpc"),
            Self::Ec2 => ("EC2", "bridge"),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
