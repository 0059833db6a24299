//! The log of everything that was asked and answered.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use time::OffsetDateTime;

use super::fault::FaultKind;

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// When it came in.
    pub at: OffsetDateTime,
    /// HTTP method.
    pub method: String,
    /// Path, without `/api/v3`.
    pub path: String,
    /// Query, as it was sent.
    pub query: String,
    /// `User-Agent`.
    pub user_agent: String,
    /// The request's body, where it was JSON.
    pub request: Option<Value>,
    /// The answer's status; of a lost answer, the status that it would have had.
    pub status: u16,
    /// The answer's body, where it was JSON.
    pub answer: Option<Value>,
    /// `x-github-request-id` of the answer.
    pub request_id: String,
    /// The fault that hit it.
    pub fault: Option<FaultKind>,
}

/// All exchanges in the order in which they were answered.
#[derive(Default)]
pub(crate) struct Log(Mutex<Vec<Exchange>>);

impl Log {
    pub(crate) fn add(&self, exchange: Exchange) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    }

    pub(crate) fn all(&self) -> Vec<Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
