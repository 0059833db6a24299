//! One step: what an event does to the state.

use std::time::Duration;

use contract::duration;

use super::rules::{Alarm, Clearing, Suspension};
use super::state::{Reason, Stage, State};
use super::verdict::{self, Verdict};
use super::{Effect, Event};
use crate::clock::Moment;
use crate::exit::Exit;
use crate::signal::{Sent, Signal};

/// How long a killed process may take to go, and killed ones to be cleared away. Only one that hangs in the kernel takes it.
const KILL_GRACE: Duration = Duration::from_secs(2);
/// New ones may appear while the old ones are killed.
const KILL_AGAIN: Duration = Duration::from_millis(20);

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
            Event::Signal(signal) if self.state.runs() => self.signal(signal),
            Event::NotStarted(cause) => self.leave(verdict::of_command_not_started(cause)),
            Event::Exited(exit) => self.exited(exit),
            Event::NobodyLeft => self.nobody_left(),
            Event::Renewed(end) if self.state.runs() => self.renewed(end),
            Event::NeverReady(why) if self.state.runs() => self.limit_reached(Reason::NeverReady(why)),
            Event::Idle(why) if self.state.runs() => self.limit_reached(Reason::Idle(why)),
            Event::Ready => self.effects.push(Effect::Say("the command is ready".to_owned())),
            Event::Signal(_) | Event::Renewed(_) | Event::NeverReady(_) | Event::Idle(_) => {}
        }
    }

    fn start(&mut self) {
        // A restarted container whose lease is over must not live for another moment.
        if self.state.lease.end().is_some_and(|end| end == Moment::default()) {
            return self.leave(verdict::of_lease_that_was_over());
        }
        self.state.stage = Stage::Running;
        self.effects.push(Effect::Start);
    }

    fn tick(&mut self) {
        match self.state.stage {
            Stage::Running => self.look_at_the_lease(),
            Stage::Ending { kill_at } if self.now >= kill_at => self.kill(),
            Stage::Killed { until: Some(until) } if self.now >= until => {
                self.clear(verdict::of_command_that_stays(&self.state));
            }
            Stage::Clearing { until } if self.now >= until => {
                self.state.stage = Stage::Sweeping { again: self.now, until: self.now.plus(KILL_GRACE) };
                self.sweep();
            }
            Stage::Sweeping { until, .. } if self.now >= until => self.end(),
            Stage::Sweeping { again, .. } if self.now >= again => self.sweep(),
            _ => {}
        }
    }

    fn look_at_the_lease(&mut self) {
        if self.state.limit().is_some_and(|end| self.now >= end) {
            self.limit_reached(Reason::Limit);
        } else if self.state.lease.warning().is_some_and(|moment| self.now >= moment) {
            self.state.lease.warned = true;
            self.effects.push(Effect::Warn);
        }
    }

    fn signal(&mut self, signal: Signal) {
        let stops = [Signal::TSTP, Signal::TTIN, Signal::TTOU].contains(&signal);
        let sent = self.state.rules.rewrites.of(signal);
        if signal == Signal::ALRM && self.state.rules.alarm == Alarm::Limit {
            return self.limit_reached(Reason::Limit);
        }
        if self.state.rules.endings.contains(signal) {
            return self.ask_to_end(Reason::Signal(signal), Sent::Signal(signal));
        }
        self.effects.push(sent.map_or(Effect::Drop(signal), |sent| Effect::Forward(Sent::Signal(sent))));
        if stops && self.state.rules.suspension == Suspension::Stop {
            self.effects.push(Effect::Suspend);
        }
    }

    fn limit_reached(&mut self, reason: Reason) {
        // Once the command was killed there is nothing more to ask for; GNU timeout then repeats SIGKILL.
        let sent = if self.state.killed { Sent::Signal(Signal::KILL) } else { self.state.rules.signal };
        self.ask_to_end(reason, sent);
    }

    /// Whoever asks, and however often: the time until SIGKILL runs from the first.
    fn ask_to_end(&mut self, reason: Reason, sent: Sent) {
        if self.state.stage == Stage::Running
            && let Some(after) = self.state.kill_after(&reason)
        {
            self.state.stage = Stage::Ending { kill_at: self.now.plus(after) };
        }
        self.state.note(reason);
        self.effects.push(Effect::End(sent));
    }

    fn kill(&mut self) {
        let gives_up = matches!(self.state.rules.clearing, Clearing::All { .. });
        self.state.stage = Stage::Killed { until: gives_up.then(|| self.now.plus(KILL_GRACE)) };
        self.state.killed = true;
        self.effects.push(Effect::End(Sent::Signal(Signal::KILL)));
    }

    fn exited(&mut self, exit: Exit) {
        if self.state.runs() {
            self.clear(verdict::of_exit(&self.state, exit));
        }
    }

    /// The command is gone, or given up. Now the others.
    fn clear(&mut self, verdict: Verdict) {
        match self.state.rules.clearing {
            Clearing::None => self.leave(verdict),
            Clearing::Group => {
                let sent = self.state.rules.rewrites.of(Signal::TERM);
                self.effects.extend(sent.map(|sent| Effect::SignalGroup(Sent::Signal(sent))));
                self.leave(verdict);
            }
            Clearing::All { grace } => {
                self.state.verdict = Some(verdict);
                self.state.stage = Stage::Clearing { until: self.now.plus(grace) };
                self.effects.push(Effect::SignalOthers(Signal::TERM));
            }
        }
    }

    fn nobody_left(&mut self) {
        if matches!(self.state.stage, Stage::Clearing { .. } | Stage::Sweeping { .. }) {
            self.end();
        }
    }

    fn sweep(&mut self) {
        if let Stage::Sweeping { again, .. } = &mut self.state.stage {
            *again = self.now.plus(KILL_AGAIN);
            self.effects.push(Effect::SignalOthers(Signal::KILL));
        }
    }

    fn renewed(&mut self, end: Moment) {
        if self.state.reason.is_some() {
            return;
        }
        let Some(lease) = self.state.lease.renewed(end) else {
            let why = "the end that its tag asks for is not later, or beyond --max-ttl";
            return self.effects.push(Effect::Say(format!("the lease stays as it is: {why}")));
        };
        self.state.lease = lease;
        self.effects.extend(lease.end().map(Effect::Keep));
        let left = lease.end().map(|end| duration::format(end.since(self.now))).unwrap_or_default();
        self.effects.push(Effect::Say(format!("renewed: {left} left")));
    }

    fn leave(&mut self, verdict: Verdict) {
        self.state.verdict = Some(verdict);
        self.end();
    }

    fn end(&mut self) {
        self.state.stage = Stage::Ended;
        self.effects.push(Effect::Leave);
    }
}
