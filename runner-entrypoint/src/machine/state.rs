//! Where a runner's machine stands.

use std::time::Duration;

use contract::record::Timings;

use crate::clock::Moment;
use crate::config::{Jobs, Limits};
use crate::listener::JobResult;

use super::verdict::Verdict;

/// GitHub's number of a runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunnerId(pub(crate) u64);

/// Who can tell whether the runner is idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arbiter {
    /// `DELETE runner`: 204 means that it was idle, 422 that a job runs.
    Delete,
    /// Nobody: there is a registration token only, and the Listener must be stopped before it can remove itself.
    Nobody,
}

/// What GitHub holds of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registration {
    /// Nothing.
    None,
    /// A runner. Its number is not known where the registrar died in between; it is then found by its name.
    Held { id: Option<RunnerId>, arbiter: Arbiter },
    /// Nothing any more.
    Gone { id: Option<RunnerId> },
    /// A runner that could not be removed.
    Left { id: Option<RunnerId> },
}

impl Registration {
    pub(crate) fn id(self) -> Option<RunnerId> {
        match self {
            Self::None => None,
            Self::Held { id, .. } | Self::Gone { id } | Self::Left { id } => id,
        }
    }
}

/// What is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The registrar's answer.
    Registering,
    /// The Listener's first "Listening for Jobs".
    Connecting { until: Moment },
    /// A job.
    Idle { until: Moment },
    /// The arbiter's answer.
    Asking { why: Why },
    /// A job that GitHub says has been assigned, and the Listener has not mentioned yet.
    Assigned { why: Why, until: Moment },
    /// The end of a job, and meanwhile the moment to look whether it is still alive.
    Busy { look: Moment },
    /// The end of a job, as long as the stop window allows.
    Draining { until: Moment },
    /// The end of a Listener whose one job is over.
    Finishing { until: Moment },
    /// The end of a Listener that was interrupted.
    Ending { until: Moment },
    /// The end of a Listener that was killed. SIGKILL cannot fail, but a process can be stuck in the kernel.
    Killing { until: Moment },
    /// The moment to start the Listener again.
    Resting { until: Moment, look: Option<Moment> },
    /// The last DELETE's answer.
    Deregistering,
    /// Nothing.
    Ended,
}

/// Why the arbiter is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    NeverOnline,
    Idle,
    Lifetime,
    Stop,
    /// The job may be over without the Listener having said so.
    Hung,
}

/// Why a job that is said to run may be over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Doubt {
    #[default]
    None,
    /// There was no Worker at the last look.
    WorkerMissing,
    /// The hook at its end has run.
    StepsOver,
}

/// A stop that was asked for from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) at: Moment,
}

/// The jobs that were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) started: u32,
    pub(crate) running: bool,
    /// A hook told of a job that the Listener had not announced.
    pub(crate) witnessed: bool,
    pub(crate) result: Option<JobResult>,
}

/// The whole state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(super) limits: Limits,
    pub(super) jobs: Jobs,
    pub(super) stage: Stage,
    pub(super) stop: Option<Stop>,
    pub(super) relaunches: u32,
    pub(super) failed_removals: u32,
    pub(super) doubt: Doubt,
    /// The Listener's last complaint: what its exit code means.
    pub(super) complaint: Option<crate::listener::Line>,
    pub(crate) registration: Registration,
    pub(crate) tally: Tally,
    pub(crate) timings: Timings,
    pub(crate) verdict: Option<Verdict>,
}

impl State {
    pub(crate) fn new(limits: Limits, jobs: Jobs) -> Self {
        Self {
            limits,
            jobs,
            stage: Stage::Registering,
            stop: None,
            relaunches: 0,
            failed_removals: 0,
            doubt: Doubt::None,
            complaint: None,
            registration: Registration::None,
            tally: Tally::default(),
            timings: Timings::default(),
            verdict: None,
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// When to come back although nothing happened.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        let own = match self.stage {
            Stage::Connecting { until }
            | Stage::Idle { until }
            | Stage::Assigned { until, .. }
            | Stage::Busy { look: until }
            | Stage::Draining { until }
            | Stage::Finishing { until }
            | Stage::Ending { until }
            | Stage::Killing { until } => Some(until),
            Stage::Resting { until, look } => Some(look.map_or(until, |look| look.min(until))),
            Stage::Registering | Stage::Asking { .. } | Stage::Deregistering | Stage::Ended => None,
        };
        let lifetime = self.lifetime_counts().then(|| self.end_of_life());
        own.into_iter().chain(lifetime).min()
    }

    pub(super) fn end_of_life(&self) -> Moment {
        Moment(self.limits.max_lifetime)
    }

    /// While the end is under way, or an answer is awaited that decides about it, the lifetime has nothing to add.
    pub(super) fn lifetime_counts(&self) -> bool {
        match self.stage {
            Stage::Connecting { .. }
            | Stage::Idle { .. }
            | Stage::Assigned { .. }
            | Stage::Busy { .. }
            | Stage::Resting { .. } => true,
            Stage::Registering
            | Stage::Asking { .. }
            | Stage::Draining { .. }
            | Stage::Finishing { .. }
            | Stage::Ending { .. }
            | Stage::Killing { .. }
            | Stage::Deregistering
            | Stage::Ended => false,
        }
    }

    /// How much of the stop window has gone by.
    pub(super) fn stopping_for(&self, now: Moment) -> Option<Duration> {
        self.stop.map(|stop| now.since(stop.at))
    }
}
