//! One step: what an event does to the state.

mod ending;
mod listener;
mod registrar;
mod signal;
mod watch;

use contract::duration;
use contract::exit::Cause;
use contract::record::Phase;

use crate::clock::Moment;
use crate::config::Jobs;

use super::state::{Registration, Stage, State, Why};
use super::verdict::Verdict;
use super::{Effect, Event, Update, budget};

/// Decides. The same state, moment and event always give the same answer.
pub(crate) fn step(state: State, now: Moment, event: Event) -> (State, Vec<Effect>) {
    let mut turn = Turn { state, now, effects: Vec::new() };
    if turn.state.stage != Stage::Ended {
        turn.take(event);
    }
    (turn.state, turn.effects)
}

/// A step under way.
struct Turn {
    state: State,
    now: Moment,
    effects: Vec<Effect>,
}

impl Turn {
    fn take(&mut self, event: Event) {
        match event {
            Event::Started => self.start(),
            Event::Tick => self.tick(),
            Event::Signal(signal) => self.signal(signal),
            Event::Registered(id, arbiter) => self.registered(id, arbiter),
            Event::NotRegistered(verdict) => self.not_registered(verdict),
            Event::RegistrationUnclear(verdict) => self.registration_unclear(verdict),
            Event::Removal(removal) => self.removal(removal),
            Event::RegistrarDied => self.registrar_died(),
            Event::Line(line) => self.line(line),
            Event::ListenerNotStarted(message) => self.deregister(Verdict::new(Cause::ListenerFailed, message)),
            Event::ListenerExited { exit, files } => self.listener_exited(exit, files),
            Event::Update(update) => self.update(update),
            Event::Testimony(testimony) => self.testimony(testimony),
            Event::Worker(worker) => self.worker_seen(worker),
        }
    }

    fn start(&mut self) {
        let within = self.state.limits.registration;
        self.effects.extend([Effect::Enter(Phase::Starting), Effect::Register { within }]);
    }

    fn tick(&mut self) {
        if self.state.lifetime_counts() && self.now >= self.state.end_of_life() {
            return self.lifetime_reached();
        }
        match self.state.stage {
            Stage::Connecting { until } if self.now >= until => self.ask(Why::NeverOnline),
            Stage::Idle { until } if self.now >= until => self.idle_for_too_long(),
            Stage::Assigned { why, until } if self.now >= until => self.ask(why),
            Stage::Busy { look } if self.now >= look => self.look_after_the_job(),
            Stage::Draining { until } if self.now >= until => self.interrupt_job(),
            Stage::Finishing { until } | Stage::Ending { until } if self.now >= until => self.kill_the_late(),
            Stage::Killing { until } if self.now >= until => self.deregister_as_decided(),
            Stage::Resting { until, .. } if self.now >= until => self.start_listener(),
            Stage::Resting { look: Some(look), .. } if self.now >= look => self.effects.push(Effect::LookForUpdate),
            _ => {}
        }
    }

    fn idle_for_too_long(&mut self) {
        self.say(format!("no job for {}; leaving", duration::format(self.state.limits.max_idle)));
        self.ask(Why::Idle);
    }

    fn lifetime_reached(&mut self) {
        self.say(format!("max-lifetime of {} reached; leaving", duration::format(self.state.limits.max_lifetime)));
        match self.state.stage {
            Stage::Busy { .. } => self.interrupt(Verdict::of_lifetime(&self.state)),
            Stage::Resting { .. } => self.deregister(Verdict::of_lifetime(&self.state)),
            _ => self.ask(Why::Lifetime),
        }
    }

    /// Asks the arbiter; where there is none, the runner is taken to be idle.
    fn ask(&mut self, why: Why) {
        if !self.has_arbiter() {
            return self.dismiss(Verdict::of_leaving(&self.state, why));
        }
        self.state.stage = Stage::Asking { why };
        let within = self.window_left().map_or(budget::ASK_WITHIN, |left| left.min(budget::ASK_WITHIN));
        self.effects.push(Effect::Remove { within, when_busy: super::WhenBusy::Tell });
    }

    fn start_listener(&mut self) {
        self.state.stage = Stage::Connecting { until: self.now.plus(self.state.limits.online) };
        self.state.complaint = None;
        self.state.timings.listener_ms.get_or_insert(self.now.millis());
        self.effects.push(Effect::StartListener);
    }

    fn update(&mut self, update: Update) {
        let Stage::Resting { until, look: Some(_) } = self.state.stage else { return };
        match update {
            Update::Finished => self.start_listener(),
            Update::Running => {
                self.state.stage = Stage::Resting { until, look: Some(self.now.plus(budget::UPDATE_LOOK)) };
            }
        }
    }

    fn wait_for_a_job(&mut self) {
        self.state.stage = Stage::Idle { until: self.now.plus(self.state.limits.max_idle) };
        self.effects.push(Effect::Enter(Phase::Online));
    }

    fn one_job_only(&self) -> bool {
        self.state.jobs == Jobs::One
    }

    fn has_arbiter(&self) -> bool {
        let Registration::Held { arbiter, .. } = self.state.registration else { return false };
        arbiter == super::Arbiter::Delete
    }

    fn say(&mut self, text: impl Into<String>) {
        self.effects.push(Effect::Say(text.into()));
    }
}
