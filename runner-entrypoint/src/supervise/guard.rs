//! A command under guard: performs what the machine decides, and tells it what happens.

use std::collections::VecDeque;
use std::ffi::CString;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::unistd::Pid;

use super::child::{self, Command};
use super::machine::{Effect, Event, Reason, Stage, State, Verdict, of_command_not_started, step};
use super::reach::{self, Asker};
use super::settings::{Isolation, Settings};
use super::voice::Whose;
use super::witness::Witness;
use super::{keep, terminal};
use crate::clock::{Clock, Moment};
use crate::exit::Exit;
use crate::report::say;
use crate::signal::Signal;
use crate::supervisor::signals::Signals;
use crate::supervisor::{Charge, Next, footprint, has_children, tree};

/// A command that still runs after so long will be waited for. A shorter one should not pay for what comes after it.
const CALM_AFTER: Duration = Duration::from_millis(100);

/// A command, from its start to the last line.
pub(crate) struct Guard {
    settings: Settings,
    clock: Clock,
    state: State,
    events: VecDeque<Event>,
    /// The command, while it is not reaped.
    child: Option<Pid>,
    /// The process group that it began with.
    group: Option<Pid>,
    witnesses: Vec<Box<dyn Witness>>,
    /// When to give back what only the start has needed.
    calm_at: Option<Moment>,
}

impl Charge for Guard {
    fn settle(&mut self, signals: &Signals) -> Next {
        while let Some(event) = self.events.pop_front() {
            let (next, effects) = step(self.state.clone(), self.clock.now(), event);
            self.state = next;
            for effect in effects {
                self.perform(effect, signals);
            }
        }
        if self.state.stage == Stage::Ended {
            return Next::Leave(self.leave());
        }
        let looks = self.looking().filter_map(|witness| witness.due());
        Next::Wait(self.state.deadline().into_iter().chain(looks).chain(self.calm_at).min())
    }

    fn watched(&self) -> Vec<BorrowedFd<'_>> {
        self.looking().filter_map(|witness| witness.watched()).collect()
    }

    fn hear_watched(&mut self) {
        if !self.state.runs() {
            return;
        }
        let now = self.clock.now();
        self.events.extend(self.witnesses.iter_mut().filter_map(|witness| witness.look(now)));
    }

    fn hear_signal(&mut self, signal: Signal) {
        self.settings.voice.received(signal);
        self.events.push_back(Event::Signal(signal));
    }

    fn hear_own_signal(&mut self, signal: Signal) {
        self.settings.voice.ignored(signal);
    }

    fn hear_of_exits(&mut self) {
        self.settings.voice.received_child();
    }

    fn hear_exit(&mut self, pid: Pid, exit: Exit) {
        let ours = self.child.take_if(|child| *child == pid);
        self.settings.voice.reaped(pid, exit, if ours.is_some() { Whose::Command } else { Whose::Other });
        if ours.is_some() {
            self.events.push_back(Event::Exited(exit));
        }
        self.witnesses.iter_mut().for_each(|witness| witness.hear_exit(pid, exit));
    }

    fn hear_no_more_exits(&mut self) {
        if self.child.is_none() && !has_children() {
            self.events.push_back(Event::NobodyLeft);
        }
    }

    fn hear_the_clock(&mut self) {
        if self.calm_at.take_if(|moment| self.clock.now() >= *moment).is_some() {
            footprint::let_go_of_code();
        }
        if self.state.deadline().is_some_and(|deadline| self.clock.now() >= deadline) {
            self.events.push_back(Event::Tick);
        }
    }
}

impl Guard {
    pub(crate) fn new(settings: Settings, clock: Clock, witnesses: Vec<Box<dyn Witness>>) -> Self {
        let state = State::new(settings.rules, settings.lease);
        let events = VecDeque::from([Event::Started]);
        Self { settings, clock, state, events, child: None, group: None, witnesses, calm_at: None }
    }

