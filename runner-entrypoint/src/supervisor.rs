//! The loop: wait, tell the machine what happened, do what it says. It decides nothing.

mod reaper;
pub(crate) mod signals;
mod sweep;

use std::collections::VecDeque;
use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::time::Duration;

use contract::record::Phase;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::clock::Moment;
use crate::listener::process::ListenerProcess;
use crate::listener::{self, Line};
use crate::machine::{Effect, Event, RunnerFiles, State, Update, Verdict, step};
use crate::registrar::child::RegistrarChild;
use crate::registrar::{Registrar, Task};
use crate::report::{self, StateFile, echo, say};

use self::signals::{Received, Signals};

/// What the update script touches when it is through (`actions/runner src/Misc/layoutbin/update.sh.template`).
const UPDATE_FINISHED: &str = "update.finished";

/// PID 1 at work.
pub(crate) struct Supervisor {
    registrar: Registrar,
    signals: Signals,
    state_file: StateFile,
    events: VecDeque<Event>,
    listener: Option<ListenerProcess>,
    request: Option<RegistrarChild>,
    /// A request that waits for the one before it: there is never more than one child.
    next_request: Option<Task>,
}

impl Supervisor {
    pub(crate) fn new(registrar: Registrar, signals: Signals, state_file: StateFile) -> Self {
        let events = VecDeque::from([Event::Started]);
        Self { registrar, signals, state_file, events, listener: None, request: None, next_request: None }
    }

    /// Runs to the end.
    pub(crate) fn run(mut self) -> ExitCode {
        let config = &self.registrar.config;
        say(&format!("registering {} in {}", config.runner_name, config.scope));
        let mut state = State::new(config.limits, config.jobs);
        loop {
            while let Some(event) = self.events.pop_front() {
                let (next, effects) = step(state, self.registrar.clock.now(), event);
                state = next;
                for effect in effects {
                    self.perform(effect, &state);
                }
            }
            if state.has_ended() {
                return self.leave(&state);
            }
            self.start_next_request();
            if self.events.is_empty() {
                self.wait(state.deadline());
            }
        }
    }

    fn perform(&mut self, effect: Effect, state: &State) {
        match effect {
            Effect::Say(text) => say(&text),
            Effect::Enter(phase) => self.state_file.write(phase, state.registration.id().map(|id| id.0), None),
            Effect::Register { within } => self.next_request = Some(Task::Register { within }),
            Effect::Remove { within, when_busy } => {
                self.next_request = Some(Task::Remove { id: state.registration.id(), within, when_busy });
                // At once, before anything is written: between SIGTERM and the DELETE nothing else has a place.
                self.start_next_request();
            }
            Effect::HurryRegistrar { within } => self.hurry_request(within),
            Effect::StartListener => self.start_listener(),
            Effect::InterruptListener => self.listener.iter().for_each(ListenerProcess::interrupt),
            Effect::KillListener => self.listener.iter().for_each(ListenerProcess::kill),
            Effect::LookForUpdate => self.look_for_update(),
            Effect::Sweep => sweep::sweep(&self.signals),
            // Done by the loop, once all effects are.
            Effect::Leave => {}
        }
    }

    fn start_next_request(&mut self) {
        if self.request.is_some() {
            return;
        }
        let Some(task) = self.next_request.take() else { return };
        match RegistrarChild::start(&mut self.registrar, task) {
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
        match ListenerProcess::start(&registrar.config, &registrar.account, registrar.mask) {
            Ok(listener) => self.listener = Some(listener),
            Err(message) => self.events.push_back(Event::ListenerNotStarted(message)),
        }
    }

    fn look_for_update(&mut self) {
        let finished = self.registrar.config.runner_dir.join(UPDATE_FINISHED).exists();
        self.events.push_back(Event::Update(if finished { Update::Finished } else { Update::Running }));
    }

    /// Sleeps until something happens or a deadline comes.
    fn wait(&mut self, deadline: Option<Moment>) {
        let now = self.registrar.clock.now();
        let kill_at = self.request.as_ref().map(|request| request.kill_at);
        let next = deadline.into_iter().chain(kill_at).min();
        let mut watched = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        let output = self.listener.as_ref().and_then(ListenerProcess::output);
        watched.extend(output.map(|output| PollFd::new(output, PollFlags::POLLIN)));
        watched.extend(self.request.iter().map(|request| PollFd::new(request.as_fd(), PollFlags::POLLIN)));
        match poll(&mut watched, poll_timeout(next.map(|next| next.since(now)))) {
            Ok(_) | Err(Errno::EINTR) => {}
            // Only a bug in the three lines above can get here; without the wait this would spin.
            Err(cause) => say(&format!("waiting failed: {cause}")),
        }
        // The Listener first: what it said before a signal came has happened before it.
        self.hear_listener();
        self.hear_request();
        self.hear_signals();
        self.look_at_the_clock(deadline);
    }

    fn hear_listener(&mut self) {
        let Some(listener) = &mut self.listener else { return };
        let events = &mut self.events;
        listener.listen(|line| take_line(line, events));
    }

    fn hear_request(&mut self) {
        let Some(answer) = self.request.as_mut().and_then(RegistrarChild::listen) else { return };
        self.request = None;
        self.events.push_back(answer.map_or(Event::RegistrarDied, Event::from));
    }

    fn hear_signals(&mut self) {
        for received in self.signals.read() {
            match received {
                Received::Child => self.reap(),
                Received::Stop(signal) => self.events.push_back(Event::Signal(signal)),
            }
        }
    }

    fn reap(&mut self) {
        for (pid, exit) in reaper::reap() {
            let Some(mut listener) = self.listener.take_if(|listener| listener.pid == pid) else { continue };
            listener.listen_to_the_last(|line| take_line(line, &mut self.events));
            let present = self.registrar.config.runner_dir.join(crate::registrar::files::RUNNER).exists();
            let files = if present { RunnerFiles::Present } else { RunnerFiles::Gone };
            self.events.push_back(Event::ListenerExited { exit, files });
        }
    }

    fn look_at_the_clock(&mut self, deadline: Option<Moment>) {
        let now = self.registrar.clock.now();
        if let Some(request) = self.request.as_mut().filter(|request| now >= request.kill_at) {
            request.kill();
        }
        if deadline.is_some_and(|deadline| now >= deadline) {
            self.events.push_back(Event::Tick);
        }
    }

    /// The end: nothing left running, nothing secret left, the last line.
    fn leave(mut self, state: &State) -> ExitCode {
        sweep::sweep(&self.signals);
        self.registrar.vault.wipe();
        let undecided = Verdict::new(contract::exit::Cause::Internal, "it ended without a reason being noted");
        let verdict = state.verdict.as_ref().unwrap_or(&undecided);
        let end = report::end(&self.registrar.config.runner_name, Some(state), verdict, self.registrar.clock.now());
        self.state_file.write(Phase::Ended, end.runner_id, Some(end.clone()));
        report::print_end(&end);
        ExitCode::from(end.code)
    }
}

fn take_line(line: &str, events: &mut VecDeque<Event>) {
    echo(line);
    match listener::read(line) {
        Line::Other => {}
        line => events.push_back(Event::Line(line)),
    }
}

/// Rounded up: a millisecond too early would be a round for nothing.
fn poll_timeout(left: Option<Duration>) -> PollTimeout {
    let Some(left) = left else { return PollTimeout::NONE };
    let millis = i32::try_from(left.as_millis().saturating_add(1)).unwrap_or(i32::MAX);
    if left.is_zero() { PollTimeout::ZERO } else { PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX) }
}
