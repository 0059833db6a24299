//! Why it ended, in a cause and a sentence.

use contract::duration;
use contract::exit::Cause;

use crate::config::Jobs;

use super::state::{Registration, State, Why};

/// A cause and its sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) cause: Cause,
    pub(crate) message: String,
}

impl Verdict {
    pub(crate) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into() }
    }

    /// The verdict on a runner that leaves without a job.
    pub(super) fn of_leaving(state: &State, why: Why) -> Self {
        let limits = &state.limits;
        match why {
            Why::NeverOnline => Self::new(
                Cause::NeverOnline,
                format!(
                    "the Listener did not connect within {}; check that the container reaches GitHub (proxy, DNS, egress)",
                    duration::format(limits.online)
                ),
            ),
            Why::Idle if state.tally.started > 0 => Self::new(
                Cause::JobDone,
                format!("{} jobs ran; none came for {}", state.tally.started, duration::format(limits.max_idle)),
            ),
            Why::Idle => Self::new(Cause::Idle, format!("no job came within {}", duration::format(limits.max_idle))),
            Why::Lifetime => Self::of_lifetime(state),
            Why::Hung if state.tally.running => {
                Self::new(Cause::Hung, "GitHub says that the job is over, but the Listener went on with it")
            }
            Why::Hung => Self::of_job(state),
            Why::Stop if state.job_ended_while_stopping() => Self::of_job(state),
            Why::Stop => Self::new(Cause::Stopped, "stopped from outside while no job ran"),
        }
    }

    pub(super) fn of_lifetime(state: &State) -> Self {
        let job = if state.tally.running { "; the running job was interrupted" } else { "" };
        Self::new(
            Cause::Lifetime,
            format!("max-lifetime of {} was reached{job}", duration::format(state.limits.max_lifetime)),
        )
    }

    /// The verdict on a machine whose job has ended.
    pub(super) fn of_job(state: &State) -> Self {
        let result = state.tally.result.map_or(String::new(), |result| format!(": {}", result.name()));
        if state.job_ended_while_stopping() {
            return Self::new(Cause::Drained, format!("stopped from outside; the job was allowed to finish{result}"));
        }
        Self::new(Cause::JobDone, format!("the job ran to its end{result}"))
    }

    /// The same, for a Listener that had to be killed. What the outside asked for keeps its cause; what should have ended by
    /// itself hung.
    pub(super) fn killed(self) -> Self {
        let cause = match self.cause {
            Cause::JobDone | Cause::Idle | Cause::NeverOnline => Cause::Hung,
            other => other,
        };
        Self { cause, message: format!("{}; the Listener did not leave in time and was killed", self.message) }
    }

    /// The same, where the registration could not be removed. A cause that already tells of a failure stays, and so does the
    /// end of the one job: GitHub removes its ephemeral runner by itself.
    pub(super) fn with_ghost(self, jobs: Jobs, why: &str) -> Self {
        let cause = match self.cause {
            Cause::JobDone | Cause::Drained if jobs == Jobs::Several => Cause::GhostLeft,
            Cause::Idle | Cause::Lifetime | Cause::Stopped | Cause::Interrupted | Cause::NeverOnline => {
                Cause::GhostLeft
            }
            other => other,
        };
        Self { cause, message: format!("{}; the registration could not be removed: {why}", self.message) }
    }
}

impl State {
    /// Whether a job ended after somebody had asked us to stop.
    pub(super) fn job_ended_while_stopping(&self) -> bool {
        let ended = self.timings.job_ended_ms;
        self.stop.is_some_and(|stop| ended.is_some_and(|ended| ended >= stop.at.millis()))
    }

    /// Whether GitHub is known to hold nothing of us.
    pub(crate) fn is_deregistered(&self) -> bool {
        matches!(self.registration, Registration::None | Registration::Gone { .. })
    }
}
