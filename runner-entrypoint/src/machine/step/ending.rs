//! The way out: end the Listener, take the registration back, leave.

use std::time::Duration;

use contract::exit::Cause;

use super::Turn;
use crate::clock::Moment;
use crate::machine::budget::{self, Window};
use crate::machine::state::{Arbiter, Registration, Stage};
use crate::machine::verdict::Verdict;
use crate::machine::{Effect, WhenBusy};

impl Turn {
    /// Ends a Listener that has no job.
    pub(super) fn dismiss(&mut self, verdict: Verdict) {
        self.state.verdict = Some(verdict);
        self.effects.push(Effect::InterruptListener);
        self.end_listener_by(budget::QUIET_EXIT);
    }

    /// Ends a Listener that has one.
    pub(super) fn interrupt(&mut self, verdict: Verdict) {
        self.state.verdict = Some(verdict);
        self.effects.push(Effect::InterruptListener);
        self.end_listener_by(budget::INTERRUPT_GRACE);
    }

    /// The Listener may take so long to leave. In a stop window it is the window that counts.
    pub(super) fn end_listener_by(&mut self, grace: Duration) {
        self.state.stage = Stage::Ending { until: self.within_window(grace) };
    }

    pub(super) fn within_window(&self, grace: Duration) -> Moment {
        let until = self.now.plus(grace);
        if self.state.stop.is_some() { until.min(self.window_end(|window| window.kill)) } else { until }
    }

    /// Ends a Listener that had its time.
    pub(super) fn kill_the_late(&mut self) {
        self.state.verdict = self.state.verdict.take().map(Verdict::killed);
        self.kill();
    }

    pub(super) fn kill(&mut self) {
        self.say("the Listener is killed");
        self.effects.push(Effect::KillListener);
        self.state.stage = Stage::Killing { until: self.now.plus(budget::KILL_GRACE) };
    }

    /// The Listener is gone, and why was decided before.
    pub(super) fn deregister_as_decided(&mut self) {
        let undecided = || Verdict::new(Cause::Internal, "the Listener was ended without a reason being noted");
        let verdict = self.state.verdict.take().unwrap_or_else(undecided);
        self.deregister(verdict);
    }

    /// The Listener is gone, or never was: takes the registration back.
    pub(super) fn deregister(&mut self, verdict: Verdict) {
        self.state.verdict = Some(verdict);
        self.state.tally.running = false;
        match self.state.registration {
            Registration::Held { .. } => self.remove(),
            Registration::None | Registration::Gone { .. } | Registration::Left { .. } => self.leave(),
        }
    }

    pub(super) fn remove(&mut self) {
        if let Registration::Held { arbiter: Arbiter::Nobody, .. } = self.state.registration {
            // The registration token is about to be in the environment of a process with the job's uid.
            self.effects.push(Effect::Sweep);
        }
        let within = self.window_left().unwrap_or(budget::REMOVE_WITHIN);
        self.state.stage = Stage::Deregistering;
        self.effects.push(Effect::Remove { within, when_busy: WhenBusy::Insist });
    }

    pub(super) fn leave(&mut self) {
        self.state.stage = Stage::Ended;
        self.effects.push(Effect::Leave);
    }

    /// A moment of the stop window.
    pub(super) fn window_end(&self, part: impl Fn(&Window) -> Duration) -> Moment {
        let window = budget::divide(self.state.limits.stop_timeout);
        let start = self.state.stop.map_or(self.now, |stop| stop.at);
        start.plus(part(&window))
    }

    /// What is left of the stop window, if there is one.
    pub(super) fn window_left(&self) -> Option<Duration> {
        let gone = self.state.stopping_for(self.now)?;
        Some(budget::divide(self.state.limits.stop_timeout).leave.saturating_sub(gone))
    }
}
