//! What GitHub refused, and what to do about it: the one place that maps statuses.

use std::fmt;
use std::time::SystemTime;

use http::{HeaderMap, StatusCode};

use super::hint;
use super::rate_limit::{self, Limited};
use crate::http::HttpError;

/// Where GitHub names the request in its own logs: its support asks for it.
const REQUEST_ID: &str = "x-github-request-id";
/// Where an organisation that enforces SAML tells how a token is authorised for it.
const SSO: &str = "x-github-sso";

/// GitHub said no, or nothing.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// The credential cannot be used as it is; nothing was sent.
    #[error("{0}")]
    Credential(String),
    /// 401: the credential is unknown, expired or revoked.
    #[error("GitHub does not accept the credential: {refusal}; {fix}")]
    Unauthorized {
        /// What GitHub said.
        refusal: Refusal,
        /// What to do.
        fix: String,
    },
    /// 403: the credential is known, and lacks a right.
    #[error("GitHub does not permit it: {refusal}; {fix}")]
    Forbidden {
        /// What GitHub said.
        refusal: Refusal,
        /// What to do.
        fix: String,
    },
    /// 403: the organisation wants single sign-on for the token.
    #[error("the organisation wants the token authorised for single sign-on: {refusal}; open {url}")]
    SingleSignOn {
        /// What GitHub said.
        refusal: Refusal,
        /// Where the token is authorised.
        url: String,
    },
    /// 403 or 429: too many requests. The request was not carried out.
    #[error("GitHub's {limited} is used up: {refusal}")]
    RateLimited {
        /// What GitHub said.
        refusal: Refusal,
        /// Which limit, and until when.
        limited: Limited,
    },
    /// 404: not there, or not to be seen with this credential.
    #[error("GitHub does not find it: {refusal}; {fix}")]
    NotFound {
        /// What GitHub said.
        refusal: Refusal,
        /// What to do.
        fix: String,
    },
    /// 3xx: renamed or transferred.
    #[error("the repository or organisation has moved: {0}; use its new name")]
    Moved(Refusal),
    /// 422: understood and refused. Of a runner's DELETE it means that a job runs.
    #[error("GitHub refuses it: {0}")]
    Unprocessable(Refusal),
    /// 5xx, or a status that nobody documents.
    #[error("GitHub failed: {0}; see https://www.githubstatus.com")]
    Failed(Refusal),
    /// No answer.
    #[error("{request} came to nothing")]
    NoAnswer {
        /// Method and path.
        request: String,
        /// Why.
        source: HttpError,
    },
    /// An answer that cannot be understood.
    #[error("{request} was answered with something else than GitHub's API; check GITHUB_API_URL")]
    Malformed {
        /// Method and path.
        request: String,
        /// What could not be read.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// An answer that is a refusal, in GitHub's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Method and path.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// GitHub's message; empty where there was none.
    pub message: String,
    /// GitHub's id of the request.
    pub request_id: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was answered with {}", self.request, self.status)?;
        if !self.message.is_empty() {
            write!(f, " \"{}\"", self.message)?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

/// An answer without its success: what the mapping looks at.
pub(super) struct Answer<'a> {
    pub(super) request: &'a str,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl GitHubError {
    /// What an answer means that is not a success.
    pub(super) fn of(answer: &Answer<'_>, asker: &hint::Asker, now: SystemTime) -> Self {
        let refusal = Refusal::of(answer);
        if let Some(limited) = rate_limit::read(answer.status, answer.headers, &refusal.message, now) {
            return Self::RateLimited { refusal, limited };
        }
        match answer.status.as_u16() {
            401 => Self::Unauthorized { refusal, fix: asker.renew() },
            403 => match sso_url(answer.headers) {
                Some(url) => Self::SingleSignOn { refusal, url },
                None => Self::Forbidden { refusal, fix: asker.permit() },
            },
            404 => Self::NotFound { refusal, fix: asker.find() },
            300..400 => Self::Moved(refusal),
            // 409 is told of names and states that stand in the way; like 422 it is final and says why.
            400 | 409 | 410 | 422 => Self::Unprocessable(refusal),
            _ => Self::Failed(refusal),
        }
    }

    /// Whether GitHub may have carried the request out although it was not answered with a success.
    pub(super) fn leaves_it_open(&self) -> bool {
        match self {
            Self::Failed(refusal) => refusal.status >= 500,
            Self::NoAnswer { source, .. } => !source.is_unsent(),
            _ => false,
        }
    }

    /// GitHub's own words, where it came to an answer.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Unauthorized { refusal, .. }
            | Self::Forbidden { refusal, .. }
            | Self::SingleSignOn { refusal, .. }
            | Self::RateLimited { refusal, .. }
            | Self::NotFound { refusal, .. }
            | Self::Moved(refusal)
            | Self::Unprocessable(refusal)
            | Self::Failed(refusal) => Some(refusal),
            Self::Credential(_) | Self::NoAnswer { .. } | Self::Malformed { .. } => None,
        }
    }
}

impl Refusal {
    fn of(answer: &Answer<'_>) -> Self {
        Self {
            request: answer.request.to_owned(),
            status: answer.status.as_u16(),
            message: message_of(answer.body),
            request_id: answer.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned),
        }
    }
}

/// GitHub's `message` with the messages of its `errors`; other bodies (a proxy's page) say nothing worth repeating.
fn message_of(body: &[u8]) -> String {
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(body) else {
        return String::new();
    };
    let mut texts = vec![body["message"].as_str().unwrap_or_default()];
    let details = body["errors"].as_array().into_iter().flatten();
    texts.extend(details.filter_map(|detail| detail.as_str().or_else(|| detail["message"].as_str())));
    texts.retain(|text| !text.is_empty());
    texts.join(": ")
}

/// `required; url=https://github.com/orgs/…/sso?authorization_request=…`
fn sso_url(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(SSO)?.to_str().ok()?;
    value.split_once("url=").map(|(_, url)| url.trim().to_owned())
}
