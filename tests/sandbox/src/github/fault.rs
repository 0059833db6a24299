//! Faults as data: which requests go wrong, how, and how often.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// One planned fault.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which method; none: all.
    #[serde(default)]
    pub method: Option<String>,
    /// Which paths: `*` stands for any text, also across slashes. Without `/api/v3` and without the query.
    pub path: String,
    /// So many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// So many requests are hit then; none: all further ones.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens to them.
    pub kind: FaultKind,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// This status and message, without any effect.
    Status {
        /// HTTP status.
        status: u16,
        /// GitHub's sentence.
        message: String,
    },
    /// As usual, but so many milliseconds later.
    Delay(u64),
    /// The effect happens; the connection is closed without a byte of the answer.
    LostAnswer,
    /// The connection is closed without effect and without a byte of an answer.
    LostRequest,
    /// 403, secondary rate limit, with this `Retry-After` in seconds.
    SecondaryLimit(u32),
    /// 429 with this `Retry-After` in seconds.
    TooManyRequests(u32),
    /// 5xx without effect.
    FailBefore(u16),
    /// The effect happens; the answer is a 5xx.
    FailAfter(u16),
    /// Never answers.
    Hang,
    /// The issuer's token is wrong in this way.
    IdToken(IdTokenFault),
}

/// What is wrong with an OIDC token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenFault {
    /// Another audience than was asked for.
    WrongAudience,
    /// Signed by a key that is not the issuer's.
    WrongKey,
    /// Ended ten minutes ago.
    Expired,
    /// Names another repository.
    WrongSubject,
}

impl Fault {
    /// A fault that hits the next matching request, once.
    pub fn once(method: &str, path: &str, kind: FaultKind) -> Self {
        Self { method: Some(method.to_owned()), path: path.to_owned(), skip: 0, times: Some(1), kind }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let method_fits = self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        method_fits && pattern_fits(&self.path, path)
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn pattern_fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| pattern_fits(tail, &rest[at..]))
        }),
    }
}

/// The faults that are planned.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn plan(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Those that are still to hit a request.
    pub(crate) fn pending(&self) -> Vec<Fault> {
        let planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        planned.iter().filter(|fault| fault.times != Some(0)).cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault that hits this request. Counts it: the first planned one that matches and is due.
    pub(crate) fn strike(&self, method: &str, path: &str) -> Option<FaultKind> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for fault in planned.iter_mut().filter(|fault| fault.matches(method, path)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            match &mut fault.times {
                Some(0) => {}
                Some(left) => {
                    *left -= 1;
                    return Some(fault.kind.clone());
                }
                None => return Some(fault.kind.clone()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultKind, Faults, pattern_fits};

    #[test]
    fn star_in_a_path_pattern_stands_for_any_text() {
        for (pattern, text, fits) in [
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/c", "/a/b/x/c", true),
            ("*/runners/*", "/orgs/o/actions/runners/7", true),
            ("*/runners", "/orgs/o/actions/runners/7", false),
            ("*", "", true),
            ("/a", "/a/", false),
        ] {
            assert_eq!(pattern_fits(pattern, text), fits, "{pattern} on {text}");
        }
    }

    #[test]
    fn fault_hits_the_nth_matching_request_as_often_as_planned() {
        let faults = Faults::default();
        let kind = FaultKind::FailBefore(503);
        faults.plan(Fault { skip: 1, times: Some(2), ..Fault::once("POST", "/x", kind.clone()) });
        assert_eq!(faults.strike("GET", "/x"), None, "another method is not counted");
        let hits: Vec<bool> = (0..5).map(|_| faults.strike("POST", "/x").is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
    }
}
