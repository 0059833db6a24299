//! One call: octocrab on the process's own HTTP client, with the repetitions that are safe.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use contract::Secret;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, LINK, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use http_body_util::BodyExt;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use serde::de::DeserializeOwned;

use super::error::Answer;
use super::hint::Asker;
use super::{ApiUrl, GitHubError, retry};
use crate::http::{Http, HttpError, find};

/// How long one attempt may take, body included. GitHub itself gives up after ten seconds.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(30);
const API_VERSION: HeaderName = HeaderName::from_static("x-github-api-version");

/// octocrab, and nothing of a credential.
#[derive(Clone)]
pub(super) struct Client {
    octocrab: Octocrab,
    api_url: Uri,
}

/// What to ask for.
pub(super) struct Call {
    method: Method,
    path: String,
    body: String,
    repeat: Repeat,
}

/// What a lost answer means for a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Carried out twice it does what it does once.
    Safe,
    /// It may have been carried out: it must be looked for before it is sent again.
    LookFirst,
}

impl Call {
    pub(super) fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: String::new(), repeat: Repeat::Safe }
    }

    pub(super) fn delete(path: String) -> Self {
        Self { method: Method::DELETE, path, body: String::new(), repeat: Repeat::Safe }
    }

    /// A PATCH that says what shall be, not what shall be added.
    pub(super) fn change(path: String, body: String) -> Self {
        Self { method: Method::PATCH, path, body, repeat: Repeat::Safe }
    }

    /// A POST of what is true whether it is said once or twice: a reaction, the state of a deployment or of a commit.
    pub(super) fn state(path: String, body: String) -> Self {
        Self { method: Method::POST, path, body, repeat: Repeat::Safe }
    }

    /// A POST that creates something lasting. It is repeated only where GitHub has certainly not carried it out; where the
    /// answer was lost, [`GitHub::create`](super::GitHub) looks for what it may have made.
    pub(super) fn create(path: String, body: String) -> Self {
        Self { method: Method::POST, path, body, repeat: Repeat::LookFirst }
    }

    /// A POST that mints something which ends by itself: one too many does no harm, so that it may be repeated. A POST
    /// that starts or creates something lasting must not be sent this way, but as [`Call::create`].
    pub(super) fn mint(path: String, body: String) -> Self {
        Self { method: Method::POST, path, body, repeat: Repeat::Safe }
    }

    fn may_be_repeated_after(&self, fault: &GitHubError) -> bool {
        self.repeat == Repeat::Safe || !fault.leaves_it_open()
    }

    /// Method and path: how the call is named in errors.
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// A success: its headers and body.
pub(super) struct Success {
    name: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Success {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body)
            .map_err(|cause| GitHubError::Malformed { request: self.name.clone(), source: cause.into() })
    }

    /// Whether GitHub has another page.
    pub(super) fn has_next(&self) -> bool {
        self.headers
            .get_all(LINK)
            .iter()
            .filter_map(|link| link.to_str().ok())
            .any(|link| link.contains("rel=\"next\""))
    }
}

impl Client {
    pub(super) fn new(http: Http, api_url: &ApiUrl) -> Self {
        let headers = vec![
            (USER_AGENT, HeaderValue::from_static(concat!("mayfly/", env!("CARGO_PKG_VERSION")))),
            (ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
            (API_VERSION, HeaderValue::from_static("2022-11-28")),
        ];
        let Ok(octocrab) = OctocrabBuilder::new_empty()
            .with_service(http)
            .with_layer(&BaseUriLayer::new(api_url.uri().clone()))
            .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
            .with_auth(AuthState::None)
            .build();
        Self { octocrab, api_url: api_url.uri().clone() }
    }

    /// Sends the call until it succeeds, fails for good, or has been tried often enough.
    pub(super) async fn send(&self, call: &Call, bearer: &Secret, asker: &Asker) -> Result<Success, GitHubError> {
        let mut attempt = 1;
        loop {
            let fault = match self.attempt(call, bearer, asker).await {
                Ok(success) => return Ok(success),
                Err(fault) => fault,
            };
            let pause = retry::pause_after(attempt, &fault).filter(|_| call.may_be_repeated_after(&fault));
            let Some(pause) = pause else {
                return Err(fault);
            };
            tracing::debug!(request = call.name(), attempt, ?pause, fault = %fault, "repeating a request to GitHub");
            tokio::time::sleep(retry::jittered(pause)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call, bearer: &Secret, asker: &Asker) -> Result<Success, GitHubError> {
        let name = call.name();
        let request = build(call, bearer)?;
        let exchange = async {
            let (head, body) = self.octocrab.execute(request).await?.into_parts();
            Ok((head, body.collect().await?.to_bytes()))
        };
        let (head, body) = tokio::time::timeout(ATTEMPT_LIMIT, exchange)
            .await
            .map_err(|_| self.no_answer(&name, None))?
            .map_err(|cause: octocrab::Error| self.no_answer(&name, Some(cause)))?;
        if head.status.is_success() {
            return Ok(Success { name, headers: head.headers, body });
        }
        let answer = Answer { request: &name, status: head.status, headers: &head.headers, body: &body };
        Err(GitHubError::of(&answer, asker, SystemTime::now()))
    }

    fn no_answer(&self, name: &str, cause: Option<octocrab::Error>) -> GitHubError {
        let host = self.api_url.authority().map(ToString::to_string).unwrap_or_default();
        let source = match cause {
            None => HttpError::Timeout { host, limit: ATTEMPT_LIMIT },
            Some(cause) => match find::<HttpError>(&cause) {
                Some(own) => own.clone(),
                None => HttpError::Broken { host, source: Arc::new(cause) },
            },
        };
        GitHubError::NoAnswer { request: name.to_owned(), source }
    }
}

fn build(call: &Call, bearer: &Secret) -> Result<Request<String>, GitHubError> {
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", bearer.expose())).map_err(|_| {
        GitHubError::Credential("the token has characters that no token has; store it again".to_owned())
    })?;
    authorization.set_sensitive(true);
    let mut request = Request::builder().method(&call.method).uri(&call.path).header(AUTHORIZATION, authorization);
    if !call.body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    request
        .body(call.body.clone())
        .map_err(|cause| GitHubError::Malformed { request: call.name(), source: cause.into() })
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api_url", &self.api_url).finish_non_exhaustive()
    }
}
