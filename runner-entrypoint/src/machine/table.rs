//! What each event does in each state, row by row.

use std::time::Duration;

use contract::exit::Cause;
use contract::record::Phase;

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

const LIMITS: Limits = Limits {
    max_idle: Duration::from_secs(600),
    max_lifetime: Duration::from_secs(10_000),
    stop_timeout: Duration::from_secs(120),
    registration: Duration::from_secs(100),
    online: Duration::from_secs(100),
    worker: Duration::from_secs(300),
    exit: Duration::from_secs(60),
};

const REGISTERED: Event = Event::Registered(RunnerId(42), Arbiter::Delete);
const BY_TOKEN: Event = Event::Registered(RunnerId(42), Arbiter::Nobody);
const LISTENING: Event = Event::Line(Line::Listening);
const JOB: Event = Event::Line(Line::JobStarted);
const DONE: Event = Event::Line(Line::JobCompleted(JobResult::Succeeded));
const STOP: Event = Event::Signal(StopSignal::Stop);
const QUIT: Event = Event::Signal(StopSignal::Quit);
const GONE: Event = Event::Removal(Removal::Gone);
const BUSY: Event = Event::Removal(Removal::Busy);
const TICK: Event = Event::Tick;

fn mute(again: AskAgain) -> Event {
    Event::Removal(Removal::Failed { message: "no answer".to_owned(), again })
}

fn exit(code: i32, files: RunnerFiles) -> Event {
    Event::ListenerExited { exit: Exit::Code(code), files }
}

fn ask(seconds: u64, when_busy: WhenBusy) -> Effect {
    Effect::Remove { within: Duration::from_secs(seconds), when_busy }
}

/// Plays events at their seconds and gives the state and the effects of the last one, without what is only said.
fn play(jobs: Jobs, history: &[(u64, Event)]) -> (State, Vec<Effect>) {
    let start = step(State::new(LIMITS, jobs), Moment::default(), Event::Started);
    history.iter().fold(start, |(state, _), (second, event)| {
        let (state, mut effects) = step(state, Moment(Duration::from_secs(*second)), event.clone());
        effects.retain(|effect| !matches!(effect, Effect::Say(_)));
        (state, effects)
    })
}

/// A history, what its last event makes the supervisor do, and the cause that stands by then.
type Row<'a> = (&'a str, &'a [(u64, Event)], Vec<Effect>, Option<Cause>);

