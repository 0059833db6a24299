//! A stop from outside: SIGTERM by the rules, a second one in a hurry, SIGQUIT at once.

use contract::duration;
use contract::exit::Cause;
use contract::record::Phase;

use super::Turn;
use crate::machine::state::{Stage, Stop, Why};
use crate::machine::verdict::Verdict;
use crate::machine::{Effect, StopSignal, budget};

impl Turn {
    pub(super) fn signal(&mut self, signal: StopSignal) {
        let first = self.state.stop.is_none();
        if first {
            self.state.stop = Some(Stop { at: self.now });
        }
        match signal {
            StopSignal::Stop if first => self.stop(),
            StopSignal::Stop => self.hurry(),
            StopSignal::Quit => self.quit(),
        }
        if first {
            // Said and written last: the DELETE waits neither for a log driver nor for a disk.
            let window = duration::format(self.state.limits.stop_timeout);
            self.say(format!("asked to stop; {window} until the machine is killed"));
            self.effects.push(Effect::Enter(Phase::Draining));
        }
    }

    fn stop(&mut self) {
        match self.state.stage {
            Stage::Registering | Stage::Deregistering => self.hurry_registrar(),
            Stage::Connecting { .. } | Stage::Idle { .. } => self.ask(Why::Stop),
            Stage::Asking { .. } => {
                self.state.stage = Stage::Asking { why: Why::Stop };
                self.hurry_registrar();
            }
            Stage::Assigned { .. } | Stage::Busy { .. } => self.drain(),
            Stage::Finishing { until } => {
                self.state.stage = Stage::Finishing { until: until.min(self.window_end(|window| window.kill)) };
            }
            Stage::Ending { until } => {
                self.state.stage = Stage::Ending { until: until.min(self.window_end(|window| window.kill)) };
            }
            Stage::Resting { .. } => self.deregister(Verdict::of_leaving(&self.state, Why::Stop)),
            Stage::Draining { .. } | Stage::Killing { .. } | Stage::Ended => {}
        }
    }

    /// A second signal: the job is not waited for any longer.
    fn hurry(&mut self) {
        if matches!(self.state.stage, Stage::Draining { .. }) {
            self.interrupt_job();
        }
    }

    fn quit(&mut self) {
        match self.state.stage {
            Stage::Registering | Stage::Deregistering => self.hurry_registrar(),
            Stage::Resting { .. } => self.deregister(Verdict::of_leaving(&self.state, Why::Stop)),
            Stage::Killing { .. } | Stage::Ended => {}
            Stage::Finishing { .. } | Stage::Ending { .. } => self.kill(),
            Stage::Connecting { .. }
            | Stage::Idle { .. }
            | Stage::Asking { .. }
            | Stage::Assigned { .. }
            | Stage::Busy { .. }
            | Stage::Draining { .. } => {
                self.state.verdict = Some(self.verdict_of_interruption());
                self.kill();
            }
        }
    }

    /// Lets the job run as long as the stop window allows.
    pub(super) fn drain(&mut self) {
        let until = self.window_end(|window| window.interrupt);
        if self.now >= until {
            return self.interrupt_job();
        }
        let left = duration::format(until.since(self.now));
        self.say(format!("a job runs; it has {left} to finish before it is interrupted"));
        self.state.stage = Stage::Draining { until };
    }

    /// The last safe moment: GitHub then shows a cancelled job with its logs, and not "lost communication".
    pub(super) fn interrupt_job(&mut self) {
        self.say("interrupting the job");
        self.interrupt(Verdict::new(Cause::Interrupted, "stopped from outside; the running job was interrupted"));
    }

    fn verdict_of_interruption(&self) -> Verdict {
        if self.state.tally.running || matches!(self.state.stage, Stage::Draining { .. } | Stage::Assigned { .. }) {
            return Verdict::new(Cause::Interrupted, "stopped from outside; the running job was killed");
        }
        Verdict::of_leaving(&self.state, Why::Stop)
    }

    fn hurry_registrar(&mut self) {
        let within = self.window_left().unwrap_or(budget::REMOVE_WITHIN);
        self.effects.push(Effect::HurryRegistrar { within });
    }
}
