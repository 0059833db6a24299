//! Orphans are adopted and reaped.

use nix::sys::signal::Signal;

use crate::case::Outcome;
use crate::life::Life;
use crate::process;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Subreaper};
use crate::stage::Stage;

crate::cases! {
    orphans_are_reaped_while_the_child_runs in &[First, Subreaper];
    thousand_orphans_are_reaped in &[First, Subreaper];
    end_of_an_orphan_is_not_taken_for_that_of_the_child in &[First, Subreaper];
    reaping_is_silent in &[First, Subreaper];
    child_that_ends_among_orphans_is_not_missed in &[First, Subreaper];
}

fn are_reaped(life: &Life) -> Outcome {
    life.hear("ready")?;
    let program = life.pid()?;
    life.sees("an end without zombies", |_| !process::children_of(program).iter().any(process::Process::is_zombie))
}

fn leave_orphans(stage: &Stage, count: &str) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::DumbInit, Kind::Catatonit])?;
    let mut life = stage.run(Duty::Run, &["actor", "orphans", count])?;
    are_reaped(&life)?;
    life.signal(Signal::SIGTERM)?;
    life.ends_with(0)
}

fn orphans_are_reaped_while_the_child_runs(stage: &Stage) -> Outcome {
    leave_orphans(stage, "100")
}

fn thousand_orphans_are_reaped(stage: &Stage) -> Outcome {
    leave_orphans(stage, "1000")
}

fn end_of_an_orphan_is_not_taken_for_that_of_the_child(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::DumbInit, Kind::Catatonit])?;
    let mut life = stage.run(Duty::Run, &["sh", "-c", "(sh -c 'exit 99' &); sleep 0.2; exit 5"])?;
    life.ends_with(5)
}

fn reaping_is_silent(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::DumbInit, Kind::Catatonit])?;
    let life = stage.run(Duty::Run, &["actor", "orphans", "3"])?;
    are_reaped(&life)?;
    if life.stderr().is_empty() { Ok(()) } else { Err(life.broken("it said something")) }
}

fn child_that_ends_among_orphans_is_not_missed(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::DumbInit, Kind::Catatonit])?;
    for _ in 0..5 {
        let script = "for i in 1 2 3 4 5 6 7 8; do (sh -c : &); done; exit 6";
        stage.run(Duty::Run, &["sh", "-c", script])?.ends_with(6)?;
    }
    Ok(())
}
