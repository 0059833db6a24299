//! What the servers and the wire saw of one run: connections, requests, and when something was in their hands.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::moment::Moment;

/// From, until.
pub(crate) type Span = (Moment, Moment);

/// Shared by all servers of a run.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    connections: usize,
    requests: Vec<&'static str>,
    served: Vec<Span>,
    travelled: Vec<Span>,
}

/// What a run left in the ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// Names of the operations, in order.
    pub(crate) requests: Vec<&'static str>,
    /// Time in which bytes were under way, whatever else happened meanwhile.
    pub(crate) travelled: Duration,
    /// Time in which bytes were under way or a server was at work: what no client can help.
    pub(crate) theirs: Duration,
}

impl Ledger {
    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connected(&self) {
        self.log().connections += 1;
    }

    pub(crate) fn asked(&self, operation: &'static str) {
        self.log().requests.push(operation);
    }

    /// A server had something to do: handshake or answer.
    pub(crate) fn served(&self, span: Span) {
        self.log().served.push(span);
    }

    /// Bytes were under way.
    pub(crate) fn travelled(&self, span: Span) {
        self.log().travelled.push(span);
    }

    /// Empties the ledger. `run`: what the connections' last words after it must not count for.
    pub(crate) fn take(&self, run: Span) -> Seen {
        let Log { connections, requests, served, travelled } = std::mem::take(&mut *self.log());
        let theirs = covered(served.iter().chain(&travelled).copied(), run);
        Seen { connections, requests, travelled: covered(travelled, run), theirs }
    }
}

/// How much of `run` the spans cover together; what overlaps counts once.
fn covered(spans: impl IntoIterator<Item = Span>, run: Span) -> Duration {
    let clipped = spans.into_iter().map(|(from, until)| (from.max(run.0), until.min(run.1)));
    let mut spans: Vec<Span> = clipped.filter(|(from, until)| from < until).collect();
    spans.sort_unstable();
    let mut reached = run.0;
    let mut sum = Duration::ZERO;
    for (from, until) in spans {
        sum += until.since(from.max(reached));
        reached = reached.max(until);
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::covered;
    use crate::moment::Moment;

    #[test]
    fn overlapping_spans_count_once_and_what_lies_outside_of_the_run_not_at_all() {
        let zero = Moment::now();
        let at = |millis| zero + Duration::from_millis(millis);
        let spans = [(at(10), at(30)), (at(20), at(40)), (at(25), at(26)), (at(90), at(120)), (at(130), at(140))];
        assert_eq!(covered(spans, (at(0), at(100))), Duration::from_millis(40));
    }
}
