//! Rate limits: one count per token and resource, an hour long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

/// What a request is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Everything else.
    Core,
    /// Registration of runners: a count of its own.
    RunnerRegistration,
}

impl Resource {
    pub(crate) fn of(path: &str) -> Self {
        let registering = ["/registration-token", "/remove-token", "/generate-jitconfig"];
        if registering.iter().any(|end| path.ends_with(end)) { Self::RunnerRegistration } else { Self::Core }
    }

    /// GitHub's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::RunnerRegistration => "actions_runner_registration",
        }
    }

    /// Requests in an hour. Core: a PAT's or App's base; registration: measured by others (github-aws-runners).
    fn limit(self) -> u64 {
        match self {
            Self::Core => 5_000,
            Self::RunnerRegistration => 10_000,
        }
    }
}

/// How much is used of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    pub(crate) reset: i64,
}

impl Usage {
    pub(crate) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "limit": self.limit, "remaining": self.remaining(), "reset": self.reset, "used": self.used })
    }
}

/// All counts.
#[derive(Default)]
pub(crate) struct Rates {
    used: Mutex<HashMap<(String, Resource), Usage>>,
    limits: Mutex<HashMap<Resource, u64>>,
}

impl Rates {
    /// Sets a limit for everybody; counts begin anew.
    pub(crate) fn set_limit(&self, resource: Resource, limit: u64) {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).insert(resource, limit);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The count of a token, begun anew when its hour is over.
    pub(crate) fn usage(&self, token: &str, resource: Resource, now: OffsetDateTime) -> Usage {
        self.update(token, resource, now, |_| {})
    }

    /// Counts one request. `None`: the limit was used up before.
    pub(crate) fn spend(&self, token: &str, resource: Resource, now: OffsetDateTime) -> Option<Usage> {
        let before = self.usage(token, resource, now);
        if before.remaining() == 0 {
            return None;
        }
        Some(self.update(token, resource, now, |usage| usage.used += 1))
    }

    /// Takes a counted request back: an answer of 304 is free.
    pub(crate) fn refund(&self, token: &str, resource: Resource, now: OffsetDateTime) {
        self.update(token, resource, now, |usage| usage.used = usage.used.saturating_sub(1));
    }

    fn update(&self, token: &str, resource: Resource, now: OffsetDateTime, with: impl FnOnce(&mut Usage)) -> Usage {
        let limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = limits.get(&resource).copied().unwrap_or_else(|| resource.limit());
        let fresh = Usage { limit, used: 0, reset: (now + Duration::from_hours(1)).unix_timestamp() };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = used.entry((token.to_owned(), resource)).or_insert(fresh);
        if usage.reset <= now.unix_timestamp() {
            *usage = fresh;
        }
        with(usage);
        *usage
    }
}
