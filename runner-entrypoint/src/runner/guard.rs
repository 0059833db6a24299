//! A runner under guard: performs what the machine decides, and tells it what happens.

use std::collections::VecDeque;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use contract::record::Phase;
use nix::unistd::Pid;

use crate::errand::{Errand, OnTerm};
use crate::exit::Exit;
use crate::listener::process::ListenerProcess;
use crate::listener::witness::Witness;
use crate::listener::{self, Line, worker};
use crate::machine::{Effect, Event, RunnerFiles, State, StopSignal, Update, Verdict, step};
use crate::registrar::{Answer, Registrar, Task};
use crate::report::{self, StateFile, echo, say};
use crate::signal::Signal;
use crate::supervisor::signals::Signals;
use crate::supervisor::{Charge, Next, footprint, sweep};

/// What the update script touches when it is through (`actions/runner src/Misc/layoutbin/update.sh.template`).
const UPDATE_FINISHED: &str = "update.finished";

/// A runner, from its registration to its last line.
pub(crate) struct RunnerGuard {
    registrar: Registrar,
    state_file: StateFile,
    state: State,
    events: VecDeque<Event>,
    listener: Option<ListenerProcess>,
    witness: Option<Witness>,
    request: Option<Errand<Answer>>,
    /// A request that waits for the one before it: there is never more than one child.
    next_request: Option<Task>,
    /// A job has just begun: for minutes or hours there is next to nothing to do.
    long_wait: bool,
}

impl Charge for RunnerGuard {
    fn settle(&mut self, signals: &Signals) -> Next {
        while let Some(event) = self.events.pop_front() {
            let (next, effects) = step(self.state.clone(), self.registrar.clock.now(), event);
            self.state = next;
            for effect in effects {
                self.perform(effect, signals);
            }
        }
        if self.state.has_ended() {
            return Next::Leave(self.leave(signals));
        }
        self.start_next_request();
        if !self.events.is_empty() {
            // The request could not be started, which is an event.
            return self.settle(signals);
        }
        if std::mem::take(&mut self.long_wait) {
            footprint::let_go_of_code();
        }
        let kill_at = self.request.as_ref().map(|request| request.kill_at);
        Next::Wait(self.state.deadline().into_iter().chain(kill_at).min())
    }

    fn watched(&self) -> Vec<BorrowedFd<'_>> {
        let output = self.listener.as_ref().and_then(ListenerProcess::output);
        let witness = self.witness.as_ref().map(|witness| witness.as_fd());
        output.into_iter().chain(witness).chain(self.request.as_ref().map(|request| request.as_fd())).collect()
    }

    fn hear_watched(&mut self) {
        // The Listener first: what it said before GitHub answered has happened before.
        self.hear_listener();
        self.hear_witness();
        self.hear_request();
    }

    fn hear_signal(&mut self, signal: Signal) {
        match signal {
            Signal::TERM | Signal::INT | Signal::HUP => self.events.push_back(Event::Signal(StopSignal::Stop)),
            Signal::QUIT => self.events.push_back(Event::Signal(StopSignal::Quit)),
            _ => {}
        }
    }

    fn hear_exit(&mut self, pid: Pid, exit: Exit) {
        let Some(mut listener) = self.listener.take_if(|listener| listener.pid == pid) else { return };
        listener.listen_to_the_last(|line| take_line(line, &mut self.events));
        let present = self.registrar.config.runner_dir.join(crate::registrar::files::RUNNER).exists();
        let files = if present { RunnerFiles::Present } else { RunnerFiles::Gone };
        self.events.push_back(Event::ListenerExited { exit, files });
    }

    fn hear_the_clock(&mut self) {
        let now = self.registrar.clock.now();
        if let Some(request) = self.request.as_mut().filter(|request| now >= request.kill_at) {
            request.kill();
        }
        if self.state.deadline().is_some_and(|deadline| now >= deadline) {
            self.events.push_back(Event::Tick);
        }
    }
}

