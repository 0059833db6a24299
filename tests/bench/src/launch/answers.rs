//! What the servers say: answers of the shapes and sizes that GitHub and AWS give, prepared once.

use std::sync::Arc;

use serde_json::{Value, json};

use super::server::{Answers, Request};

const TASK_ARN: &str = "arn:aws:ecs:eu-central-1:123456789012:task/mayfly/0f9de17a6465404e8b1b2356dc13c2f8";
const SESSION_ARN: &str = "arn:aws:sts::123456789012:assumed-role/mayfly-launcher/octo-demo-1";
/// GitHub's tokens have some 1.7 kB, session tokens of STS about 1 kB.
const OIDC_TOKEN_LENGTH: usize = 1_700;
const SESSION_TOKEN_LENGTH: usize = 1_000;

/// GitHub's issuer: the token of a job.
pub(crate) fn oidc() -> Answers {
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", "e30x".repeat(OIDC_TOKEN_LENGTH / 4));
    let token = ("token", json(&json!({ "count": token.len(), "value": token })));
    Arc::new(move |_: &Request| Some(token.clone()))
}

/// STS: a role's credentials, and whose they are.
pub(crate) fn sts() -> Answers {
    let assume = ("AssumeRoleWithWebIdentity", xml("AssumeRoleWithWebIdentity", &assumed_role()));
    let identity =
        format!("<Arn>{SESSION_ARN}</Arn><UserId>AROAEXAMPLE:octo-demo-1</UserId><Account>123456789012</Account>");
    let identity = ("GetCallerIdentity", xml("GetCallerIdentity", &identity));
    Arc::new(move |request: &Request| {
        [&assume, &identity].into_iter().find(|(name, _)| contains(&request.body, name)).cloned()
    })
}

/// ECS: a task that was started, and a look at it.
pub(crate) fn ecs() -> Answers {
    let run = ("RunTask", json(&json!({ "tasks": [task("PROVISIONING")], "failures": [] })));
    let describe = ("DescribeTasks", json(&json!({ "tasks": [task("RUNNING")], "failures": [] })));
    Arc::new(move |request: &Request| {
        [&run, &describe].into_iter().find(|(name, _)| request.target.ends_with(name)).cloned()
    })
}

fn assumed_role() -> String {
    format!(
        "<Audience>sts.amazonaws.com</Audience><AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:octo-demo-1</AssumedRoleId>\
         <Arn>{SESSION_ARN}</Arn></AssumedRoleUser><Provider>arn:aws:iam::123456789012:oidc-provider/issuer</Provider>\
         <Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId><SecretAccessKey>c2VjcmV0c2VjcmV0c2VjcmV0</SecretAccessKey>\
         <SessionToken>{}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
         <SubjectFromWebIdentityToken>repo:octo/demo:ref:refs/heads/main</SubjectFromWebIdentityToken>",
        "IQoJ".repeat(SESSION_TOKEN_LENGTH / 4)
    )
}

/// A task as Fargate shows it, with its network attachment, overrides and tags.
fn task(status: &str) -> Value {
    let pairs = |prefix: &str, name: &str| -> Vec<Value> {
        (0..12).map(|number| json!({ name: format!("{prefix}{number}"), "value": "0123456789abcdef0123" })).collect()
    };
    json!({
        "taskArn": TASK_ARN,
        "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/mayfly",
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/mayfly-runner-fargate:7",
        "lastStatus": status, "desiredStatus": "RUNNING", "connectivity": "CONNECTED", "version": 1,
        "launchType": "FARGATE", "platformVersion": "1.4.0", "platformFamily": "Linux",
        "cpu": "1024", "memory": "2048", "ephemeralStorage": { "sizeInGiB": 20 }, "enableExecuteCommand": false,
        "availabilityZone": "eu-central-1a", "createdAt": 1_795_000_000.123, "group": "family:mayfly-runner-fargate",
        "attributes": [{ "name": "ecs.cpu-architecture", "value": "x86_64" }],
        "attachments": [{
            "id": "0e7b6a70-8e1c-4a15-8f2e-8f0b0e1f0a11", "type": "ElasticNetworkInterface", "status": "PRECREATED",
            "details": [{ "name": "subnetId", "value": "subnet-0a1b2c3d" }],
        }],
        "containers": [{
            "containerArn": "arn:aws:ecs:eu-central-1:123456789012:container/mayfly/0f9de17a/5d1b8a05",
            "taskArn": TASK_ARN, "name": "runner", "image": "mayfly-runner:sandbox", "lastStatus": status,
            "networkInterfaces": [], "healthStatus": "UNKNOWN", "cpu": "0",
        }],
        "overrides": {
            "containerOverrides": [{ "name": "runner", "environment": pairs("BENCH_", "name") }],
            "inferenceAcceleratorOverrides": [],
        },
        "tags": pairs("bench:", "key"),
    })
}

fn contains(body: &[u8], name: &str) -> bool {
    body.windows(name.len()).any(|window| window == name.as_bytes())
}

fn json(body: &Value) -> Arc<[u8]> {
    http("application/x-amz-json-1.1", &body.to_string())
}

fn xml(operation: &str, result: &str) -> Arc<[u8]> {
    let body = format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>5b5f1c3e-0000-4000-8000-000000000000</RequestId></ResponseMetadata></{operation}Response>"
    );
    http("text/xml", &body)
}

fn http(kind: &str, body: &str) -> Arc<[u8]> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nx-amzn-RequestId: 5b5f1c3e-0000-4000-8000-000000000000\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat().into()
}
