//! Where a life under guard stands.

use std::time::Duration;

use super::rules::Rules;
use super::verdict::Verdict;
use crate::clock::Moment;
use crate::signal::Signal;
use crate::supervise::lease::Lease;

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) rules: Rules,
    pub(crate) lease: Lease,
    pub(crate) stage: Stage,
    /// Why the end was asked for, if it was.
    pub(crate) reason: Option<Reason>,
    /// Whether SIGKILL was sent to the command.
    pub(crate) killed: bool,
    /// How it ended, once the command has.
    pub(crate) verdict: Option<Verdict>,
}

/// The part of the life that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing was executed yet.
    Before,
    /// The command runs.
    Running,
    /// The command runs, and is killed then: it was asked to end.
    Ending { kill_at: Moment },
    /// The command was killed; where there is a moment, it is no longer waited for then.
    Killed { until: Option<Moment> },
    /// The command is gone; the others were asked to end.
    Clearing { until: Moment },
    /// The others are killed, again and again, because there may be new ones.
    Sweeping { again: Moment, until: Moment },
    /// It is over.
    Ended,
}

/// Why the end was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Signal(Signal),
    Limit,
    NeverReady(String),
    Idle(String),
}

impl State {
    pub(crate) fn new(rules: Rules, lease: Lease) -> Self {
        Self { rules, lease, stage: Stage::Before, reason: None, killed: false, verdict: None }
    }

    /// When to come back with [`super::Event::Tick`].
    pub(crate) fn deadline(&self) -> Option<Moment> {
        match self.stage {
            Stage::Before | Stage::Ended => None,
            Stage::Running => {
                let limit = self.limit()?;
                Some(self.lease.warning().map_or(limit, |warning| warning.min(limit)))
            }
            Stage::Ending { kill_at } => Some(kill_at),
            Stage::Killed { until } => until,
            Stage::Clearing { until } => Some(until),
            Stage::Sweeping { again, until } => Some(again.min(until)),
        }
    }

    /// The end of the lease, until it was reached once.
    pub(crate) fn limit(&self) -> Option<Moment> {
        if matches!(self.reason, None | Some(Reason::Signal(_))) { self.lease.end() } else { None }
    }

    /// Whether the command is there to be signalled.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Ending { .. } | Stage::Killed { .. })
    }

    /// The first reason stays, but a limit says more about the end than a signal that led to nothing.
    pub(super) fn note(&mut self, reason: Reason) {
        let signal_only = matches!(self.reason, Some(Reason::Signal(_))) && !matches!(reason, Reason::Signal(_));
        if self.reason.is_none() || signal_only {
            self.reason = Some(reason);
        }
    }

    pub(super) fn kill_after(&self, reason: &Reason) -> Option<Duration> {
        let own = if matches!(reason, Reason::Signal(_)) { None } else { self.rules.kill_after_limit };
        self.rules.kill_after.or(own)
    }
}
