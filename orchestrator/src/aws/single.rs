//! What single calls share, whatever their protocol: the signature, the way there, and when one is repeated.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{Request, Response};

use super::{Aws, AwsError, AwsErrorKind, error};

const LIMIT: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(200);

/// One request, before it is signed.
pub(super) struct Single<'a> {
    /// Service, as in its host name and its signature.
    pub(super) service: &'static str,
    /// Operation's name.
    pub(super) operation: &'static str,
    /// What it is about, for the error.
    pub(super) object: &'a str,
    /// Whether a repetition after a lost answer does no harm.
    pub(super) repeatable: bool,
    /// Headers of the protocol.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(super) body: Bytes,
    /// How the protocol writes a refusal.
    pub(super) refusal: fn(&Response<Bytes>) -> Refusal,
}

/// A refusal as the protocol wrote it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) request_id: Option<String>,
}

impl Single<'_> {
    /// An error of this call.
    pub(super) fn fault(&self, kind: AwsErrorKind, message: impl Into<String>) -> AwsError {
        AwsError::new(kind, self.operation, self.object, message)
    }

    fn refused(&self, answer: &Response<Bytes>) -> AwsError {
        let Refusal { code, message, request_id } = (self.refusal)(answer);
        let status = answer.status();
        let message = message.unwrap_or_else(|| format!("no reason given (status {})", status.as_u16()));
        let kind = error::kind(code.as_deref(), &message, Some(status.as_u16()));
        let header = answer.headers().get("x-amzn-requestid").and_then(|value| value.to_str().ok());
        let request_id = request_id.or_else(|| header.map(str::to_owned));
        self.fault(kind, message).with_code(code).with_request_id(request_id)
    }
}

impl Aws {
    /// Sends the request until it is answered, refused, or has failed often enough; gives the body of the answer.
    pub(super) async fn send(&self, single: &Single<'_>) -> Result<Bytes, AwsError> {
        let mut attempt = 1;
        loop {
            let fault = match self.send_once(single).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let may_pass = match fault.kind {
                AwsErrorKind::Throttled => true,
                AwsErrorKind::Unavailable => single.repeatable,
                _ => false,
            };
            if attempt >= ATTEMPTS || !may_pass {
                return Err(fault);
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
            attempt += 1;
        }
    }

    async fn send_once(&self, single: &Single<'_>) -> Result<Bytes, AwsError> {
        let unavailable = |text: String| single.fault(AwsErrorKind::Unavailable, text);
        let request = self.signed(single).await.map_err(unavailable)?;
        let answer = self.http.send(request, LIMIT).await.map_err(|fault| unavailable(with_causes(&fault)))?;
        if answer.status().is_success() { Ok(answer.into_body()) } else { Err(single.refused(&answer)) }
    }

    async fn signed(&self, single: &Single<'_>) -> Result<Request<Bytes>, String> {
        let provider = self.config.credentials_provider().ok_or("there are no AWS credentials")?;
        let identity: Identity = provider.provide_credentials().await.map_err(|fault| with_causes(&fault))?.into();
        let mut request = Request::post(format!("{}/", self.endpoints.url(single.service)));
        for (name, value) in &single.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(single.body.clone()).map_err(|fault| fault.to_string())?;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(single.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|fault| fault.to_string())?
            .into();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = request.uri().to_string();
        let signable = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(&single.body))
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
