//! What an unsuccessful answer means: refused, wait, or try again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::Scope;
use serde::Deserialize;

use crate::http::Reply;

/// GitHub asks for at least a minute where it names no time ("Rate limits for the REST API", secondary limits).
const UNNAMED_WAIT: Duration = Duration::from_secs(60);

/// Why a request has not done what it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Asking again does not help.
    Refused(String),
    /// GitHub wants us to wait.
    Throttled { wait: Duration, message: String },
    /// No answer, or one about GitHub's own trouble.
    Unavailable { message: String, sent: Sent },
}

/// Whether the request may have had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    No,
    Maybe,
}

impl Trouble {
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Refused(message) | Self::Throttled { message, .. } | Self::Unavailable { message, .. } => message,
        }
    }
}

/// Reads an answer that is not the one hoped for.
pub(super) fn from_reply(reply: &Reply, what: &str, fix: Option<String>) -> Trouble {
    let told = told(reply);
    let message = format!("GitHub answered {what} with {}{told}{}", reply.status, request_id(reply));
    if let Some(wait) = wait_told(reply, SystemTime::now()) {
        return Trouble::Throttled { wait, message };
    }
    if reply.status >= 500 {
        return Trouble::Unavailable { message, sent: Sent::Maybe };
    }
    Trouble::Refused(fix.map_or(message.clone(), |fix| format!("{message}; {fix}")))
}

/// Reads a failure to get any answer.
pub(super) fn from_transport(url: &str, cause: &ureq::Error) -> Trouble {
    let message = format!("no answer from {url}: {cause}");
    if is_about_the_certificate(cause) {
        return Trouble::Refused(format!(
            "{message}; if a proxy or a GHES with its own authority is in between, give its certificate by SSL_CERT_FILE"
        ));
    }
    match cause {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl => Trouble::Refused(message),
        cause => Trouble::Unavailable { message, sent: sent(cause) },
    }
}

/// A certificate that is not trusted now will not be in a second. rustls tells of it through an I/O error.
fn is_about_the_certificate(cause: &ureq::Error) -> bool {
    let inner = match cause {
        ureq::Error::Rustls(cause) => Some(cause),
        ureq::Error::Io(cause) => cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

/// Whether the request can have reached GitHub.
fn sent(cause: &ureq::Error) -> Sent {
    match cause {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => Sent::No,
        ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::ConnectionRefused => Sent::No,
        _ => Sent::Maybe,
    }
}

/// How long GitHub tells us to wait, if it does ("Best practices for using the REST API").
fn wait_told(reply: &Reply, now: SystemTime) -> Option<Duration> {
    if reply.status != 429 && reply.status != 403 {
        return None;
    }
    let number = |name| reply.header(name).and_then(|value| value.trim().parse::<u64>().ok());
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    if number("x-ratelimit-remaining") == Some(0) {
        let reset = UNIX_EPOCH + Duration::from_secs(number("x-ratelimit-reset").unwrap_or(0).min(1 << 40));
        return Some(reset.duration_since(now).unwrap_or(Duration::ZERO).max(Duration::from_secs(1)));
    }
    let body = String::from_utf8_lossy(&reply.body).to_lowercase();
    (reply.status == 429 || body.contains("secondary rate limit")).then_some(UNNAMED_WAIT)
}

/// What the answer says in words: ` ("Bad credentials")`.
fn told(reply: &Reply) -> String {
    #[derive(Deserialize)]
    struct Told {
        message: String,
    }
    let told = serde_json::from_slice::<Told>(&reply.body).map(|told| told.message).unwrap_or_default();
    let words: String = told.chars().filter(|c| !c.is_control()).take(200).collect();
    if words.is_empty() { words } else { format!(" (\"{words}\")") }
}

/// What GitHub's support asks for.
pub(super) fn request_id(reply: &Reply) -> String {
    reply.header("x-github-request-id").map_or_else(String::new, |id| format!(" [request {id}]"))
}

/// What to do about a refusal.
pub(super) fn fix(scope: &Scope, status: u16) -> Option<String> {
    Some(match status {
        401 => "the token is wrong, expired or revoked; put a valid one where the task definition reads it".to_owned(),
        403 => permission(scope),
        404 => format!("check the name {scope}, and that the credential may see it; {}", permission(scope)),
        422 => "GitHub does not accept the name, the labels or the runner group".to_owned(),
        _ => return None,
    })
}

fn permission(scope: &Scope) -> String {
    let (fine, classic) = match scope {
        Scope::Repo { .. } => {
            ("a fine-grained token or an App needs the repository permission \"Administration: write\"", "repo")
        }
        Scope::Org(_) => (
            "a fine-grained token or an App needs the organisation permission \"Self-hosted runners: write\"",
            "admin:org",
        ),
        Scope::Enterprise(_) => {
            ("neither Apps nor fine-grained tokens can register there", "manage_runners:enterprise")
        }
    };
    format!("{fine}, a classic token the scope \"{classic}\"")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use contract::Scope;
    use ureq::http::HeaderMap;

    use super::{Sent, Trouble, fix, from_reply, from_transport, wait_told};
    use crate::http::Reply;

    fn reply(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Reply {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header value"));
        }
        Reply { status, headers: map, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn wait_is_taken_from_where_github_says_it() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let cases = [
            (reply(429, &[("retry-after", "7")], ""), Some(7)),
            (reply(403, &[("retry-after", "7")], ""), Some(7)),
            (reply(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1030")], ""), Some(30)),
            (reply(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "900")], ""), Some(1)),
            (reply(403, &[], "{\"message\":\"You have exceeded a secondary rate limit\"}"), Some(60)),
            (reply(429, &[], ""), Some(60)),
            (reply(403, &[("x-ratelimit-remaining", "12")], "{\"message\":\"Forbidden\"}"), None),
            (reply(500, &[("retry-after", "7")], ""), None),
        ];
        for (reply, seconds) in cases {
            assert_eq!(wait_told(&reply, now), seconds.map(Duration::from_secs), "{reply:?}");
        }
    }

    #[test]
    fn refusal_names_what_refused_why_and_the_fix() {
        let scope = Scope::repo("octo/demo").expect("a scope");
        let reply = reply(403, &[("x-github-request-id", "AB:12")], "{\"message\":\"Resource not accessible\"}");
        let Trouble::Refused(message) = from_reply(&reply, "the registration", fix(&scope, 403)) else {
            panic!("403 without a wait is a refusal");
        };
        for part in ["the registration", "403", "Resource not accessible", "AB:12", "Administration: write"] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }

    #[test]
    fn certificate_that_is_not_trusted_is_refused_at_once_with_the_fix() {
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let cause = ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, unknown));
        let trouble = from_transport("https://ghe.example/api/v3", &cause);
        assert!(matches!(&trouble, Trouble::Refused(message) if message.contains("SSL_CERT_FILE")), "{trouble:?}");
    }

    #[test]
    fn error_of_the_server_may_have_had_its_effect() {
        let trouble = from_reply(&reply(502, &[], ""), "the registration", None);
        assert!(matches!(trouble, Trouble::Unavailable { sent: Sent::Maybe, .. }));
    }
}
