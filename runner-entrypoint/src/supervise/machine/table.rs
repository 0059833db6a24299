//! Single lives, event by event.

use std::time::Duration;

use contract::exit::AppCause;
use nix::errno::Errno;

use super::rules::{Alarm, Clearing, Code, Rewrites, Rules, Suspension};
use super::state::State;
use super::{Effect, Event, Verdict, step};
use crate::clock::Moment;
use crate::exit::Exit;
use crate::signal::{Sent, Signal, SignalSet};
use crate::supervise::lease::Lease;

const TERM: Sent = Sent::Signal(Signal::TERM);
const KILL: Sent = Sent::Signal(Signal::KILL);
const BY_TERM: Event = Event::Exited(Exit::Signal(libc::SIGTERM));
const BY_KILL: Event = Event::Exited(Exit::Signal(libc::SIGKILL));

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// What GNU `timeout` does.
fn gnu() -> Rules {
    Rules {
        signal: TERM,
        kill_after: None,
        kill_after_limit: None,
        endings: SignalSet::of(&[libc::SIGTERM, libc::SIGINT, libc::SIGUSR1, libc::SIGALRM]),
        alarm: Alarm::Limit,
        code: Code::Limit,
        clearing: Clearing::None,
        rewrites: Rewrites::NONE,
        suspension: Suspension::Forward,
    }
}

/// What `supervise` does unless told otherwise.
fn ours() -> Rules {
    Rules {
        kill_after_limit: Some(seconds(10)),
        endings: SignalSet::of(&[libc::SIGTERM, libc::SIGINT, libc::SIGQUIT]),
        alarm: Alarm::Signal,
        clearing: Clearing::All { grace: seconds(10) },
        rewrites: Rewrites::SESSION,
        suspension: Suspension::Stop,
        ..gnu()
    }
}

/// A life with a limit of 100 s, told second by second.
struct Life {
    state: State,
    effects: Vec<Effect>,
}

impl Life {
    fn new(rules: Rules) -> Self {
        let lease = Lease { ends: Some(Moment(seconds(100))), ..Lease::default() };
        Self { state: State::new(rules, lease), effects: Vec::new() }.at(0, Event::Started)
    }

    fn at(self, second: u64, event: Event) -> Self {
        let (state, effects) = step(self.state, Moment(seconds(second)), event);
        Self { state, effects }
    }

    fn does(self, effects: &[Effect]) -> Self {
        assert_eq!(self.effects, effects);
        self
    }

    fn waits_until(self, second: u64) -> Self {
        assert_eq!(self.state.deadline(), Some(Moment(seconds(second))));
        self
    }

    fn ends(self, cause: AppCause, code: u8) {
        let Some(Verdict { cause: its_cause, code: its_code, .. }) = self.state.verdict else { panic!("it goes on") };
        assert_eq!((its_cause, its_code), (cause, code));
    }
}

#[test]
fn command_that_ends_by_itself_gives_its_own_code() {
    Life::new(gnu()).at(5, Event::Exited(Exit::Code(7))).does(&[Effect::Leave]).ends(AppCause::AppExit, 7);
    Life::new(gnu()).at(5, BY_KILL).does(&[Effect::Leave]).ends(AppCause::AppExit, 137);
}

#[test]
fn limit_gives_124_and_the_commands_code_where_that_is_wanted() {
    let at_limit = |rules| Life::new(rules).waits_until(100).at(100, Event::Tick).does(&[Effect::End(TERM)]);
    at_limit(gnu()).at(101, BY_TERM).ends(AppCause::Ttl, 124);
    at_limit(gnu()).at(101, Event::Exited(Exit::Code(0))).ends(AppCause::Ttl, 124);
    let preserving = Rules { code: Code::Command, ..gnu() };
    at_limit(preserving).at(101, BY_TERM).ends(AppCause::Ttl, 143);
    at_limit(preserving).at(101, Event::Exited(Exit::Code(0))).ends(AppCause::Ttl, 0);
}

#[test]
fn need_for_sigkill_gives_137() {
    let rules = Rules { kill_after: Some(seconds(5)), ..gnu() };
    let killed = Life::new(rules).at(100, Event::Tick).waits_until(105).at(105, Event::Tick).does(&[Effect::End(KILL)]);
    killed.at(105, BY_KILL).ends(AppCause::Killed, 137);
}

#[test]
fn time_until_sigkill_runs_from_the_first_signal_that_asks() {
    let rules = Rules { kill_after: Some(seconds(5)), ..gnu() };
    let asked = Life::new(rules).at(10, Event::Signal(Signal::TERM)).does(&[Effect::End(TERM)]).waits_until(15);
    let again = asked.at(14, Event::Signal(Signal::TERM)).does(&[Effect::End(TERM)]).waits_until(15);
    again.at(15, Event::Tick).does(&[Effect::End(KILL)]).at(15, BY_KILL).ends(AppCause::Signal, 137);
}