impl RunnerGuard {
    pub(crate) fn new(registrar: Registrar, state_file: StateFile, witness: Option<Witness>) -> Self {
        let config = &registrar.config;
        say(&format!("registering {} in {}", config.runner_name, config.scope));
        let state = State::new(config.limits, config.jobs);
        let events = VecDeque::from([Event::Started]);
        Self {
            registrar,
            state_file,
            state,
            events,
            listener: None,
            witness,
            request: None,
            next_request: None,
            long_wait: false,
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.long_wait = phase == Phase::Busy;
        self.state_file.write(phase, self.state.registration.id().map(|id| id.0), None);
    }

    fn perform(&mut self, effect: Effect, signals: &Signals) {
        match effect {
            Effect::Say(text) => say(&text),
            Effect::Enter(phase) => self.enter(phase),
            Effect::Register { within } => self.next_request = Some(Task::Register { within }),
            Effect::Remove { within, when_busy } => {
                self.next_request = Some(Task::Remove { id: self.state.registration.id(), within, when_busy });
                // At once, before anything is written: between SIGTERM and the DELETE nothing else has a place.
                self.start_next_request();
            }
            Effect::HurryRegistrar { within } => self.hurry_request(within),
            Effect::StartListener => self.start_listener(),
            Effect::InterruptListener => self.listener.iter().for_each(ListenerProcess::interrupt),
            Effect::KillListener => self.listener.iter().for_each(ListenerProcess::kill),
            Effect::LookForUpdate => self.look_for_update(),
            Effect::LookForWorker => self.events.push_back(Event::Worker(worker::look())),
            Effect::Sweep => sweep::sweep(signals),
            // Done by the loop, once all effects are.
            Effect::Leave => {}
        }
    }

    fn start_next_request(&mut self) {
        if self.request.is_some() {
            return;
        }
        let Some(task) = self.next_request.take() else { return };
        let (now, registrar) = (self.registrar.clock.now(), &mut self.registrar);
        match Errand::start(now, task.within(), OnTerm::Pend, || registrar.work(task)) {
            Ok(child) => self.request = Some(child),
            Err(cause) => {
                say(&format!("a process for GitHub cannot be started: {cause}"));
                self.events.push_back(Event::RegistrarDied);
            }
        }
    }

    fn hurry_request(&mut self, within: Duration) {
        let now = self.registrar.clock.now();
        if let Some(request) = &mut self.request {
            request.hurry(now, within);
        }
    }

    fn start_listener(&mut self) {
        // A leftover of an earlier update must not be taken for this one's.
        let _ = std::fs::remove_file(self.registrar.config.runner_dir.join(UPDATE_FINISHED));
        let registrar = &self.registrar;
        match ListenerProcess::start(&registrar.config, &registrar.account, registrar.mask, self.witness.as_ref()) {
            Ok(listener) => self.listener = Some(listener),
            Err(message) => self.events.push_back(Event::ListenerNotStarted(message)),
        }
    }

    fn look_for_update(&mut self) {
        let finished = self.registrar.config.runner_dir.join(UPDATE_FINISHED).exists();
        self.events.push_back(Event::Update(if finished { Update::Finished } else { Update::Running }));
    }

    fn hear_listener(&mut self) {
        let Some(listener) = &mut self.listener else { return };
        let events = &mut self.events;
        listener.listen(|line| take_line(line, events));
    }

    fn hear_witness(&mut self) {
        let Some(witness) = &mut self.witness else { return };
        let events = &mut self.events;
        witness.listen(|testimony| events.push_back(Event::Testimony(testimony)));
    }

    fn hear_request(&mut self) {
        let Some(answer) = self.request.as_mut().and_then(Errand::listen) else { return };
        self.request = None;
        self.events.push_back(answer.map_or(Event::RegistrarDied, Event::from));
    }

    /// The end: nothing left running, nothing secret left, the last line.
    fn leave(&mut self, signals: &Signals) -> u8 {
        sweep::sweep(signals);
        self.registrar.vault.wipe();
        let undecided = Verdict::new(contract::exit::Cause::Internal, "it ended without a reason being noted");
        let verdict = self.state.verdict.as_ref().unwrap_or(&undecided);
        let now = self.registrar.clock.now();
        let end = report::end(&self.registrar.config.runner_name, Some(&self.state), verdict, now);
        self.state_file.write(Phase::Ended, end.runner_id, Some(end.clone()));
        report::print_record(&end);
        end.code
    }
}

fn take_line(line: &str, events: &mut VecDeque<Event>) {
    echo(line);
    match listener::read(line) {
        Line::Other => {}
        line => events.push_back(Event::Line(line)),
    }
}
