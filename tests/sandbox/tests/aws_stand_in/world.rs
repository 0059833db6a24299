//! A stand-in with a client: what every test here starts with.

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use sandbox::aws::{Aws, AwsConfig, LocalImage, Status, Task, fixture};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Long enough for a busy machine; nothing that passes takes it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A shell script in the place of the container's program.
pub(crate) fn shell(script: &str) -> LocalImage {
    LocalImage::new("/bin/sh").args(["-c", script])
}

/// A running stand-in.
pub(crate) struct World {
    pub(crate) aws: Aws,
    pub(crate) runtime: Runtime,
}

/// An error answer, or none at all.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) body: Value,
}

/// Credentials of the account's administrator.
pub(crate) fn admin() -> Credentials {
    Credentials::new(fixture::ADMIN_ACCESS_KEY, fixture::ADMIN_SECRET_KEY, None, None, "test")
}

impl World {
    /// The sandbox's account; its containers wait to be told to end.
    pub(crate) fn new() -> Self {
        Self::running("trap 'exit 7' TERM; while :; do sleep 0.02; done")
    }

    /// The sandbox's account; its containers run this script.
    pub(crate) fn running(script: &str) -> Self {
        Self::with(AwsConfig::default().image(fixture::IMAGE, shell(script)))
    }

    pub(crate) fn with(config: AwsConfig) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let aws = runtime.block_on(Aws::start(config)).unwrap();
        aws.put_parameter(fixture::TOKEN_PARAMETER, "ghp_standin");
        Self { aws, runtime }
    }

    /// Calls an operation of a JSON service as the administrator.
    pub(crate) fn call(&self, service: &str, operation: &str, parameters: &Value) -> Result<Value, Refused> {
        self.call_as(&admin(), service, operation, parameters)
    }

    pub(crate) fn ecs(&self, operation: &str, parameters: &Value) -> Result<Value, Refused> {
        self.call("ecs", operation, parameters)
    }

    pub(crate) fn call_as(
        &self,
        who: &Credentials,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Refused> {
        let prefix = match service {
            "ecs" => "AmazonEC2ContainerServiceV20141113",
            "ssm" => "AmazonSSM",
            "ecr" => "AmazonEC2ContainerRegistry_V20150921",
            "acm" => "CertificateManager",
            "codebuild" => "CodeBuild_20161006",
            _ => "Logs_20140328",
        };
        let target = format!("{prefix}.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let body = input.to_string();
        let signed = signature(who, service, self.aws.url(), &headers, &body, SystemTime::now());
        let all: Vec<(&str, &str)> =
            headers.into_iter().chain(signed.iter().map(|(name, value)| (name.as_str(), value.as_str()))).collect();
        let (status, body) = post(self.aws.url(), &all, &body).map_err(no_answer)?;
        let body: Value = serde_json::from_str(&body).unwrap_or(Value::String(body));
        if status == 200 { Ok(body) } else { Err(refused(status, body)) }
    }

    /// The parameters of a launch on Fargate.
    pub(crate) fn fargate(&self) -> Value {
        json!({
            "cluster": fixture::CLUSTER,
            "taskDefinition": fixture::FARGATE_FAMILY,
            "launchType": "FARGATE",
            "networkConfiguration": { "awsvpcConfiguration": {
                "subnets": [fixture::SUBNET],
                "securityGroups": [fixture::SECURITY_GROUP],
                "assignPublicIp": "ENABLED",
            } },
        })
    }

    /// The same with one parameter set.
    pub(crate) fn fargate_with(&self, name: &str, value: Value) -> Value {
        let mut parameters = self.fargate();
        parameters[name] = value;
        parameters
    }

    /// Starts one task and answers its ARN.
    pub(crate) fn start(&self, parameters: &Value) -> String {
        let answer = self.ecs("RunTask", parameters).unwrap();
        assert_eq!(answer["failures"], json!([]));
        answer["tasks"][0]["taskArn"].as_str().unwrap().to_owned()
    }

    pub(crate) fn stop(&self, arn: &str) -> Value {
        self.ecs("StopTask", &json!({ "cluster": fixture::CLUSTER, "task": arn })).unwrap()
    }

    /// DescribeTasks with tags.
    pub(crate) fn describe(&self, arn: &str) -> Value {
        let input = json!({ "cluster": fixture::CLUSTER, "tasks": [arn], "include": ["TAGS"] });
        self.ecs("DescribeTasks", &input).unwrap()
    }

    pub(crate) fn until(&self, arn: &str, condition: impl Fn(&Task) -> bool) -> Task {
        let met = self.runtime.block_on(self.aws.wait_for(arn, DEADLINE, condition));
        let task = self.aws.task(arn).unwrap();
        assert!(met, "the condition did not come to hold: {task:#?}");
        task
    }

    pub(crate) fn until_running(&self, arn: &str) -> Task {
        self.until(arn, |task| task.status == Status::Running)
    }

    pub(crate) fn until_stopped(&self, arn: &str) -> Task {
        self.until(arn, |task| task.status == Status::Stopped)
    }

    /// Waits until the task's container has written this line.
    pub(crate) fn until_written(&self, arn: &str, line: &str) {
        self.until(arn, |task| self.aws.output(&task.id).iter().any(|written| written == line));
    }
}

fn no_answer(cause: String) -> Refused {
    Refused { status: 0, code: String::new(), message: cause, body: Value::Null }
}

fn refused(status: u16, body: Value) -> Refused {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Refused { status, code: text("__type"), message: text("message"), body }
}

/// The headers that sign a POST of this body.
pub(crate) fn signature(
    who: &Credentials,
    service: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
    time: SystemTime,
) -> Vec<(String, String)> {
    let identity = who.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(fixture::REGION)
        .name(service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let request = SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(body.as_bytes()));
    let (instructions, _) = sign(request.unwrap(), &parameters.into()).unwrap().into_parts();
    instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Posts without judging: the status and the body, or why there is none.
pub(crate) fn post(url: &str, headers: &[(&str, &str)], body: &str) -> Result<(u16, String), String> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(DEADLINE)).build().into();
    let request = headers.iter().fold(agent.post(url), |request, (name, value)| request.header(*name, *value));
    let mut answer = request.send(body).map_err(|fault| fault.to_string())?;
    assert!(answer.headers().contains_key("x-amzn-requestid"), "every answer carries its request id");
    let mut text = String::new();
    answer.body_mut().as_reader().read_to_string(&mut text).map_err(|fault| fault.to_string())?;
    Ok((answer.status().as_u16(), text))
}

/// A client that judges no status and knows no proxy: what it asks is on this machine.
pub(crate) fn browser() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
}

/// Gets without judging.
pub(crate) fn get(url: &str) -> (u16, Value) {
    let mut answer = browser().get(url).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_json().unwrap_or(Value::Null))
}
