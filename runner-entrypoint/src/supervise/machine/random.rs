//! Whatever happens in whatever order: what must never happen, and what must.

use std::cell::Cell;
use std::time::Duration;

use nix::errno::Errno;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::rules::{Alarm, Clearing, Code, Rewrites, Rules, Suspension};
use super::state::{Stage, State};
use super::{Effect, Event, step};
use crate::clock::Moment;
use crate::exit::Exit;
use crate::signal::{Sent, Signal, SignalSet};
use crate::supervise::lease::Lease;

/// The dice for one step: how much time passes, which of the possible things happens, and how.
type Dice = (u16, u8, u8);

const GRACE: Duration = Duration::from_secs(10);
const KILL_AFTER: Duration = Duration::from_secs(5);

/// What the world is at.
#[derive(Default)]
struct World {
    command: bool,
    others: u8,
    asked_at: Option<Moment>,
    killed: bool,
    cleared_at: Option<Moment>,
    left: bool,
}

impl World {
    /// An event that can happen now.
    fn event(&self, which: u8, how: u8) -> Event {
        let mut possible = vec![Event::Tick];
        if self.command {
            let exit = if how.is_multiple_of(3) { Exit::Signal(15) } else { Exit::Code(i32::from(how)) };
            possible.extend([Event::Exited(exit), Event::Tick, Event::Ready]);
        } else if self.others == 0 {
            possible.push(Event::NobodyLeft);
        }
        if how > 200 {
            let number = i32::from(which % 64) + 1;
            possible.extend(Signal::new(number).map(Event::Signal));
        }
        if how > 250 {
            possible.extend([Event::NeverReady("no".to_owned()), Event::Idle("no".to_owned())]);
        }
        possible.swap_remove(usize::from(which) % possible.len())
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Exited(_) | Event::NotStarted(_) => self.command = false,
            _ => {}
        }
    }

    /// Does what it is told to, and judges it.
    fn obey(&mut self, effect: &Effect, state: &State, now: Moment) {
        match effect {
            Effect::Start => self.command = true,
            Effect::Forward(_) | Effect::Drop(_) => assert!(self.command, "a signal to nobody"),
            Effect::End(sent) => self.be_asked(*sent, state, now),
            Effect::SignalOthers(Signal::TERM) => {
                assert_eq!(self.cleared_at.replace(now), None, "asked twice");
            }
            Effect::SignalOthers(_) => {
                let asked = self.cleared_at.expect("killed without having been asked");
                assert!(now.since(asked) >= GRACE, "killed before the grace was over");
                self.others = 0;
            }
            Effect::Leave => self.left = true,
            _ => {}
        }
    }

    fn be_asked(&mut self, sent: Sent, state: &State, now: Moment) {
        assert!(self.command, "a signal to nobody");
        if sent == Sent::Signal(Signal::KILL) && state.rules.signal != sent {
            let asked = self.asked_at.expect("killed without having been asked");
            assert!(now.since(asked) >= KILL_AFTER.min(GRACE), "killed before its time");
            self.killed = true;
        }
        self.asked_at.get_or_insert(now);
    }
}

struct Run {
    world: World,
    state: State,
    now: Moment,
    steps: u32,
}

impl Run {
    fn new(rules: Rules, lease: Lease, others: u8) -> Self {
        let world = World { others, ..World::default() };
        let mut run = Self { world, state: State::new(rules, lease), now: Moment::default(), steps: 0 };
        run.take(Event::Started);
        run
    }

    fn take(&mut self, event: Event) {
        self.steps += 1;
        self.world.note(&event);
        let (state, effects) = step(self.state.clone(), self.now, event);
        self.state = state;
        effects.iter().for_each(|effect| self.world.obey(effect, &self.state, self.now));
        if self.world.left {
            self.check_the_end();
        }
    }

    fn check_the_end(&self) {
        assert_eq!(self.state.stage, Stage::Ended);
        assert!(self.state.verdict.is_some(), "an end has a verdict");
        assert!(!self.world.command || self.world.killed, "the command is left alive");
        let clears = matches!(self.state.rules.clearing, Clearing::All { .. }) && self.world.cleared_at.is_some();
        assert!(!clears || self.world.others == 0, "others are left alive");
    }

    /// From here on the world does only what it must: killed processes go (or hang in the kernel), time passes.
    fn run_down(&mut self, hangs: bool) {
        for _ in 0..300 {
            if self.world.left {
                return;
            }
            let waits_for_nothing = self.state.deadline().is_none();
            let event = if self.world.command && !hangs && (self.world.killed || waits_for_nothing) {
                Event::Exited(Exit::Signal(9))
            } else if !self.world.command && self.world.others == 0 {
                Event::NobodyLeft
            } else {
                self.now = self.state.deadline().expect("something is waited for").max(self.now);
                Event::Tick
            };
            self.take(event);
        }
        panic!("it does not end: {:?}", self.state);
    }
}

fn rules(kill_after: Option<Duration>, signal: Signal) -> Rules {
    Rules {
        signal: Sent::Signal(signal),
        kill_after,
        kill_after_limit: Some(GRACE),
        endings: SignalSet::EMPTY.with(Signal::TERM).with(Signal::INT),
        alarm: Alarm::Limit,
        code: Code::Limit,
        clearing: Clearing::All { grace: GRACE },
        rewrites: Rewrites::SESSION,
        suspension: Suspension::Stop,
    }
}

fn lease(seconds: u8) -> Lease {
    let ends = Some(Moment(Duration::from_secs(u64::from(seconds) + 1)));
    Lease { ends, warn: Some(Duration::from_secs(3)), ..Lease::default() }
}

/// What differs between two lives, beside the dice: the lease's seconds, whether there is a `--kill-after`, how many others
/// there are, and whether a killed command hangs in the kernel.
type Circumstances = (u8, bool, u8, bool);

/// Runs one schedule to its end; gives the number of its steps.
fn live((seconds, kills, others, hangs): Circumstances, dice: &[Dice]) -> u32 {
    let mut run = Run::new(rules(kills.then_some(KILL_AFTER), Signal::TERM), lease(seconds), others);
    for (time, which, how) in dice {
        if run.world.left {
            break;
        }
        // Most steps are short, so that there are many of them before the end.
        run.now = run.now.plus(Duration::from_millis(u64::from(*time) / 64));
        let event = run.world.event(*which, *how);
        // An early exit would leave nothing to try.
        if !matches!(event, Event::Exited(_)) || *how < 8 {
            run.take(event);
        }
    }
    run.run_down(hangs);
    run.steps
}

#[test]
fn hundred_thousand_steps_of_any_schedule_keep_the_promises_and_end() {
    let config = ProptestConfig { cases: 6_000, ..ProptestConfig::with_source_file(file!()) };
    let circumstances = (any::<u8>(), any::<bool>(), 0_u8..3, any::<bool>());
    let (schedules, steps) = ((circumstances, prop::collection::vec(any::<Dice>(), 1..120)), Cell::new(0));
    let tried = TestRunner::new(config).run(&schedules, |(circumstances, dice)| {
        steps.set(steps.get() + live(circumstances, &dice));
        Ok(())
    });
    tried.unwrap_or_else(|fault| panic!("{fault}"));
    assert!(steps.get() >= 100_000, "only {} steps", steps.get());
}

#[test]
fn command_that_cannot_be_executed_ends_it_at_once() {
    let mut run = Run::new(rules(None, Signal::TERM), lease(9), 0);
    run.take(Event::NotStarted(Errno::ENOENT));
    assert!(run.world.left);
}
