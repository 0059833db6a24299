//! Many lives, many orphans, a busy machine: nothing is left and nothing grows.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use conformance::case::Outcome;
use conformance::process;
use conformance::program::{self, Duty, Kind, Program};
use conformance::setting::Setting;
use conformance::stage::{Stage, binaries};
use nix::sys::signal::Signal;

const LIVES: usize = 200;
const STARTERS: usize = 4;

/// Orphans in rounds; after each it waits for leave to go on.
const ROUNDS: &str = "n=0; while :; do n=$((n+1)); i=0; \
    while [ $i -lt 200 ]; do (sh -c : &); i=$((i+1)); done; \
    echo \"round $n is over\"; until [ -e $NOTES/go-$n ]; do sleep 0.02; done; done";

fn supervise() -> Program {
    let ours = program::ours(&binaries().path("runner-entrypoint"));
    ours.into_iter().find(|program| program.kind == Kind::Supervise).expect("supervise is ours")
}

fn settings() -> Vec<Setting> {
    [Setting::First, Setting::Plain].into_iter().filter(|setting| setting.is_allowed()).collect()
}

/// Keeps the machine busy while something is tried.
fn under_load<T>(attempt: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..STARTERS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    spin_loop();
                }
            });
        }
        let outcome = attempt();
        over.store(true, Ordering::Relaxed);
        outcome
    })
}

/// A start and a stop, with orphans and a daemon.
fn one_life(stage: &Stage) -> Outcome {
    let daemon = ["actor", "daemon", "--own-session", "file", "--"];
    let mut life = stage.run(Duty::Run, &[&daemon[..], &["actor", "orphans", "3"]].concat())?;
    life.hear("ready")?;
    life.signal(Signal::SIGTERM)?;
    life.ends_with(0)?;
    life.none_left("actor")
}

#[test]
fn two_hundred_lives_on_a_busy_machine_leave_nothing() {
    let program = supervise();
    for setting in settings() {
        let stage = Stage { program: &program, setting };
        let lives = || (0..LIVES / STARTERS).try_for_each(|_| one_life(&stage));
        let outcomes: Vec<Outcome> = under_load(|| {
            thread::scope(|scope| {
                let starters: Vec<_> = (0..STARTERS).map(|_| scope.spawn(lives)).collect();
                starters.into_iter().map(|starter| starter.join().expect("a starter does not panic")).collect()
            })
        });
        assert!(outcomes.iter().all(Result::is_ok), "{}: {outcomes:?}", setting.text());
    }
}

#[test]
fn program_does_not_grow_with_the_orphans_that_it_reaps() {
    let program = supervise();
    for setting in settings() {
        let call = Stage { program: &program, setting }.call(Duty::Run).expect("it can be called");
        let notes: Vec<_> = (1..=5).map(|round| call.note(&format!("go-{round}"))).collect();
        let life = call.start(&["sh", "-c", ROUNDS]).expect("it starts");
        let mut sizes = Vec::new();
        for (round, note) in notes.iter().enumerate() {
            life.hear(&format!("round {} is over", round + 1)).expect("the round ends");
            let pid = life.pid().expect("it lives");
            let is_clean = |_: &_| !process::children_of(pid).iter().any(process::Process::is_zombie);
            life.sees("an end without zombies", is_clean).expect("all orphans are reaped");
            sizes.push((process::descriptors_of(pid), process::anonymous_memory_of(pid)));
            std::fs::write(note, "").expect("there is room for a file");
        }
        // What the first rounds have touched is there to stay: from then on nothing comes.
        assert_eq!(sizes[1], sizes[4], "{}: {sizes:?}", setting.text());
    }
}
