//! GitHub's OIDC token: what a job proves to AWS who it is with.
//!
//! The token lives five minutes (GitHub's documentation), so it is fetched right before each use and never kept.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use contract::Secret;
use http::{Request, StatusCode};
use serde::Deserialize;

use crate::config::aws::OidcLogin;
use crate::http::{Http, HttpError};

/// GitHub answers within a second; the rest is for a bad moment.
const LIMIT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// GitHub gave no token.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// No answer.
    #[error("could not fetch GitHub's OIDC token")]
    Unreachable(#[source] HttpError),
    /// An answer without a token.
    #[error("GitHub refused the OIDC token: HTTP {status}: {text} (request {request})")]
    Refused {
        /// The answer's status.
        status: StatusCode,
        /// What it said.
        text: String,
        /// GitHub's request id.
        request: String,
    },
    /// The address or the answer cannot be understood.
    #[error("GitHub's OIDC endpoint: {0}")]
    Malformed(String),
}

#[derive(Deserialize)]
struct Answer {
    value: Secret,
}

/// Fetches a token for the login's audience. Tries again where another moment may help.
///
/// # Errors
/// No answer, a refusal, or an answer without a token.
pub async fn fetch_token(http: &Http, login: &OidcLogin) -> Result<Secret, OidcError> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let fault = match fetch_once(http, login).await {
            Ok(token) => return Ok(token),
            Err(fault) => fault,
        };
        if attempt >= ATTEMPTS || !may_pass(&fault) {
            return Err(fault);
        }
        tracing::warn!(%fault, attempt, "OIDC token not given, trying again");
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    unreachable!("the loop ends by returning")
}

async fn fetch_once(http: &Http, login: &OidcLogin) -> Result<Secret, OidcError> {
    // The address that GitHub gives already has a query; its own toolkit relies on that as well.
    let joint = if login.request_url.contains('?') { '&' } else { '?' };
    let uri = format!("{}{joint}audience={}", login.request_url, percent_encoded(&login.audience));
    let request = Request::get(uri)
        .header("authorization", format!("Bearer {}", login.request_token.expose()))
        .header("accept", "application/json; api-version=2.0")
        .header("user-agent", concat!("mayfly/", env!("CARGO_PKG_VERSION")))
        .body(Bytes::new())
        .map_err(|fault| OidcError::Malformed(format!("ACTIONS_ID_TOKEN_REQUEST_URL cannot be used: {fault}")))?;
    let answer = http.send(request, LIMIT).await.map_err(OidcError::Unreachable)?;
    let request_id =
        answer.headers().get("x-github-request-id").and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    if !answer.status().is_success() {
        let text: String = String::from_utf8_lossy(answer.body()).chars().take(300).collect();
        return Err(OidcError::Refused { status: answer.status(), text, request: request_id.to_owned() });
    }
    let parsed: Answer = serde_json::from_slice(answer.body())
        .map_err(|_| OidcError::Malformed(format!("its answer has no token in it (request {request_id})")))?;
    Ok(parsed.value)
}

/// A job's record may lag behind its first steps: GitHub then says that it issues no token to a job that is not in progress.
fn may_pass(fault: &OidcError) -> bool {
    match fault {
        OidcError::Unreachable(cause) => cause.is_passing(),
        OidcError::Refused { status, text, .. } => {
            status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS || text.contains("non-inprogress")
        }
        OidcError::Malformed(_) => false,
    }
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// The claims that trust policies look at, read without verifying: to be shown beside AWS's refusal, never to be trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Who the token speaks for.
    #[serde(default)]
    pub sub: String,
    /// Whom it is for.
    #[serde(default)]
    pub aud: String,
    /// Who made it.
    #[serde(default)]
    pub iss: String,
}

/// Reads the claims of a token.
pub fn claims(token: &Secret) -> Option<Claims> {
    let payload = token.expose().split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use contract::Secret;

    use super::{Claims, URL_SAFE_NO_PAD, claims, percent_encoded};

    #[test]
    fn claims_are_read_from_a_token_and_garbage_has_none() {
        let payload = URL_SAFE_NO_PAD
            .encode(r#"{"sub":"repo:octo/demo:ref:refs/heads/main","aud":"sts.amazonaws.com","iss":"i"}"#);
        let expected = Claims {
            sub: "repo:octo/demo:ref:refs/heads/main".into(),
            aud: "sts.amazonaws.com".into(),
            iss: "i".into(),
        };
        assert_eq!(claims(&Secret::new(format!("h.{payload}.s"))), Some(expected));
        assert_eq!(claims(&Secret::new("garbage")), None);
    }

    #[test]
    fn audience_with_special_characters_is_encoded() {
        assert_eq!(percent_encoded("https://a b&c"), "https%3A%2F%2Fa%20b%26c");
    }
}
