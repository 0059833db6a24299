//! The sandbox's account: the fixed names that all of its parts agree on.

use std::path::Path;

use serde_json::{Value, json};

use super::config::{LocalImage, RepositoryConfig, Role};

/// The account's number.
pub const ACCOUNT: &str = "123456789012";
/// The region.
pub const REGION: &str = "eu-central-1";
/// The network.
pub const VPC: &str = "vpc-0a1b2c3d";
/// The load balancer.
pub const LOAD_BALANCER: &str = "mayfly";
/// The domain of the certificate that its HTTPS listener has.
pub const PREVIEW_DOMAIN: &str = "*.preview.example.test";
/// The repository of the application.
pub const APP_REPOSITORY: &str = "app";
/// The CodeBuild project that builds the application.
pub const PROJECT: &str = "app-build";
/// The cluster.
pub const CLUSTER: &str = "mayfly";
/// The subnet.
pub const SUBNET: &str = "subnet-0a1b2c3d";
/// The security group.
pub const SECURITY_GROUP: &str = "sg-0a1b2c3d";
/// The security group of previews whose code comes from a fork.
pub const FORK_SECURITY_GROUP: &str = "sg-0f0e0d0c";
/// The role that a workflow assumes.
pub const LAUNCHER_ROLE: &str = "mayfly-launcher";
/// The role that ECS itself uses to start tasks.
pub const EXECUTION_ROLE: &str = "mayfly-execution";
/// The role that a task's job has.
pub const TASK_ROLE: &str = "mayfly-job";
/// The task definition for Fargate.
pub const FARGATE_FAMILY: &str = "mayfly-runner-fargate";
/// The task definition for EC2 instances (bridge network).
pub const EC2_FAMILY: &str = "mayfly-runner-ec2";
/// The container that the overrides go to.
pub const CONTAINER: &str = "runner";
/// The image of both definitions.
pub const IMAGE: &str = "mayfly-runner:sandbox";
/// The tasks' log group.
pub const LOG_GROUP: &str = "/mayfly/runner";
/// The parameter that holds the GitHub token which both definitions inject as a secret. It must be put before a task
/// starts.
pub const TOKEN_PARAMETER: &str = "/mayfly/github-token";
/// Access key of the account's administrator, for the AWS CLI. It opens nothing but the sandbox.
pub const ADMIN_ACCESS_KEY: &str = "AKIAIOSANDBOXEXAMPLE";
/// The administrator's secret key.
pub const ADMIN_SECRET_KEY: &str = "sandbox/secret/key/that/opens/nothing/0000";

/// The repositories: what an application's task needs. The names after the tags are those of [`preview_images`].
pub(crate) fn repositories() -> Vec<RepositoryConfig> {
    vec![
        RepositoryConfig::of(APP_REPOSITORY, ["v1", "v2"], "app"),
        RepositoryConfig::of("proxy", ["v1"], "proxy"),
        RepositoryConfig::of("seed", ["v1"], "seed"),
        RepositoryConfig::of("linux", ["latest"], "linux"),
        RepositoryConfig::of("mayfly/entrypoint", ["latest"], "entrypoint"),
    ]
}

/// What the images of the sandbox's repositories run: the stand-in application as itself, as a proxy and as what fills a
/// volume, any program that a definition names, and `runner-entrypoint`, which installs itself on a volume.
pub fn preview_images(binaries: &Path) -> Vec<(&'static str, LocalImage)> {
    // Where a definition's own words name the program, it is found as it would be in its image.
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap_or_default());
    let app = with_state(LocalImage::new(binaries.join("standin-app")).env("PATH", &path));
    vec![
        ("app", app.clone().args(["serve"])),
        ("proxy", app.clone().args(["proxy", "http://127.0.0.1:8080"])),
        ("seed", app.args(["seed", "/data/seed.txt", "seeded"])),
        ("linux", with_state(LocalImage::linux(binaries))),
        ("entrypoint", LocalImage::new(binaries.join("runner-entrypoint")).args(["install", "/mayfly"])),
    ]
}

/// Each container has a `/run` of its own; here its supervisor has a folder of the task's.
fn with_state(image: LocalImage) -> LocalImage {
    image.lay_out(|folder| {
        let state = folder.join("state").to_string_lossy().into_owned();
        Ok(vec![(contract::env::STATE_DIR.to_owned(), state)])
    })
}

/// The reference of an image of the account, such as `app:v1`.
pub fn image(name: &str) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}")
}

/// The three roles. Nobody may assume the launcher before an identity provider is registered.
pub(crate) fn roles() -> Vec<Role> {
    let nobody = json!({ "Version": "2012-10-17", "Statement": [] });
    let tasks = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "ecs-tasks.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    });
    let mut task = Role::allowing_all(TASK_ROLE, tasks.clone());
    task.allowed = ["ssm:GetParameter", "ssm:DeleteParameter", "ecs:ListTagsForResource"].map(str::to_owned).to_vec();
    vec![Role::allowing_all(LAUNCHER_ROLE, nobody), Role::allowing_all(EXECUTION_ROLE, tasks), task]
}

/// Inputs of RegisterTaskDefinition for the two families.
pub(crate) fn task_definitions() -> Vec<Value> {
    let fargate = json!({
        "family": FARGATE_FAMILY,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "512",
        "memory": "1024",
        "taskRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/{TASK_ROLE}"),
        "executionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/{EXECUTION_ROLE}"),
        "runtimePlatform": { "cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX" },
        "containerDefinitions": [container()],
    });
    let mut ec2 = fargate.clone();
    ec2["family"] = json!(EC2_FAMILY);
    ec2["requiresCompatibilities"] = json!(["EC2"]);
    ec2["networkMode"] = json!("bridge");
    vec![fargate, ec2]
}

fn container() -> Value {
    json!({
        "name": CONTAINER,
        "image": IMAGE,
        "essential": true,
        "stopTimeout": 120,
        // PID 1 cannot ask ECS for it.
        "environment": [{ "name": contract::env::STOP_TIMEOUT, "value": "120" }],
        "secrets": [{
            "name": contract::env::GITHUB_TOKEN,
            "valueFrom": format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{TOKEN_PARAMETER}"),
        }],
        "healthCheck": {
            "command": ["CMD", "/usr/local/bin/runner-entrypoint", "healthcheck"],
            "interval": 10,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 60,
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": LOG_GROUP,
                "awslogs-region": REGION,
                "awslogs-stream-prefix": CONTAINER,
            },
        },
    })
}
