//! The task's way to AWS: its role's credentials, and signed calls of the JSON services.

pub(crate) mod parameter;

use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use contract::Secret;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::Request;

use crate::http::{Http, Proxies, Reply};

/// Where ECS gives a task its role's credentials.
const ECS_CREDENTIALS: &str = "http://169.254.170.2";
const CALL: Duration = Duration::from_secs(10);
/// SSM throttles DeleteParameter early (terraform-aws-github-runner issue 5243).
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A service, by the names that it has in addresses, signatures, headers and settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Api {
    service: &'static str,
    target: &'static str,
    endpoint_variable: &'static str,
}

pub(crate) const SSM: Api = Api { service: "ssm", target: "AmazonSSM", endpoint_variable: "AWS_ENDPOINT_URL_SSM" };
pub(crate) const SECRETS_MANAGER: Api =
    Api { service: "secretsmanager", target: "secretsmanager", endpoint_variable: "AWS_ENDPOINT_URL_SECRETS_MANAGER" };
pub(crate) const ECS: Api =
    Api { service: "ecs", target: "AmazonEC2ContainerServiceV20141113", endpoint_variable: "AWS_ENDPOINT_URL_ECS" };

/// A service to talk to, as the task's role.
pub(crate) struct Service {
    api: Api,
    http: Http,
    endpoint: String,
    region: String,
    credentials: Credentials,
}

impl Service {
    /// Finds region, endpoint and credentials as every task has them.
    pub(crate) fn of_this_task(api: Api) -> Result<Self, String> {
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.ok_or_else(|| format!("AWS_REGION is not set, so {} cannot be found", api.service))?;
        let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
        let endpoint = variable(api.endpoint_variable)
            .or_else(|| variable("AWS_ENDPOINT_URL"))
            .unwrap_or_else(|| format!("https://{}.{region}.amazonaws.com{suffix}", api.service));
        let http = Http::for_url(&endpoint, Proxies::FromEnvironment)?;
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Ok(Self { api, http, endpoint, region, credentials: role_credentials()? })
    }

    /// Sends a request about one thing until it is answered, but for throttling and server errors.
    pub(crate) fn call(&self, action: &str, about: &str, body: &Value, until: Instant) -> Result<Reply, String> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let fault = match self.send(action, body) {
                Ok(reply) if reply.status == 200 => return Ok(reply),
                Ok(reply) if !is_passing(&reply) => return Err(self.refusal(action, about, &reply)),
                Ok(reply) => self.refusal(action, about, &reply),
                Err(cause) => format!("{}:{action}: {cause}", self.api.service),
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
            .header("x-amz-target", format!("{}.{action}", self.api.target))
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
            .name(self.api.service)
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

    /// Errors of these services hold a type and a message; neither holds a secret value.
    fn refusal(&self, action: &str, about: &str, reply: &Reply) -> String {
        let service = self.api.service;
        let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let kind = told["__type"].as_str().unwrap_or_default();
        let message = told["message"].as_str().or_else(|| told["Message"].as_str()).unwrap_or_default();
        let request = reply.header("x-amzn-requestid").unwrap_or("unknown");
        let fix = if kind.contains("AccessDenied") {
            let key = if self.api == ECS { "" } else { " (and kms:Decrypt on its key)" };
            format!("; the task role needs {service}:{action} on it{key}")
        } else {
            String::new()
        };
        let status = reply.status;
        format!(
            "{service}:{action} of \"{about}\" was answered with {status} {kind} {message}{fix} [request {request}]"
        )
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
    let mut request = Request::get(&url);
    if let Some(token) = authorization()? {
        request = request.header("authorization", token.expose());
    }
    let request = request.body(Vec::new()).map_err(|cause| cause.to_string())?;
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
    variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        .ok_or_else(|| "the task has no role, so it cannot ask AWS; give the task definition a taskRoleArn".to_owned())
}

/// What the credentials' address wants to hear, where it is not ECS's own.
fn authorization() -> Result<Option<Secret>, String> {
    if let Some(path) = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        let token = std::fs::read_to_string(&path).map_err(|cause| format!("{path} cannot be read: {cause}"))?;
        return Ok(Some(Secret::new(token)));
    }
    Ok(variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Secret::new))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
