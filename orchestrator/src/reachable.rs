//! Waits until a URL answers through its public way: it is told to people only then.

use std::time::Duration;

use bytes::Bytes;
use http::header::SERVER;
use http::{HeaderMap, Request, StatusCode};
use tokio::time::Instant;

use crate::http::Http;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// One request: an app that needs longer for its first page is asked again.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// What a load balancer's own answers carry.
const ELB: &str = "awselb/";

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Any page of the app's own, a refusal too.
    Anything {
        /// The address.
        url: String,
    },
    /// A page that must be well.
    Healthy {
        /// The address, the health path included.
        url: String,
    },
}

impl Probe {
    /// The health path of an address; without one, its first page.
    pub fn of(url: &str, health_path: Option<&str>) -> Self {
        let base = url.trim_end_matches('/');
        match health_path {
            Some(path) => Self::Healthy { url: format!("{base}/{}", path.trim_start_matches('/')) },
            None => Self::Anything { url: format!("{base}/") },
        }
    }

    /// The address.
    pub fn url(&self) -> &str {
        match self {
            Self::Anything { url } | Self::Healthy { url } => url,
        }
    }
}

/// The URL did not answer in time, or cannot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url} does not answer after {}: {why}", contract::duration::format(*.after))]
pub struct Unreachable {
    /// The address.
    pub url: String,
    /// How long it was waited for.
    pub after: Duration,
    /// The last failure.
    pub why: String,
}

/// Judges an answer.
///
/// # Errors
/// Why it is not the app's, or not well.
pub fn judge(probe: &Probe, status: StatusCode, headers: &HeaderMap) -> Result<(), String> {
    let own = headers.get(SERVER).is_some_and(|server| server.as_bytes().starts_with(ELB.as_bytes()));
    let said = format!("it answers {status}");
    match (status.as_u16(), probe) {
        // A rule takes seconds until all of the load balancer knows it; until then the default action answers.
        (404, _) if own => Err("the load balancer does not know its rule yet".to_owned()),
        (502, _) if own => Err("the load balancer gets no good answer from the app".to_owned()),
        (503, _) if own => Err("the load balancer has no target for it yet".to_owned()),
        (504, _) if own => Err("the app does not answer the load balancer in time".to_owned()),
        (200..400, _) | (400..500, Probe::Anything { .. }) => Ok(()),
        _ => Err(said),
    }
}

/// Waits until the probe's address answers as it asks.
///
/// # Errors
/// It did not in time, or its certificate or the proxy settings are in the way, which no waiting changes.
pub async fn until_reachable(http: &Http, probe: &Probe, limit: Duration) -> Result<(), Unreachable> {
    let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        let why = match look(http, probe, left.clamp(FIRST_PAUSE, REQUEST_LIMIT)).await {
            Ok(()) => return Ok(()),
            Err(Look::Passing(why)) => why,
            Err(Look::Lasting(why)) => return Err(unreachable(probe, begun.elapsed(), why)),
        };
        if begun.elapsed() >= limit {
            return Err(unreachable(probe, limit, why));
        }
        tokio::time::sleep(pause.min(limit.saturating_sub(begun.elapsed()))).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

enum Look {
    Passing(String),
    Lasting(String),
}

async fn look(http: &Http, probe: &Probe, limit: Duration) -> Result<(), Look> {
    let request = Request::get(probe.url()).header("user-agent", "mayfly").body(Bytes::new());
    let request = request.map_err(|fault| Look::Lasting(format!("the address cannot be used: {fault}")))?;
    let answer = http.open(request, limit).await.map_err(|fault| {
        let words = crate::error::Error::from(fault.clone()).paragraph();
        if fault.is_passing() { Look::Passing(words) } else { Look::Lasting(words) }
    })?;
    judge(probe, answer.status(), answer.headers()).map_err(Look::Passing)
}

fn unreachable(probe: &Probe, after: Duration, why: String) -> Unreachable {
    Unreachable { url: probe.url().to_owned(), after, why }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header::SERVER;
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::{Probe, judge, until_reachable};
    use crate::http::Http;
    use crate::http::scripted::{Act, Server};

    fn client() -> Http {
        Http::from_vars(&|_| None).expect("no proxy")
    }

    fn counts(health_path: Option<&str>, status: u16, server: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(SERVER, HeaderValue::from_static(server))]);
        judge(&Probe::of("http://x", health_path), StatusCode::from_u16(status).expect("a status"), &headers).is_ok()
    }

    #[test]
    fn apps_own_answer_counts_and_the_load_balancers_does_not() {
        for status in [200, 302, 401, 404] {
            assert!(counts(None, status, "nginx"), "{status}");
        }
        for (status, server) in
            [(404, "awselb/2.0"), (502, "awselb/2.0"), (503, "awselb/2.0"), (504, "awselb/2.0"), (500, "nginx")]
        {
            assert!(!counts(None, status, server), "{status} by {server}");
        }
    }

    #[test]
    fn health_path_must_be_well() {
        assert!(counts(Some("/up"), 204, "nginx") && counts(Some("/up"), 302, "nginx"));
        assert!(!counts(Some("/up"), 401, "nginx") && !counts(Some("/up"), 404, "nginx"));
        assert_eq!(Probe::of("http://x/", Some("/up")).url(), "http://x/up");
        assert_eq!(Probe::of("http://x", None).url(), "http://x/");
    }

    #[tokio::test]
    async fn address_is_asked_until_the_app_answers() {
        let elb = || vec![("server", "awselb/2.0".to_owned())];
        let server = Server::start([
            Act::Answer(404, elb(), String::new()),
            Act::Answer(503, elb(), String::new()),
            Act::Answer(200, Vec::new(), "hello".to_owned()),
        ])
        .await;
        let probe = Probe::of(&server.url(""), None);
        until_reachable(&client(), &probe, Duration::from_secs(20)).await.expect("an answer");
        assert_eq!(server.lines().len(), 3);
    }

    #[tokio::test]
    async fn last_reason_is_told_when_the_limit_has_passed() {
        let server = Server::start([]).await;
        let probe = Probe::of(&server.url(""), Some("up"));
        let fault = until_reachable(&client(), &probe, Duration::ZERO).await.expect_err("no good answer");
        assert!(fault.to_string().ends_with("after 0s: it answers 599 <unknown status code>"), "{fault}");
    }

    #[tokio::test]
    async fn certificate_that_nobody_trusts_is_told_at_once() {
        let server = Server::tls([]).await;
        let probe = Probe::of(&server.url(""), None);
        let fault = until_reachable(&client(), &probe, Duration::from_secs(3600)).await.expect_err("unknown authority");
        assert!(fault.why.contains("certificate"), "{fault}");
    }
}
