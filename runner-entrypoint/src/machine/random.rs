//! Whatever happens in whatever order: what must never happen, and what must.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::budget::{self, QUIET_EXIT};
use super::state::{Registration, Stage};
use super::{
    Arbiter, AskAgain, Effect, Event, Exit, Removal, RunnerFiles, RunnerId, State, StopSignal, Update, Verdict,
    WhenBusy, step,
};
use crate::clock::Moment;
use crate::config::{Jobs, Limits};
use crate::listener::witness::Testimony;
use crate::listener::worker::Worker;
use crate::listener::{JobResult, Line};

/// What the world is at.
#[derive(Default)]
struct World {
    registering: bool,
    removing: bool,
    listener: bool,
    interrupted: bool,
    killed: bool,
    left: bool,
    signals: u32,
    /// SIGQUIT came: nothing is waited for any longer.
    forced: bool,
    stopped_at: Option<Moment>,
    /// Since when the Listener has had its time to leave: it was interrupted, or its one job is over.
    leaving_since: Option<Moment>,
}

/// The dice for one step: how much time passes, and which of the possible things happens.
type Dice = (u16, u8, u8);

fn limits() -> Limits {
    let seconds = Duration::from_secs;
    Limits {
        max_idle: seconds(60),
        max_lifetime: seconds(5_000),
        stop_timeout: seconds(90),
        registration: seconds(50),
        online: seconds(50),
        worker: seconds(70),
        exit: seconds(60),
    }
}

impl World {
    /// An event that can happen now.
    fn event(&self, which: u8, how: u8) -> Event {
        let mut possible = vec![Event::Tick];
        if self.registering {
            possible.extend(registrar_events(how));
        } else if self.removing {
            possible.extend(removal_events(how));
        }
        if self.listener && !self.killed {
            possible.extend(listener_events(how));
        }
        // An early exit would leave nothing to try.
        if self.listener && (self.killed || how < 64) {
            possible.push(Event::ListenerExited { exit: exit_of(how), files: files_of(how) });
        }
        if how > 240 {
            let signal = if how > 252 { StopSignal::Quit } else { StopSignal::Stop };
            possible.push(Event::Signal(signal));
        }
        possible.swap_remove(usize::from(which) % possible.len())
    }

    fn note(&mut self, event: &Event, now: Moment) {
        match event {
            Event::Registered(..) | Event::NotRegistered(_) | Event::RegistrationUnclear(_) => self.registering = false,
            Event::Removal(_) => self.removing = false,
            Event::RegistrarDied => (self.registering, self.removing) = (false, false),
            Event::ListenerExited { .. } | Event::ListenerNotStarted(_) => self.listener = false,
            Event::Signal(signal) => {
                self.signals += 1;
                self.forced |= *signal == StopSignal::Quit;
                self.stopped_at.get_or_insert(now);
            }
            _ => {}
        }
    }

    /// Does as it is told, and says what must never be asked for.
    fn obey(&mut self, effect: &Effect, state: &State, now: Moment) {
        match effect {
            Effect::Register { .. } => self.registering = true,
            Effect::Remove { .. } => {
                assert!(!self.registering, "a removal while the registration is under way");
                self.removing = true;
            }
            Effect::StartListener => {
                assert!(!self.listener, "a second Listener");
                assert_eq!(self.signals, 0, "a Listener started after a stop");
                (self.listener, self.interrupted, self.killed) = (true, false, false);
                self.leaving_since = None;
            }
            Effect::InterruptListener => {
                self.may_be_signalled(state, now);
                self.interrupted = true;
                self.leaving_since = Some(now);
            }
            Effect::KillListener => {
                self.may_be_signalled(state, now);
                self.may_be_killed(now);
                self.killed = true;
            }
            Effect::Leave => self.left = true,
            _ => {}
        }
    }
}

impl World {
    fn may_be_signalled(&self, state: &State, now: Moment) {
        assert!(self.listener, "a signal to nobody");
        assert!(!self.killed, "a signal after the kill");
        let drained = self.signals > 1 || self.is_past(now, |window| window.interrupt);
        // A job that comes after the interruption is being cancelled by it.
        let allowed = self.interrupted || self.forced || drained || now >= Moment(limits().max_lifetime);
        assert!(!state.tally.running || allowed, "a running job was ended by nothing but us");
    }

    fn may_be_killed(&self, now: Moment) {
        let had_its_time = self.leaving_since.is_some_and(|since| now.since(since) >= QUIET_EXIT);
        let allowed = self.forced || had_its_time || self.is_past(now, |window| window.kill);
        assert!(allowed, "killed before its grace was over");
    }

    /// Whether a part of the stop window is over.
    fn is_past(&self, now: Moment, part: impl Fn(&budget::Window) -> Duration) -> bool {
        self.stopped_at.is_some_and(|at| now.since(at) >= part(&budget::divide(limits().stop_timeout)))
    }
}

fn registrar_events(how: u8) -> Vec<Event> {
    let verdict = || Verdict::new(contract::exit::Cause::RegistrationUnavailable, "no");
    let arbiter = if how.is_multiple_of(5) { Arbiter::Nobody } else { Arbiter::Delete };
    let registered = || Event::Registered(RunnerId(7), arbiter);
    // Most registrations succeed, or nothing further would ever be tried.
    let bad = [Event::NotRegistered(verdict()), Event::RegistrationUnclear(verdict()), Event::RegistrarDied];
    let other = bad.into_iter().nth(usize::from(how) % 13);
    vec![registered(), other.unwrap_or_else(registered)]
}

