//! What the registrar reports.

use contract::exit::Cause;
use contract::record::Phase;

use super::Turn;
use crate::machine::state::{Arbiter, Registration, RunnerId, Stage, Why};
use crate::machine::verdict::Verdict;
use crate::machine::{AskAgain, Effect, Removal, budget};

impl Turn {
    pub(super) fn registered(&mut self, id: RunnerId, arbiter: Arbiter) {
        self.state.registration = Registration::Held { id: Some(id), arbiter };
        self.state.timings.registered_ms = Some(self.now.millis());
        if self.state.stop.is_some() {
            return self.deregister(stopped_early());
        }
        self.say(format!("registered as runner {} after {} ms", id.0, self.now.millis()));
        self.effects.push(Effect::Enter(Phase::Registered));
        self.start_listener();
    }

    pub(super) fn not_registered(&mut self, verdict: Verdict) {
        self.state.verdict = Some(if self.state.stop.is_some() { stopped_early() } else { verdict });
        self.leave();
    }

    /// GitHub may hold a runner of ours: it is looked for by its name and removed.
    pub(super) fn registration_unclear(&mut self, verdict: Verdict) {
        self.state.registration = Registration::Held { id: None, arbiter: Arbiter::Delete };
        self.deregister(if self.state.stop.is_some() { stopped_early() } else { verdict });
    }

    pub(super) fn registrar_died(&mut self) {
        let message = "the request to GitHub did not end in time, or its process died".to_owned();
        match self.state.stage {
            Stage::Registering => {
                self.registration_unclear(Verdict { cause: Cause::RegistrationUnavailable, message });
            }
            _ => self.removal(Removal::Failed { message, again: AskAgain::Later }),
        }
    }

    pub(super) fn removal(&mut self, removal: Removal) {
        match (self.state.stage, removal) {
            (Stage::Asking { why }, Removal::Gone) => self.arbiter_says_idle(why),
            (Stage::Asking { why }, Removal::Busy) => self.arbiter_says_busy(why),
            (Stage::Asking { why }, Removal::Failed { message, again }) => self.arbiter_is_mute(why, &message, again),
            (Stage::Deregistering, Removal::Gone) => {
                self.forget_registration();
                self.leave();
            }
            // The answer to a question from before the Listener left: that job is over now.
            (Stage::Deregistering, Removal::Busy) => self.remove(),
            (Stage::Deregistering, Removal::Failed { message, .. }) => self.leave_ghost(&message),
            // A question that was overtaken by a SIGQUIT.
            (_, Removal::Gone) => self.forget_registration(),
            (_, Removal::Busy | Removal::Failed { .. }) => {}
        }
    }

    fn arbiter_says_idle(&mut self, why: Why) {
        self.forget_registration();
        if why == Why::Hung && self.state.tally.running {
            let verdict = Verdict::of_leaving(&self.state, why);
            self.say("GitHub says that the job is over; ending the Listener");
            self.state.tally.running = false;
            return self.dismiss(verdict);
        }
        if self.state.tally.running {
            // The Listener spoke of a job after the DELETE had been sent. Nothing of ours ends a job that may be alive.
            return self.stay_with_the_job();
        }
        if self.one_job_only() && self.state.tally.started > 0 {
            return self.let_listener_finish();
        }
        self.say("deregistered; ending the Listener");
        self.dismiss(Verdict::of_leaving(&self.state, why));
    }

    fn arbiter_says_busy(&mut self, why: Why) {
        self.state.failed_removals = 0;
        if why == Why::Lifetime {
            return self.interrupt(Verdict::of_lifetime(&self.state));
        }
        if why == Why::Hung {
            return self.stay_if_it_runs("GitHub says that the job still runs; staying with it");
        }
        self.say("GitHub says that a job was just assigned; staying for it");
        if self.state.stop.is_some() || self.state.tally.running {
            return self.stay_with_the_job();
        }
        self.state.stage = Stage::Assigned { why, until: self.now.plus(budget::ASSIGNED_GRACE) };
    }

    fn arbiter_is_mute(&mut self, why: Why, message: &str, again: AskAgain) {
        self.say(format!("GitHub did not say whether the runner is idle: {message}"));
        if why == Why::Hung {
            return self.stay_if_it_runs("staying with the job");
        }
        if self.state.tally.running && why != Why::Lifetime {
            return self.stay_with_the_job();
        }
        self.state.failed_removals += 1;
        let may_wait = again == AskAgain::Later && self.state.failed_removals < budget::MOST_FAILED_REMOVALS;
        if why == Why::Idle && may_wait {
            self.state.stage = Stage::Idle { until: self.now.plus(budget::ASK_PAUSE) };
            return;
        }
        self.dismiss(Verdict::of_leaving(&self.state, why));
    }

    fn stay_if_it_runs(&mut self, text: &str) {
        if !self.state.tally.running {
            return self.job_was_over();
        }
        self.say(text);
        self.stay_with_the_job();
    }

    fn forget_registration(&mut self) {
        self.state.registration = Registration::Gone { id: self.state.registration.id() };
    }

    fn leave_ghost(&mut self, why: &str) {
        self.state.registration = Registration::Left { id: self.state.registration.id() };
        let jobs = self.state.jobs;
        self.state.verdict = self.state.verdict.take().map(|verdict| verdict.with_ghost(jobs, why));
        self.leave();
    }
}

fn stopped_early() -> Verdict {
    Verdict::new(Cause::Stopped, "stopped from outside during the registration")
}
