//! Single calls to services that are not worth an SDK crate of their own.
//!
//! `aws-sdk-ssm` alone takes minutes to build for three operations, and CloudWatch Logs for one: all of them are a JSON body
//! under an `x-amz-target`, signed by AWS's own `aws-sigv4`.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::Request;
use serde_json::Value;

use super::{Aws, AwsError, AwsErrorKind, error};

const LIMIT: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(200);

/// One operation of a service that speaks AWS JSON 1.1.
#[derive(Clone, Copy, Debug)]
pub struct JsonOperation {
    /// Service, as in its host name and its signature.
    pub service: &'static str,
    /// Prefix of `x-amz-target`.
    pub target: &'static str,
    /// Operation's name.
    pub name: &'static str,
    /// Whether a repetition after a lost answer does no harm.
    pub repeatable: bool,
}

impl Aws {
    /// Calls the operation.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn call(&self, operation: JsonOperation, object: &str, body: &Value) -> Result<Value, AwsError> {
        let mut attempt = 1;
        loop {
            let fault = match self.call_once(operation, object, body).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let may_pass = match fault.kind {
                AwsErrorKind::Throttled => true,
                AwsErrorKind::Unavailable => operation.repeatable,
                _ => false,
            };
            if attempt >= ATTEMPTS || !may_pass {
                return Err(fault);
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
            attempt += 1;
        }
    }

    async fn call_once(&self, operation: JsonOperation, object: &str, body: &Value) -> Result<Value, AwsError> {
        let unavailable = |text: String| AwsError::new(AwsErrorKind::Unavailable, operation.name, object, text);
        let request = self.signed(operation, body).await.map_err(unavailable)?;
        let answer = self.http.send(request, LIMIT).await.map_err(|fault| unavailable(with_causes(&fault)))?;
        let parsed: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status().is_success() {
            return Ok(parsed);
        }
        let code = parsed["__type"].as_str().map(|code| code.rsplit('#').next().unwrap_or(code).to_owned());
        let message = parsed["message"].as_str().or(parsed["Message"].as_str()).unwrap_or("no reason given");
        let kind = error::kind(code.as_deref(), message, Some(answer.status().as_u16()));
        let request_id =
            answer.headers().get("x-amzn-requestid").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Err(AwsError::new(kind, operation.name, object, message).with_code(code).with_request_id(request_id))
    }

    async fn signed(&self, operation: JsonOperation, body: &Value) -> Result<Request<Bytes>, String> {
        let provider = self.config.credentials_provider().ok_or("there are no AWS credentials")?;
        let identity: Identity = provider.provide_credentials().await.map_err(|fault| with_causes(&fault))?.into();
        let body = Bytes::from(body.to_string());
        let mut request = Request::post(format!("{}/", self.endpoints.url(operation.service)))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{}.{}", operation.target, operation.name))
            .body(body.clone())
            .map_err(|fault| fault.to_string())?;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(operation.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|fault| fault.to_string())?
            .into();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = request.uri().to_string();
        let signable = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(&body))
            .map_err(|fault| fault.to_string())?;
        let (instructions, _) = sign(signable, &parameters).map_err(|fault| fault.to_string())?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

fn with_causes(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