#[test]
fn signal_that_leads_to_nothing_leaves_the_limit_in_force() {
    let life = Life::new(gnu()).at(10, Event::Signal(Signal::TERM)).waits_until(100);
    life.at(100, Event::Tick).does(&[Effect::End(TERM)]).at(101, BY_TERM).ends(AppCause::Ttl, 124);
    Life::new(gnu()).at(10, Event::Signal(Signal::TERM)).at(11, BY_TERM).ends(AppCause::Signal, 143);
}

#[test]
fn alarm_from_outside_is_the_limit_for_timeout_and_a_signal_for_others() {
    let alarm = Event::Signal(Signal::ALRM);
    Life::new(gnu()).at(1, alarm.clone()).does(&[Effect::End(TERM)]).at(1, BY_TERM).ends(AppCause::Ttl, 124);
    Life::new(ours()).at(1, alarm).does(&[Effect::Forward(Sent::Signal(Signal::ALRM))]);
}

#[test]
fn signals_that_are_no_endings_are_passed_on_and_that_is_all() {
    let life = Life::new(ours()).at(1, Event::Signal(Signal::HUP)).does(&[Effect::Forward(Sent::Signal(Signal::HUP))]);
    life.waits_until(100).at(2, Event::Exited(Exit::Code(0))).does(&[Effect::SignalOthers(Signal::TERM)]);
}

#[test]
fn stop_from_the_terminal_stops_both_and_a_rewritten_signal_can_be_dropped() {
    let stop = Sent::Signal(Signal::STOP);
    Life::new(ours()).at(1, Event::Signal(Signal::TSTP)).does(&[Effect::Forward(stop), Effect::Suspend]);
    let mut rewrites = Rewrites::NONE;
    rewrites.set(Signal::HUP, Sent::Nothing);
    let rules = Rules { rewrites, ..ours() };
    Life::new(rules).at(1, Event::Signal(Signal::HUP)).does(&[Effect::Drop(Signal::HUP)]);
}

#[test]
fn those_left_behind_get_sigterm_then_time_then_sigkill() {
    let life = Life::new(ours()).at(1, Event::Exited(Exit::Code(0))).does(&[Effect::SignalOthers(Signal::TERM)]);
    let killing = life.waits_until(11).at(11, Event::Tick).does(&[Effect::SignalOthers(Signal::KILL)]);
    killing.at(11, Event::NobodyLeft).does(&[Effect::Leave]).ends(AppCause::AppExit, 0);
}

#[test]
fn limit_of_ours_kills_without_having_been_told_to_but_a_signal_does_not() {
    Life::new(ours()).at(100, Event::Tick).waits_until(110);
    Life::new(ours()).at(50, Event::Signal(Signal::TERM)).waits_until(100);
}

#[test]
fn command_that_sigkill_does_not_end_is_given_up() {
    let killed = Life::new(ours()).at(100, Event::Tick).at(110, Event::Tick).does(&[Effect::End(KILL)]);
    killed.at(112, Event::Tick).does(&[Effect::SignalOthers(Signal::TERM)]).ends(AppCause::Killed, 137);
}

#[test]
fn never_ready_and_idle_have_their_own_codes() {
    let never = Event::NeverReady("no answer".to_owned());
    Life::new(ours()).at(9, never).does(&[Effect::End(TERM)]).at(9, BY_TERM).ends(AppCause::NeverReady, 221);
    let idle = Event::Idle("no traffic".to_owned());
    Life::new(ours()).at(9, idle).at(9, Event::Exited(Exit::Code(0))).ends(AppCause::AppIdle, 222);
}

#[test]
fn command_that_cannot_be_executed_gives_a_shells_codes() {
    for (cause, code) in [(Errno::ENOENT, 127), (Errno::EACCES, 126), (Errno::ENOEXEC, 126)] {
        Life::new(ours()).at(0, Event::NotStarted(cause)).does(&[Effect::Leave]).ends(AppCause::NotStarted, code);
    }
}

#[test]
fn lease_that_is_over_starts_nothing() {
    let lease = Lease { ends: Some(Moment::default()), ..Lease::default() };
    let (state, effects) = step(State::new(ours(), lease), Moment(seconds(1)), Event::Started);
    assert_eq!(effects, [Effect::Leave]);
    assert_eq!(state.verdict.map(|verdict| (verdict.cause, verdict.code)), Some((AppCause::Ttl, 124)));
}

#[test]
fn warning_comes_once_before_the_end() {
    let lease = Lease { ends: Some(Moment(seconds(100))), warn: Some(seconds(30)), ..Lease::default() };
    let life = Life { state: State::new(ours(), lease), effects: Vec::new() }.at(0, Event::Started);
    life.waits_until(70).at(70, Event::Tick).does(&[Effect::Warn]).waits_until(100);
}