fn check(jobs: Jobs, rows: &[Row<'_>]) {
    for (situation, history, effects, cause) in rows {
        let (state, done) = play(jobs, history);
        assert_eq!(&done, effects, "{situation}");
        assert_eq!(state.verdict.map(|verdict| verdict.cause), *cause, "{situation}");
    }
}

#[test]
fn start_up() {
    let refused = Event::NotRegistered(Verdict::new(Cause::RegistrationRefused, "no"));
    let unclear = Event::RegistrationUnclear(Verdict::new(Cause::RegistrationUnavailable, "lost"));
    let enter = Effect::Enter;
    check(
        Jobs::One,
        &[
            ("registered", &[(1, REGISTERED)], vec![enter(Phase::Registered), Effect::StartListener], None),
            ("refused", &[(1, refused.clone())], vec![Effect::Leave], Some(Cause::RegistrationRefused)),
            ("unclear", &[(1, unclear)], vec![ask(30, WhenBusy::Insist)], Some(Cause::RegistrationUnavailable)),
            (
                "registrar died",
                &[(1, Event::RegistrarDied)],
                vec![ask(30, WhenBusy::Insist)],
                Some(Cause::RegistrationUnavailable),
            ),
            (
                "stopped while registering",
                &[(1, STOP)],
                vec![Effect::HurryRegistrar { within: Duration::from_secs(118) }, enter(Phase::Draining)],
                None,
            ),
            (
                "registered after a stop",
                &[(1, STOP), (3, REGISTERED)],
                vec![ask(116, WhenBusy::Insist)],
                Some(Cause::Stopped),
            ),
            ("refused after a stop", &[(1, STOP), (3, refused)], vec![Effect::Leave], Some(Cause::Stopped)),
            ("connected", &[(1, REGISTERED), (2, LISTENING)], vec![enter(Phase::Online)], None),
            ("never connected", &[(1, REGISTERED), (101, TICK)], vec![ask(30, WhenBusy::Tell)], None),
            ("job before the first greeting", &[(1, REGISTERED), (2, JOB)], vec![enter(Phase::Busy)], None),
            (
                "not started",
                &[(1, REGISTERED), (1, Event::ListenerNotStarted("no such file".to_owned()))],
                vec![ask(30, WhenBusy::Insist)],
                Some(Cause::ListenerFailed),
            ),
        ],
    );
}

#[test]
fn idle() {
    let online = [(1, REGISTERED), (2, LISTENING)];
    let then = |more: &[(u64, Event)]| [&online[..], more].concat();
    let asked = |more: &[(u64, Event)]| [&then(&[(602, TICK)])[..], more].concat();
    let mute_once = asked(&[(603, mute(AskAgain::Later))]);
    let mute_thrice =
        [&mute_once[..], &[(633, TICK), (634, mute(AskAgain::Later)), (664, TICK), (665, mute(AskAgain::Later))]]
            .concat();
    check(
        Jobs::One,
        &[
            ("too early", &then(&[(601, TICK)]), vec![], None),
            ("no job came", &then(&[(602, TICK)]), vec![ask(30, WhenBusy::Tell)], None),
            ("it was idle", &asked(&[(603, GONE)]), vec![Effect::InterruptListener], Some(Cause::Idle)),
            ("a job was just assigned", &asked(&[(603, BUSY)]), vec![], None),
            ("the assigned job starts", &asked(&[(603, BUSY), (604, JOB)]), vec![Effect::Enter(Phase::Busy)], None),
            ("the assigned job never comes", &asked(&[(603, BUSY), (663, TICK)]), vec![ask(30, WhenBusy::Tell)], None),
            (
                "a job starts while GitHub is asked",
                &asked(&[(603, JOB), (604, BUSY)]),
                vec![Effect::Enter(Phase::Busy)],
                None,
            ),
            (
                "a job starts and GitHub says idle",
                &asked(&[(603, JOB), (604, GONE)]),
                vec![Effect::Enter(Phase::Busy)],
                None,
            ),
            ("GitHub is mute", &mute_once, vec![], None),
            ("and asked again", &[&mute_once[..], &[(633, TICK)]].concat(), vec![ask(30, WhenBusy::Tell)], None),
            ("GitHub stays mute", &mute_thrice, vec![Effect::InterruptListener], Some(Cause::Idle)),
            (
                "GitHub refuses",
                &asked(&[(603, mute(AskAgain::Never))]),
                vec![Effect::InterruptListener],
                Some(Cause::Idle),
            ),
            (
                "and the Listener leaves",
                &asked(&[(603, GONE), (604, exit(0, RunnerFiles::Present))]),
                vec![Effect::Leave],
                Some(Cause::Idle),
            ),
            (
                "the Listener does not leave",
                &asked(&[(603, GONE), (613, TICK)]),
                vec![Effect::KillListener],
                Some(Cause::Hung),
            ),
            (
                "it leaves while GitHub is asked",
                &asked(&[(603, exit(0, RunnerFiles::Gone)), (604, GONE)]),
                vec![Effect::Leave],
                Some(Cause::Idle),
            ),
        ],
    );
}

#[test]
fn busy() {
    let job = [(1, REGISTERED), (2, LISTENING), (3, JOB)];
    let then = |more: &[(u64, Event)]| [&job[..], more].concat();
    let last = vec![ask(30, WhenBusy::Insist)];
    check(
        Jobs::One,
        &[
            ("max-idle does not count", &then(&[(700, TICK)]), vec![Effect::LookForWorker], None),
            ("job done", &then(&[(9, DONE)]), vec![], Some(Cause::JobDone)),
            (
                "the Listener leaves",
                &then(&[(9, DONE), (10, exit(100, RunnerFiles::Gone))]),
                last.clone(),
                Some(Cause::JobDone),
            ),
            (
                "it leaves without a word",
                &then(&[(10, exit(0, RunnerFiles::Gone))]),
                last.clone(),
                Some(Cause::JobDone),
            ),
            ("it hangs after the job", &then(&[(9, DONE), (69, TICK)]), vec![Effect::KillListener], Some(Cause::Hung)),
            (
                "it seemed to be done, and runs again",
                &then(&[(9, DONE), (10, JOB)]),
                vec![Effect::Enter(Phase::Busy)],
                None,
            ),
            ("it fails", &then(&[(10, exit(2, RunnerFiles::Present))]), last.clone(), Some(Cause::ListenerFailed)),
            (
                "it is stopped by another",
                &then(&[(10, exit(0, RunnerFiles::Present))]),
                last,
                Some(Cause::RegistrationLost),
            ),
            ("lifetime", &then(&[(10_000, TICK)]), vec![Effect::InterruptListener], Some(Cause::Lifetime)),
        ],
    );
}

#[test]
fn job_in_doubt() {
    const STARTED: Event = Event::Testimony(Testimony::JobStarted);
    const ENDED: Event = Event::Testimony(Testimony::JobEnded);
    const MISSING: Event = Event::Worker(Worker::Missing);
    const PRESENT: Event = Event::Worker(Worker::Present);
    let busy = [(1, REGISTERED), (2, LISTENING), (3, JOB)];
    let then = |more: &[(u64, Event)]| [&busy[..], more].concat();
    let missing = then(&[(303, TICK), (303, MISSING), (603, TICK)]);
    let asked = |more: &[(u64, Event)]| [&missing[..], &[(603, MISSING)], more].concat();
    let enter = |phase| vec![Effect::Enter(phase)];
    let question = vec![ask(30, WhenBusy::Tell)];
    check(
        Jobs::One,
        &[
            ("the Worker is looked for", &then(&[(303, TICK)]), vec![Effect::LookForWorker], None),
            ("missing once is no doubt yet", &then(&[(303, TICK), (303, MISSING)]), vec![], None),
            ("missing twice", &asked(&[]), question.clone(), None),
            ("it is back", &[&missing[..], &[(603, PRESENT), (903, TICK), (903, MISSING)]].concat(), vec![], None),
            ("GitHub says over", &asked(&[(604, GONE)]), vec![Effect::InterruptListener], Some(Cause::Hung)),
            ("GitHub says running", &asked(&[(604, BUSY)]), enter(Phase::Busy), None),
            ("GitHub is mute", &asked(&[(604, mute(AskAgain::Never))]), enter(Phase::Busy), None),
            ("and asked again", &asked(&[(604, BUSY), (904, TICK), (904, MISSING)]), question.clone(), None),
            ("it ends meanwhile", &asked(&[(604, DONE), (605, GONE)]), vec![], Some(Cause::JobDone)),
            ("another job starts meanwhile", &asked(&[(604, JOB), (605, GONE)]), enter(Phase::Busy), None),
            ("the hook says ended, too early", &then(&[(5, ENDED), (304, TICK)]), vec![], None),
            ("the hook said ended", &then(&[(5, ENDED), (305, TICK)]), question.clone(), None),
            ("and repeats it", &then(&[(5, ENDED), (200, ENDED), (305, TICK)]), question, None),
            ("and a job starts again", &then(&[(5, ENDED), (200, STARTED), (305, TICK)]), vec![], None),
            ("a forged end while idle", &[(1, REGISTERED), (2, LISTENING), (3, ENDED), (303, TICK)], vec![], None),
            (
                "a job that only the hook told of",
                &[(1, REGISTERED), (2, LISTENING), (3, STARTED), (9, exit(0, RunnerFiles::Gone))],
                vec![ask(30, WhenBusy::Insist)],
                Some(Cause::JobDone),
            ),
        ],
    );
    let without_arbiter = [(1, BY_TOKEN), (2, LISTENING), (3, JOB), (5, ENDED), (305, TICK)];
    assert_eq!(play(Jobs::One, &without_arbiter).1, []);
}

#[test]
fn stop_from_outside() {
    let online = [(1, REGISTERED), (2, LISTENING)];
    let idle = |more: &[(u64, Event)]| [&online[..], more].concat();
    let job = |more: &[(u64, Event)]| [&online[..], &[(3, JOB)], more].concat();
    let draining = Effect::Enter(Phase::Draining);
    let left = |seconds| vec![ask(seconds, WhenBusy::Insist)];
    check(
        Jobs::One,
        &[
            ("idle", &idle(&[(10, STOP)]), vec![ask(30, WhenBusy::Tell), draining.clone()], None),
            ("it was idle", &idle(&[(10, STOP), (11, GONE)]), vec![Effect::InterruptListener], Some(Cause::Stopped)),
            ("a job was just assigned", &idle(&[(10, STOP), (11, BUSY)]), vec![], None),
            (
                "GitHub is mute",
                &idle(&[(10, STOP), (11, mute(AskAgain::Later))]),
                vec![Effect::InterruptListener],
                Some(Cause::Stopped),
            ),
            ("a job runs", &job(&[(10, STOP)]), vec![draining.clone()], None),
            ("it finishes", &job(&[(10, STOP), (20, DONE)]), vec![], Some(Cause::Drained)),
            (
                "and is gone",
                &job(&[(10, STOP), (20, DONE), (21, exit(100, RunnerFiles::Gone))]),
                left(107),
                Some(Cause::Drained),
            ),
            (
                "the last safe moment",
                &job(&[(10, STOP), (95, TICK)]),
                vec![Effect::InterruptListener],
                Some(Cause::Interrupted),
            ),
            (
                "the job resists",
                &job(&[(10, STOP), (95, TICK), (122, TICK)]),
                vec![Effect::KillListener],
                Some(Cause::Interrupted),
            ),
            (
                "a second signal",
                &job(&[(10, STOP), (11, STOP)]),
                vec![Effect::InterruptListener],
                Some(Cause::Interrupted),
            ),
            ("SIGQUIT", &job(&[(10, QUIT)]), vec![Effect::KillListener, draining], Some(Cause::Interrupted)),
            ("killed", &job(&[(10, QUIT), (11, exit(1, RunnerFiles::Present))]), left(117), Some(Cause::Interrupted)),
            ("the kill has no effect", &job(&[(10, QUIT), (15, TICK)]), left(113), Some(Cause::Interrupted)),
        ],
    );
}

#[test]
fn registration_token_without_an_arbiter() {
    let online = [(1, BY_TOKEN), (2, LISTENING)];
    let then = |more: &[(u64, Event)]| [&online[..], more].concat();
    check(
        Jobs::One,
        &[
            ("idle", &then(&[(602, TICK)]), vec![Effect::InterruptListener], Some(Cause::Idle)),
            (
                "stop",
                &then(&[(9, STOP)]),
                vec![Effect::InterruptListener, Effect::Enter(Phase::Draining)],
                Some(Cause::Stopped),
            ),
            (
                "the Listener has left",
                &then(&[(602, TICK), (603, exit(0, RunnerFiles::Present))]),
                vec![Effect::Sweep, ask(30, WhenBusy::Insist)],
                Some(Cause::Idle),
            ),
        ],
    );
}

#[test]
fn several_jobs() {
    let one_done = [(1, REGISTERED), (2, LISTENING), (3, JOB), (9, DONE)];
    let then = |more: &[(u64, Event)]| [&one_done[..], more].concat();
    check(
        Jobs::Several,
        &[
            ("waits for the next", &one_done, vec![Effect::Enter(Phase::Online)], None),
            ("idle time begins anew", &then(&[(608, TICK)]), vec![], None),
            ("none comes", &then(&[(609, TICK), (610, GONE)]), vec![Effect::InterruptListener], Some(Cause::JobDone)),
            ("stopped in a job", &then(&[(10, JOB), (11, STOP), (20, DONE)]), vec![ask(30, WhenBusy::Tell)], None),
            (
                "and gone",
                &then(&[(10, JOB), (11, STOP), (20, DONE), (21, GONE)]),
                vec![Effect::InterruptListener],
                Some(Cause::Drained),
            ),
            (
                "left unasked",
                &then(&[(10, exit(0, RunnerFiles::Gone))]),
                vec![ask(30, WhenBusy::Insist)],
                Some(Cause::RegistrationLost),
            ),
        ],
    );
}

#[test]
fn relaunch_after_a_passing_failure_is_limited() {
    let mut history = vec![(0, REGISTERED)];
    let mut second = 0;
    for pause in [5, 10, 15, 20, 25] {
        history.push((second, exit(2, RunnerFiles::Present)));
        assert_eq!(play(Jobs::One, &history).1, [Effect::Enter(Phase::Registered)]);
        second += pause;
        history.push((second, TICK));
        assert_eq!(play(Jobs::One, &history).1, [Effect::StartListener], "after {pause} s");
    }
    history.push((second, exit(2, RunnerFiles::Present)));
    let (state, effects) = play(Jobs::One, &history);
    assert_eq!(effects, [ask(30, WhenBusy::Insist)]);
    assert_eq!(state.verdict.map(|verdict| verdict.cause), Some(Cause::ListenerFailed));
}

#[test]
fn self_update_is_waited_for() {
    let updating = [(1, REGISTERED), (2, exit(4, RunnerFiles::Present)), (3, TICK)];
    let then = |event| [&updating[..], &[(3, event)]].concat();
    assert_eq!(play(Jobs::One, &updating).1, [Effect::LookForUpdate]);
    assert_eq!(play(Jobs::One, &then(Event::Update(Update::Running))).1, []);
    assert_eq!(play(Jobs::One, &then(Event::Update(Update::Finished))).1, [Effect::StartListener]);
    let late = [&updating[..], &[(62, TICK)]].concat();
    assert_eq!(play(Jobs::One, &late).1, [Effect::StartListener]);
}

#[test]
fn last_delete_decides_whether_a_ghost_is_left() {
    let last =
        [(1, REGISTERED), (2, LISTENING), (10, STOP), (11, mute(AskAgain::Never)), (12, exit(0, RunnerFiles::Present))];
    let answered = |event| play(Jobs::One, &[&last[..], &[(13, event)]].concat()).0;
    let gone = answered(GONE);
    assert_eq!(gone.registration, Registration::Gone { id: Some(RunnerId(42)) });
    assert_eq!(gone.verdict.map(|verdict| verdict.cause), Some(Cause::Stopped));
    let ghost = answered(mute(AskAgain::Never));
    assert_eq!(ghost.registration, Registration::Left { id: Some(RunnerId(42)) });
    assert_eq!(ghost.verdict.map(|verdict| verdict.cause), Some(Cause::GhostLeft));
    assert_eq!(ghost.stage, Stage::Ended);
}

#[test]
fn nothing_happens_after_the_end() {
    let (ended, _) = play(Jobs::One, &[(1, Event::NotRegistered(Verdict::new(Cause::RegistrationRefused, "no")))]);
    for event in [STOP, QUIT, TICK, REGISTERED, JOB, GONE] {
        let (state, effects) = step(ended.clone(), Moment(Duration::from_secs(9)), event);
        assert_eq!((state, effects), (ended.clone(), Vec::new()));
    }
}
