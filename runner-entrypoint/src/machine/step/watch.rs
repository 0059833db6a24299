//! The watch over a job that may be over without the Listener having said so: a Worker that is gone or hangs (actions/runner
//! issue 4598). A doubt ends nothing: it is a reason to ask GitHub, whose answer to `DELETE` decides.

use contract::duration;

use super::Turn;
use crate::listener::witness::Testimony;
use crate::listener::worker::Worker;
use crate::machine::Effect;
use crate::machine::state::{Doubt, Stage, Why};

impl Turn {
    pub(super) fn testimony(&mut self, testimony: Testimony) {
        match testimony {
            Testimony::JobStarted => self.hook_says_started(),
            Testimony::JobEnded => self.hook_says_ended(),
        }
    }

    /// It keeps nothing alive: at the end of the idle time GitHub is asked, and knows of the job.
    fn hook_says_started(&mut self) {
        if !self.state.tally.running && !self.state.tally.witnessed {
            self.state.tally.witnessed = true;
            self.say("a hook says that a job has started; the Listener has not said so");
        }
        if self.state.doubt == Doubt::StepsOver {
            self.state.doubt = Doubt::None;
            self.watch_on();
        }
    }

    fn hook_says_ended(&mut self) {
        // The first one counts: a job that repeats it cannot put the question off.
        if matches!(self.state.stage, Stage::Busy { .. }) && self.state.doubt != Doubt::StepsOver {
            self.state.doubt = Doubt::StepsOver;
            self.watch_on();
        }
    }

    pub(super) fn watch_on(&mut self) {
        if let Stage::Busy { look } = &mut self.state.stage {
            *look = self.now.plus(self.state.limits.worker);
        }
    }

    /// A look at a job that runs for long.
    pub(super) fn look_after_the_job(&mut self) {
        self.watch_on();
        match self.state.doubt {
            Doubt::StepsOver => self.ask_whether_over("the job's last step was over"),
            Doubt::None | Doubt::WorkerMissing => self.effects.push(Effect::LookForWorker),
        }
    }

    pub(super) fn worker_seen(&mut self, worker: Worker) {
        if !matches!(self.state.stage, Stage::Busy { .. }) {
            return;
        }
        match (worker, self.state.doubt) {
            (Worker::Present, Doubt::WorkerMissing) => self.state.doubt = Doubt::None,
            // At a single look it may be between two processes.
            (Worker::Missing, Doubt::None) => self.state.doubt = Doubt::WorkerMissing,
            (Worker::Missing, Doubt::WorkerMissing) => self.ask_whether_over("the job's Worker was seen"),
            _ => {}
        }
    }

    fn ask_whether_over(&mut self, since: &str) {
        // Without an arbiter there is nobody to ask, and a doubt alone ends no job.
        if self.has_arbiter() {
            let limit = duration::format(self.state.limits.worker);
            self.say(format!("it is {limit} or more since {since}; asking GitHub whether the job is over"));
            self.ask(Why::Hung);
        }
    }

    /// The job of which there was a doubt ended while GitHub was asked.
    pub(super) fn job_was_over(&mut self) {
        if self.one_job_only() { self.let_listener_finish() } else { self.wait_for_a_job() }
    }
}
