//! What the Listener says and how it ends.

use contract::exit::Cause;
use contract::record::Phase;

use super::Turn;
use crate::clock::Moment;
use crate::exit::Exit;
use crate::listener::{JobResult, Line};
use crate::machine::exit::{Meaning, meaning};
use crate::machine::state::{Doubt, Stage, Why};
use crate::machine::verdict::Verdict;
use crate::machine::{Effect, RunnerFiles, budget};

impl Turn {
    pub(super) fn line(&mut self, line: Line) {
        match line {
            Line::Listening => self.listening(),
            Line::JobStarted => self.job_started(),
            Line::JobCompleted(result) => self.job_completed(result),
            Line::VersionRefused(_) | Line::RegistrationDeleted(_) | Line::Fault(_) => {
                self.state.complaint = Some(line);
            }
            Line::Other => {}
        }
    }

    fn listening(&mut self) {
        self.state.complaint = None;
        self.state.timings.connected_ms.get_or_insert(self.now.millis());
        if matches!(self.state.stage, Stage::Connecting { .. }) {
            self.say("listening for jobs");
            self.wait_for_a_job();
        }
    }

    fn job_started(&mut self) {
        self.state.tally.running = true;
        self.state.doubt = Doubt::None;
        self.state.tally.started += 1;
        self.state.timings.job_started_ms = Some(self.now.millis());
        self.say("job started");
        match self.state.stage {
            Stage::Connecting { .. } | Stage::Idle { .. } | Stage::Assigned { .. } => self.stay_with_the_job(),
            // What looked like the end of the job was none, or not of this one.
            Stage::Finishing { .. } => {
                self.state.verdict = None;
                self.stay_with_the_job();
            }
            // Picked up between our interruption and the end of the session (actions/runner issue 2582): it is being
            // cancelled, and gets the time that this takes.
            Stage::Ending { .. } => self.end_listener_by(budget::INTERRUPT_GRACE),
            // Another job than the one that GitHub is asked about: an answer about that one must not end it.
            Stage::Asking { why: Why::Hung } => self.state.stage = Stage::Asking { why: Why::Idle },
            Stage::Busy { .. } => self.watch_on(),
            // A question is under way; its answer decides, and will know of the job.
            _ => {}
        }
    }

    fn job_completed(&mut self, result: JobResult) {
        self.state.tally.running = false;
        self.state.tally.result = Some(result);
        self.state.timings.job_ended_ms = Some(self.now.millis());
        self.say(format!("job ended: {}", result.name()));
        match self.state.stage {
            Stage::Busy { .. } | Stage::Draining { .. } if self.one_job_only() => self.let_listener_finish(),
            Stage::Busy { .. } => self.wait_for_a_job(),
            Stage::Draining { .. } => self.ask(Why::Stop),
            _ => {}
        }
    }

    /// The one job is over: the Listener leaves by itself.
    pub(super) fn let_listener_finish(&mut self) {
        self.state.verdict = Some(Verdict::of_job(&self.state));
        self.state.stage = Stage::Finishing { until: self.within_window(self.state.limits.exit) };
    }

    pub(super) fn listener_exited(&mut self, exit: Exit, files: RunnerFiles) {
        match self.state.stage {
            Stage::Finishing { .. } | Stage::Ending { .. } | Stage::Killing { .. } => {
                self.note_exit_code(exit);
                self.deregister_as_decided();
            }
            Stage::Asking { why } => self.exited_while_asking(why, exit, files),
            Stage::Deregistering | Stage::Resting { .. } | Stage::Registering | Stage::Ended => {}
            Stage::Connecting { .. }
            | Stage::Idle { .. }
            | Stage::Assigned { .. }
            | Stage::Busy { .. }
            | Stage::Draining { .. } => self.act_on(meaning(&self.state, exit, files)),
        }
    }

    /// The verdict is there; an exit code can still add the result of the job.
    fn note_exit_code(&mut self, exit: Exit) {
        if let Exit::Code(code) = exit {
            self.note_result(JobResult::from_exit_code(code));
        }
    }

    fn act_on(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::JobEnded(result) => {
                self.note_result(result);
                self.deregister(Verdict::of_job(&self.state));
            }
            Meaning::Over(verdict) => self.deregister(verdict),
            Meaning::Again | Meaning::Updating if self.state.stop.is_some() => {
                self.deregister(Verdict::of_leaving(&self.state, Why::Stop));
            }
            Meaning::Again => self.rest_before_relaunch(),
            Meaning::Updating => self.rest_during_update(),
        }
    }

    fn note_result(&mut self, result: Option<JobResult>) {
        self.state.tally.running = false;
        if self.state.tally.witnessed {
            self.state.tally.started = self.state.tally.started.max(1);
        }
        let Some(result) = result else { return };
        self.state.tally.started = self.state.tally.started.max(1);
        self.state.tally.result.get_or_insert(result);
        self.state.timings.job_ended_ms.get_or_insert(self.now.millis());
    }

    fn exited_while_asking(&mut self, why: Why, exit: Exit, files: RunnerFiles) {
        let verdict = match meaning(&self.state, exit, files) {
            Meaning::JobEnded(result) => {
                self.note_result(result);
                Verdict::of_job(&self.state)
            }
            Meaning::Over(verdict) if self.state.tally.started > 0 => verdict,
            // It was to leave anyway, and our DELETE is what makes a Listener leave without a job.
            _ => Verdict::of_leaving(&self.state, why),
        };
        self.state.tally.running = false;
        self.state.verdict = Some(verdict);
        self.state.stage = Stage::Deregistering;
    }

    fn rest_before_relaunch(&mut self) {
        self.state.relaunches += 1;
        if self.state.relaunches > budget::MOST_RELAUNCHES {
            let message = format!("the Listener failed (code 2) {} times in a row", self.state.relaunches);
            return self.deregister(Verdict::new(Cause::ListenerFailed, message));
        }
        let pause = budget::RELAUNCH_PAUSE * self.state.relaunches;
        self.say(format!("the Listener failed (code 2); starting it again in {} s", pause.as_secs()));
        self.rest(self.now.plus(pause), None);
    }

    fn rest_during_update(&mut self) {
        self.say("the Listener updates itself");
        self.rest(self.now.plus(budget::UPDATE_WITHIN), Some(self.now.plus(budget::UPDATE_LOOK)));
    }

    fn rest(&mut self, until: Moment, look: Option<Moment>) {
        self.state.tally.running = false;
        self.state.stage = Stage::Resting { until, look };
        // The health check must not call it connected meanwhile.
        self.effects.push(Effect::Enter(Phase::Registered));
    }

    /// A job runs, or is about to: nothing of ours ends it but the lifetime and the end of a stop window.
    pub(super) fn stay_with_the_job(&mut self) {
        if self.state.stop.is_some() {
            return self.drain();
        }
        self.state.stage = Stage::Busy { look: self.now.plus(self.state.limits.worker) };
        self.effects.push(Effect::Enter(Phase::Busy));
    }
}