    /// Nobody looks at a command that is gone.
    fn looking(&self) -> impl Iterator<Item = &dyn Witness> {
        self.witnesses.iter().map(AsRef::as_ref).filter(|_| self.state.runs())
    }

    fn perform(&mut self, effect: Effect, signals: &Signals) {
        match effect {
            Effect::Start => self.start(signals),
            Effect::Forward(sent) => {
                self.child.iter().for_each(|child| reach::forward(self.settings.reach, *child, sent));
                self.settings.voice.forwarded(sent);
            }
            Effect::Drop(signal) => self.settings.voice.dropped(signal),
            Effect::End(sent) => {
                self.settings.voice.ending(sent);
                let Some(child) = self.child else { return };
                let asker = match self.state.reason {
                    Some(Reason::Signal(_)) => Asker::Signal,
                    _ => Asker::Limit,
                };
                reach::end(self.settings.reach, self.settings.resume, child, sent, asker);
            }
            Effect::SignalGroup(sent) => {
                self.group.iter().for_each(|leader| reach::send_to_group(self.settings.reach, *leader, sent));
                self.settings.voice.forwarded(sent);
            }
            Effect::SignalOthers(signal) if has_children() => tree::signal_all_others(signal),
            Effect::SignalOthers(_) => {}
            Effect::Suspend => self.suspend(),
            Effect::Warn => self.warn(signals),
            Effect::Say(text) => say(&text),
            Effect::Keep(end) => keep::renew(end, self.clock.now()),
            // Done by `settle`, once all effects are.
            Effect::Leave => {}
        }
    }

    fn start(&mut self, signals: &Signals) {
        if self.settings.isolation == Isolation::Session {
            terminal::let_go();
        }
        match self.execute(&self.settings.command, self.settings.isolation, signals) {
            Ok(pid) => {
                self.child = Some(pid);
                self.group = Some(pid);
                self.settings.voice.started(pid);
                let now = self.clock.now();
                self.witnesses.iter_mut().for_each(|witness| witness.begin(now));
                self.calm_at = Some(now.plus(CALM_AFTER));
            }
            Err(cause) => {
                self.settings.voice.not_started(cause);
                self.events.push_back(Event::NotStarted(cause));
            }
        }
    }

    fn execute(&self, command: &[CString], isolation: Isolation, signals: &Signals) -> nix::Result<Pid> {
        child::start(&Command {
            arguments: command,
            environment: self.settings.environment.as_deref(),
            isolation,
            parent_death: self.settings.parent_death,
            defaults: self.settings.defaults,
            mask: self.settings.mask.unwrap_or(signals.before()),
        })
    }

    fn suspend(&self) {
        self.settings.voice.suspending();
        // PID 1 of a namespace is not stopped by its own signals, and then goes on at once.
        let _ = Signal::STOP.send_to(Pid::this().as_raw());
    }

    fn warn(&self, signals: &Signals) {
        let left = self.state.lease.end().map(|end| end.since(self.clock.now())).unwrap_or_default();
        say(&format!("the time is up in {}", contract::duration::format(rounded(left))));
        let Some(hook) = &self.settings.on_warn else { return };
        let command = [c"/bin/sh".to_owned(), c"-c".to_owned(), hook.clone()];
        if let Err(cause) = self.execute(&command, Isolation::Session, signals) {
            say(&format!("the command of --on-warn cannot be executed: {}", cause.desc()));
        }
    }

    fn leave(&self) -> u8 {
        let undecided = of_command_not_started(nix::errno::Errno::UnknownErrno);
        let verdict: &Verdict = self.state.verdict.as_ref().unwrap_or(&undecided);
        self.settings.voice.leave(verdict, &self.state, self.clock.now())
    }
}

/// To whole seconds: the warning comes a few milliseconds late.
fn rounded(left: Duration) -> Duration {
    Duration::from_secs_f64(left.as_secs_f64().round())
}
