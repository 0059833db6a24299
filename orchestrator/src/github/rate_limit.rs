//! GitHub's two kinds of rate limits, read off an answer.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, StatusCode};

/// What GitHub asks to wait after a secondary limit that names no time
/// (docs.github.com "Best practices for using the REST API").
const SECONDARY_WAIT: Duration = Duration::from_secs(60);

/// A limit that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Which.
    pub kind: LimitKind,
    /// How long until it helps to ask again, from when the answer came.
    pub wait: Duration,
}

/// The kinds of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// So many requests per hour and credential.
    Primary,
    /// Too many at once, or too many that write.
    Secondary,
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LimitKind::Primary => "hourly rate limit",
            LimitKind::Secondary => "secondary rate limit",
        };
        write!(f, "{kind} (again in {})", contract::duration::format(self.wait))
    }
}

/// The limit that an answer tells of; `None` for other refusals, among them the 403 of a missing right.
pub(super) fn read(status: StatusCode, headers: &HeaderMap, message: &str, now: SystemTime) -> Option<Limited> {
    if !matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
        return None;
    }
    let after = number(headers, "retry-after").map(Duration::from_secs);
    if number(headers, "x-ratelimit-remaining") == Some(0) {
        let reset = number(headers, "x-ratelimit-reset").map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        let wait = reset.map(|reset| reset.duration_since(now).unwrap_or_default());
        return Some(Limited { kind: LimitKind::Primary, wait: after.or(wait).unwrap_or(SECONDARY_WAIT) });
    }
    let told = message.contains("secondary rate limit") || message.contains("abuse detection");
    if after.is_some() || told || status == StatusCode::TOO_MANY_REQUESTS {
        return Some(Limited { kind: LimitKind::Secondary, wait: after.unwrap_or(SECONDARY_WAIT) });
    }
    None
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
