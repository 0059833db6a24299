//! Signals from outside reach whom they are meant for.

use nix::sys::signal::Signal;

use crate::case::Outcome;
use crate::life::Life;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Plain, Subreaper};
use crate::stage::Stage;

crate::cases! {
    signals_that_end_a_program_reach_the_child_in_their_order in &[First, Subreaper, Plain];
    signals_of_users_reach_the_child in &[First, Subreaper, Plain];
    signals_that_tell_a_program_something_reach_the_child in &[First, Subreaper, Plain];
    signals_of_faults_that_are_sent_reach_the_child in &[First, Plain];
    signals_of_real_time_reach_the_child in &[First, Plain];
    child_that_ends_by_a_forwarded_signal_gives_128_and_its_number in &[First, Subreaper, Plain];
    child_that_handles_a_forwarded_signal_gives_its_own_code in &[First, Plain];
    child_that_is_deaf_to_a_signal_goes_on in &[First, Plain];
    stopped_child_is_continued_after_a_signal in &[First, Plain];
    whole_group_gets_the_signal_where_asked_for in &[First, Subreaper, Plain];
    only_the_child_gets_the_signal_where_asked_for in &[First, Plain];
    rewritten_signal_arrives_as_another in &[First, Plain];
    signal_rewritten_to_0_is_dropped in &[First, Plain];
    stop_from_the_terminal_stops_both_and_cont_resumes in &[Plain];
    death_of_the_program_reaches_the_child in &[Plain];
    death_of_the_parent_reaches_the_child_where_asked_for in &[Plain];
    signal_in_the_first_moments_ends_the_child in &[Plain];
}

fn each_arrives(life: &Life, numbers: impl IntoIterator<Item = i32>) -> Outcome {
    life.hear("ready")?;
    for number in numbers {
        life.signal_by_number(number)?;
        life.hear(&format!("got {number}\n"))?;
    }
    Ok(())
}

fn signals_that_end_a_program_reach_the_child_in_their_order(stage: &Stage) -> Outcome {
    let life = stage.run(Duty::Run, &["actor", "signals"])?;
    each_arrives(&life, [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM])
}

fn signals_of_users_reach_the_child(stage: &Stage) -> Outcome {
    let life = stage.run(Duty::Run, &["actor", "signals"])?;
    each_arrives(&life, [libc::SIGUSR1, libc::SIGUSR2])
}

fn signals_that_tell_a_program_something_reach_the_child(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::DumbInit, Kind::Catatonit])?;
    let life = stage.run(Duty::Run, &["actor", "signals"])?;
    let told = [libc::SIGALRM, libc::SIGCONT, libc::SIGWINCH, libc::SIGURG, libc::SIGPIPE, libc::SIGIO, libc::SIGPWR];
    let counted = [libc::SIGXCPU, libc::SIGXFSZ, libc::SIGVTALRM, libc::SIGPROF, libc::SIGSTKFLT];
    each_arrives(&life, told.into_iter().chain(counted))
}

fn signals_of_faults_that_are_sent_reach_the_child(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::DumbInit, Kind::Timeout])?;
    let life = stage.run(Duty::Run, &["actor", "signals"])?;
    let faults = [libc::SIGILL, libc::SIGTRAP, libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGSEGV, libc::SIGSYS];
    each_arrives(&life, faults)
}

fn signals_of_real_time_reach_the_child(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::Catatonit, Kind::Timeout])?;
    let life = stage.run(Duty::Run, &["actor", "signals"])?;
    each_arrives(&life, [libc::SIGRTMIN(), libc::SIGRTMIN() + 7, libc::SIGRTMAX()])
}

fn child_that_ends_by_a_forwarded_signal_gives_128_and_its_number(stage: &Stage) -> Outcome {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
        let mut life = stage.run(Duty::Run, &["actor", "deaf"])?;
        life.hear("ready")?;
        life.signal(signal)?;
        life.ends_with(128 + signal as i32)?;
    }
    Ok(())
}

fn child_that_handles_a_forwarded_signal_gives_its_own_code(stage: &Stage) -> Outcome {
    for (name, signal) in [("TERM", Signal::SIGTERM), ("INT", Signal::SIGINT), ("HUP", Signal::SIGHUP)] {
        let mut life = stage.run(Duty::Run, &["actor", "obey", name, "7"])?;
        life.hear("ready")?;
        life.signal(signal)?;
        life.ends_with(7)?;
    }
    Ok(())
}

fn child_that_is_deaf_to_a_signal_goes_on(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Run, &["actor", "deaf", "TERM"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGTERM)?;
    life.signal(Signal::SIGTERM)?;
    // It can only be HUP that ends it: TERM came before.
    life.signal(Signal::SIGHUP)?;
    life.ends_with(128 + libc::SIGHUP)
}

