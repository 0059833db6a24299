//! The one-shot SSM parameter: read by the task role, and deleted before any job could read it.

use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use contract::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Request;

use crate::http::{Http, Proxies, Reply};

/// Where ECS gives a task its role's credentials.
const ECS_CREDENTIALS: &str = "http://169.254.170.2";
const CALL: Duration = Duration::from_secs(10);
/// SSM throttles DeleteParameter early (terraform-aws-github-runner issue 5243).
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A parameter store to talk to, as the task's role.
pub(crate) struct ParameterStore {
    http: Http,
    endpoint: String,
    region: String,
    credentials: Credentials,
}

impl ParameterStore {
    /// Finds region, endpoint and credentials as every task has them.
    pub(crate) fn of_this_task() -> Result<Self, String> {
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.ok_or("AWS_REGION is not set, so the parameter store cannot be found")?;
        let endpoint = variable("AWS_ENDPOINT_URL_SSM")
            .or_else(|| variable("AWS_ENDPOINT_URL"))
            .unwrap_or_else(|| format!("https://ssm.{region}.amazonaws.com"));
        let http = Http::for_url(&endpoint, Proxies::FromEnvironment)?;
        Ok(Self { http, endpoint: endpoint.trim_end_matches('/').to_owned(), region, credentials: role_credentials()? })
    }

    /// Reads a SecureString.
    pub(crate) fn get(&self, name: &str, until: Instant) -> Result<Secret, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            parameter: Parameter,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Parameter {
            value: Secret,
        }
        let reply = self.call("GetParameter", &json!({ "Name": name, "WithDecryption": true }), until)?;
        let answer: Answer = serde_json::from_slice(&reply.body)
            .map_err(|_| format!("the parameter store's answer about \"{name}\" cannot be read"))?;
        Ok(answer.parameter.value)
    }

    /// Deletes it. One that is gone already is as good.
    pub(crate) fn delete(&self, name: &str, until: Instant) -> Result<(), String> {
        match self.call("DeleteParameter", &json!({ "Name": name }), until) {
            Err(fault) if !fault.contains("ParameterNotFound") => Err(fault),
            _ => Ok(()),
        }
    }

    /// Sends a request until it is answered, but for throttling and server errors.
    fn call(&self, action: &str, body: &Value, until: Instant) -> Result<Reply, String> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let fault = match self.send(action, body) {
                Ok(reply) if reply.status == 200 => return Ok(reply),
                Ok(reply) if !is_passing(&reply) => return Err(refusal(action, body, &reply)),
                Ok(reply) => refusal(action, body, &reply),
                Err(cause) => format!("ssm:{action}: {cause}"),
            };
            if attempt >= ATTEMPTS || Instant::now() + pause >= until {
                return Err(fault);
            }
            pause_for(pause);
            pause *= 2;
        }
        unreachable!("the number of attempts is limited above")
    }

    fn send(&self, action: &str, body: &Value) -> Result<Reply, String> {
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("{}/", self.endpoint))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("AmazonSSM.{action}"))
            .body(body.to_string().into_bytes())
            .map_err(|cause| cause.to_string())?;
        self.sign(&mut request)?;
        self.http.send(request, CALL).map_err(|cause| cause.to_string())
    }

    fn sign(&self, request: &mut Request<Vec<u8>>) -> Result<(), String> {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("ssm")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|cause| cause.to_string())?
            .into();
        let uri = request.uri().to_string();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(request.body()))
            .map_err(|cause| cause.to_string())?;
        let (instructions, _) = sign(signable, &params).map_err(|cause| cause.to_string())?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a pause between two attempts has no condition to wait for")]
fn pause_for(pause: Duration) {
    std::thread::sleep(pause);
}

fn is_passing(reply: &Reply) -> bool {
    let body = String::from_utf8_lossy(&reply.body);
    reply.status >= 500 || reply.status == 429 || body.contains("Throttling") || body.contains("TooManyUpdates")
}

/// SSM's errors hold a type and a message; neither holds the value.
fn refusal(action: &str, body: &Value, reply: &Reply) -> String {
    let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let kind = told["__type"].as_str().unwrap_or_default();
    let message = told["message"].as_str().or_else(|| told["Message"].as_str()).unwrap_or_default();
    let request = reply.header("x-amzn-requestid").unwrap_or("unknown");
    let fix = if kind.contains("AccessDenied") {
        format!("; the task role needs ssm:{action} on it (and kms:Decrypt on its key)")
    } else {
        String::new()
    };
    let name = &body["Name"];
    format!("ssm:{action} of {name} was answered with {} {kind} {message}{fix} [request {request}]", reply.status)
}

/// The task role's credentials, from where ECS gives them.
fn role_credentials() -> Result<Credentials, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        access_key_id: String,
        secret_access_key: Secret,
        token: Secret,
    }
    let url = credentials_url()?;
    let request = Request::get(&url).body(Vec::new()).map_err(|cause| cause.to_string())?;
    let reply = Http::for_url(&url, Proxies::None)?
        .send(request, CALL)
        .map_err(|cause| format!("the task role's credentials cannot be read: {cause}"))?;
    let answer: Answer = serde_json::from_slice(&reply.body)
        .map_err(|_| format!("the task role's credentials cannot be read (status {})", reply.status))?;
    let (secret, token) = (answer.secret_access_key.expose(), answer.token.expose().to_owned());
    Ok(Credentials::new(answer.access_key_id, secret, Some(token), None, "task role"))
}

fn credentials_url() -> Result<String, String> {
    if let Some(path) = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        return Ok(format!("{ECS_CREDENTIALS}{path}"));
    }
    variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").ok_or_else(|| {
        "the task has no role, so it cannot read its parameter; give the task definition a taskRoleArn".to_owned()
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
