//! Faults as data: which call they hit, how often, and what they do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A fault that is waiting for its calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The operation that it hits, such as `RunTask`; `*` hits every one.
    pub operation: String,
    /// How many matching calls pass before the first is hit.
    #[serde(default)]
    pub skip: u32,
    /// How many calls are hit.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens to a call that is hit.
    pub kind: FaultKind,
}

/// What a fault does to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// A bare HTTP status, without any effect: what a load balancer answers.
    Status(u16),
    /// An error of the service, without any effect.
    Error {
        /// HTTP status.
        status: u16,
        /// The error's code, such as `ThrottlingException`.
        code: String,
        /// Its text.
        message: String,
    },
    /// The call has its effect, but the answer is this HTTP status.
    StatusAfterEffect(u16),
    /// The call has its effect; the connection is closed without a byte of the answer.
    LostAnswer,
    /// The connection is closed without any effect.
    LostRequest,
    /// The answer comes so many milliseconds late.
    DelayMillis(u64),
    /// No effect, and never an answer.
    Hang,
    /// RunTask starts nothing and answers 200 with this reason in `failures`.
    Failures(String),
}

const fn once() -> u32 {
    1
}

impl Fault {
    /// A fault that hits the next call of the operation, once.
    pub fn once(operation: &str, kind: FaultKind) -> Self {
        Self { operation: operation.to_owned(), skip: 0, times: 1, kind }
    }

    /// Lets so many matching calls pass first.
    #[must_use]
    pub const fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Hits so many calls.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn matches(&self, operation: &str) -> bool {
        self.times > 0 && (self.operation == "*" || self.operation == operation)
    }
}

/// Takes the fault that hits this call, if one does. A call counts for the first fault that matches it, and for no
/// other.
pub(crate) fn take(faults: &mut Vec<Fault>, operation: &str) -> Option<FaultKind> {
    let fault = faults.iter_mut().find(|fault| fault.matches(operation))?;
    if fault.skip > 0 {
        fault.skip -= 1;
        return None;
    }
    fault.times -= 1;
    let kind = fault.kind.clone();
    faults.retain(|fault| fault.times > 0);
    Some(kind)
}

/// The part of a fault that happens before the call has its effect, and the part that happens after.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

impl FaultKind {
    pub(crate) const fn moment(&self) -> Moment {
        match self {
            Self::StatusAfterEffect(_) | Self::LostAnswer => Moment::After,
            _ => Moment::Before,
        }
    }

    pub(crate) const fn delay(&self) -> Option<Duration> {
        match self {
            Self::DelayMillis(millis) => Some(Duration::from_millis(*millis)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultKind, take};

    #[test]
    fn fault_hits_the_calls_it_was_told_to_and_then_is_gone() {
        let mut faults = vec![Fault::once("RunTask", FaultKind::Status(503)).after(1).times(2)];
        let hits: Vec<bool> = ["RunTask", "StopTask", "RunTask", "RunTask", "RunTask"]
            .iter()
            .map(|operation| take(&mut faults, operation).is_some())
            .collect();
        assert_eq!(hits, [false, false, true, true, false]);
        assert!(faults.is_empty());
    }
}