fn stopped_child_is_continued_after_a_signal(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Timeout])?;
    let mut life = stage.run(Duty::Run, &["actor", "stop"])?;
    life.sees("the child's stop", |life| life.processes("actor").iter().any(|process| process.is_stopped()))?;
    life.signal(Signal::SIGTERM)?;
    life.ends_with(128 + libc::SIGTERM)
}

const PIPELINE: [&str; 3] = ["sh", "-c", "sleep 1000 | sleep 1000 | sleep 1000 & sleep 1000; :"];

fn pipeline_of_four(stage: &Stage, duty: Duty) -> Result<Life, crate::case::Flaw> {
    let life = stage.run(duty, &PIPELINE)?;
    life.sees("the pipeline", |life| life.processes("sleep").len() == 4)?;
    Ok(life)
}

fn whole_group_gets_the_signal_where_asked_for(stage: &Stage) -> Outcome {
    let mut life = pipeline_of_four(stage, Duty::ReachGroup)?;
    life.signal(Signal::SIGTERM)?;
    life.ends_with(128 + libc::SIGTERM)?;
    life.none_left("sleep")
}

fn only_the_child_gets_the_signal_where_asked_for(stage: &Stage) -> Outcome {
    // Not HUP: where there is a terminal, the kernel sends it to the group of a leader that ends.
    let mut life = stage.run(Duty::ReachChild, &["actor", "daemon", "file", "--", "actor", "obey", "USR1", "3"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGUSR1)?;
    life.ends_with(3)?;
    if life.read("file").contains("SIGUSR1") { Err(life.broken("a grandchild got it too")) } else { Ok(()) }
}

fn rewritten_signal_arrives_as_another(stage: &Stage) -> Outcome {
    stage.only(&[Kind::DumbInit])?;
    let rewrites = ["-r", "15:2", "-r", "10:12", "--rewrite", "12:10", "-r", "1:31", "--"];
    let life = stage.run(Duty::Words(&rewrites), &["actor", "signals"])?;
    life.hear("ready")?;
    for (sent, received) in [(15, 2), (10, 12), (12, 10), (1, 31), (3, 3)] {
        life.signal_by_number(sent)?;
        life.hear(&format!("got {received}\n"))?;
    }
    Ok(())
}

fn signal_rewritten_to_0_is_dropped(stage: &Stage) -> Outcome {
    stage.only(&[Kind::DumbInit])?;
    let life = stage.run(Duty::Words(&["-r", "15:0", "--"]), &["actor", "signals"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGTERM)?;
    life.signal(Signal::SIGUSR1)?;
    life.hear("got 10\n")?;
    if life.stdout().contains("got 15\n") { Err(life.broken("it arrived")) } else { Ok(()) }
}

fn stop_from_the_terminal_stops_both_and_cont_resumes(stage: &Stage) -> Outcome {
    stage.only(&[Kind::DumbInit])?;
    let life = stage.run(Duty::Run, &["actor", "deaf"])?;
    life.hear("ready")?;
    let is_stopped = |life: &Life| {
        let child = life.processes("actor");
        let program = life.pid().ok().and_then(crate::process::Process::of);
        child.iter().all(crate::process::Process::is_stopped) && program.is_some_and(|program| program.is_stopped())
    };
    for signal in [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU] {
        life.signal(signal)?;
        life.sees("the stop of both", is_stopped)?;
        life.signal(Signal::SIGCONT)?;
        life.sees("going on", |life| life.processes("actor").iter().all(|child| !child.is_stopped()))?;
    }
    Ok(())
}

fn death_of_the_program_reaches_the_child(stage: &Stage) -> Outcome {
    let duty = match stage.kind() {
        Kind::Timeout | Kind::Supervise => Duty::Limit("1000", &["-s", "USR1"]),
        Kind::Tini | Kind::DumbInit | Kind::Catatonit => return Err(crate::case::Flaw::NotPromised),
    };
    let life = stage.run(duty, &["actor", "signals"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGKILL)?;
    life.hear("got 10\n")
}

fn death_of_the_parent_reaches_the_child_where_asked_for(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini])?;
    let call = stage.call(Duty::Words(&["-p", "SIGUSR1", "--"]))?.entering(&["--dying-parent"]);
    call.start(&["actor", "signals"])?.hear("got 10\n")
}

fn signal_in_the_first_moments_ends_the_child(stage: &Stage) -> Outcome {
    for _ in 0..10 {
        let mut life = stage.run(Duty::Run, &["sleep", "1000"])?;
        life.signal(Signal::SIGTERM)?;
        life.end()?;
        life.none_left("sleep")?;
    }
    Ok(())
}