fn removal_events(how: u8) -> Vec<Event> {
    let again = if how.is_multiple_of(2) { AskAgain::Later } else { AskAgain::Never };
    let failed = Event::Removal(Removal::Failed { message: "no".to_owned(), again });
    vec![Event::Removal(Removal::Gone), Event::Removal(Removal::Busy), failed, Event::RegistrarDied]
}

fn listener_events(how: u8) -> Vec<Event> {
    let line = match how % 6 {
        0 | 1 => Line::Listening,
        2 => Line::JobStarted,
        3 => Line::JobCompleted(JobResult::Succeeded),
        4 => Line::Fault("An error occurred: x".to_owned()),
        _ => Line::RegistrationDeleted("gone".to_owned()),
    };
    let (testimony, worker) = if how.is_multiple_of(2) {
        (Testimony::JobStarted, Worker::Missing)
    } else {
        (Testimony::JobEnded, Worker::Present)
    };
    let witness = if how.is_multiple_of(3) { Event::Testimony(testimony) } else { Event::Worker(worker) };
    vec![Event::Line(line.clone()), Event::Line(line), Event::Update(Update::Running), witness]
}

fn exit_of(how: u8) -> Exit {
    let codes = [0, 1, 2, 3, 4, 5, 7, 100, 102, 134];
    codes.get(usize::from(how) % 11).map_or(Exit::Signal(9), |code| Exit::Code(*code))
}

fn files_of(how: u8) -> RunnerFiles {
    if how.is_multiple_of(3) { RunnerFiles::Gone } else { RunnerFiles::Present }
}

struct Run {
    world: World,
    state: State,
    now: Moment,
    steps: u32,
}

impl Run {
    fn new(jobs: Jobs) -> Self {
        let (world, state) = (World::default(), State::new(limits(), jobs));
        let mut run = Self { world, state, now: Moment::default(), steps: 0 };
        run.take(Event::Started);
        run
    }

    fn take(&mut self, event: Event) {
        self.steps += 1;
        self.world.note(&event, self.now);
        let (state, effects) = step(self.state.clone(), self.now, event);
        let finishes = |state: &State| matches!(state.stage, Stage::Finishing { .. });
        if finishes(&state) && !finishes(&self.state) {
            self.world.leaving_since = Some(self.now);
        }
        self.state = state;
        effects.iter().for_each(|effect| self.world.obey(effect, &self.state, self.now));
        if self.world.left {
            self.check_the_end();
        }
    }

    fn check_the_end(&self) {
        assert_eq!(self.state.stage, Stage::Ended);
        assert!(!self.world.listener || self.world.killed, "a Listener is left alive");
        let verdict = self.state.verdict.as_ref().expect("an end has a verdict");
        match self.state.registration {
            Registration::Held { .. } => panic!("left without a DELETE"),
            Registration::Left { .. } => assert!(verdict.message.contains("could not be removed"), "{verdict:?}"),
            Registration::None | Registration::Gone { .. } => {}
        }
    }

    /// From here on the world does only what it must: requests end at their limits, killed processes go, time passes.
    fn run_down(&mut self) {
        for _ in 0..200 {
            if self.world.left {
                return;
            }
            let event = if self.world.registering || self.world.removing {
                Event::RegistrarDied
            } else if self.world.killed && self.world.listener {
                Event::ListenerExited { exit: Exit::Signal(9), files: RunnerFiles::Present }
            } else {
                self.now = self.state.deadline().expect("something is waited for").max(self.now);
                Event::Tick
            };
            self.take(event);
            if let Some(Effect::LookForUpdate) = self.pending_look() {
                self.take(Event::Update(Update::Running));
            }
        }
        panic!("it does not end: {:?}", self.state);
    }

    fn pending_look(&self) -> Option<Effect> {
        let Stage::Resting { look: Some(look), .. } = self.state.stage else { return None };
        (look <= self.now).then_some(Effect::LookForUpdate)
    }
}

/// Runs one schedule to its end; gives the number of its steps.
fn live(several: bool, dice: &[Dice]) -> u32 {
    let mut run = Run::new(if several { Jobs::Several } else { Jobs::One });
    for (time, which, how) in dice {
        if run.world.left {
            break;
        }
        run.now = run.now.plus(Duration::from_millis(u64::from(*time)));
        let event = run.world.event(*which, *how);
        run.take(event);
    }
    run.run_down();
    run.steps
}

#[test]
fn hundred_thousand_steps_of_any_schedule_keep_the_promises_and_end() {
    let config = ProptestConfig { cases: 12_000, ..ProptestConfig::with_source_file(file!()) };
    let (schedules, steps) = ((any::<bool>(), prop::collection::vec(any::<Dice>(), 1..150)), Cell::new(0));
    let tried = TestRunner::new(config).run(&schedules, |(several, dice)| {
        steps.set(steps.get() + live(several, &dice));
        Ok(())
    });
    tried.unwrap_or_else(|fault| panic!("{fault}"));
    assert!(steps.get() >= 100_000, "only {} steps", steps.get());
}

#[test]
fn insisting_is_for_listeners_that_are_gone() {
    let mut run = Run::new(Jobs::One);
    run.take(Event::Registered(RunnerId(7), Arbiter::Delete));
    let (_, effects) = step(run.state.clone(), Moment(Duration::from_secs(50)), Event::Tick);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Remove { when_busy: WhenBusy::Tell, .. })));
}
