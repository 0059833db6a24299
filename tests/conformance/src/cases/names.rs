//! What images and scripts that were written for tini, dumb-init or timeout look at.

use std::fs;

use nix::sys::signal::Signal;

use crate::case::Outcome;
use crate::ensure;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Plain, Subreaper};
use crate::stage::Stage;

crate::cases! {
    without_a_command_it_says_how_it_is_used in &[Plain];
    help_and_version_are_told in &[Plain];
    tini_that_cannot_reap_says_so in &[Plain];
    tini_that_adopts_by_its_environment_does_not_complain in &[Plain];
    tini_maps_codes_to_0 in &[First, Subreaper];
    tini_warns_of_each_reaped_orphan_where_asked_for in &[First, Subreaper];
    tini_signals_the_group_by_its_environment in &[First, Subreaper];
    tini_tells_the_signals_that_it_received_where_asked_for in &[First, Subreaper];
    dumb_init_tells_what_it_does_where_asked_for in &[First, Plain];
    dumb_init_leaves_the_session_by_its_environment in &[First, Plain];
    dumb_init_refuses_rewrites_that_are_none in &[Plain];
    dumb_init_works_in_the_root_folder in &[First, Plain];
}

fn without_a_command_it_says_how_it_is_used(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Words(&[]), &[])?;
    let code = life.end()?;
    let expected = if stage.kind().has_clock() { 125 } else { 1 };
    ensure!(code == expected || stage.kind() == Kind::Catatonit, "code {code} and not {expected}");
    let said = life.stdout() + &life.stderr();
    match stage.kind() {
        Kind::Tini => life.hear("supervision of a valid init process"),
        Kind::DumbInit => life.hear("Usage: "),
        _ if said.is_empty() => Err(life.broken("it said nothing")),
        _ => Ok(()),
    }
}

fn help_and_version_are_told(stage: &Stage) -> Outcome {
    for (option, text) in [("--help", "sage"), ("--version", "")] {
        if (stage.kind(), option) == (Kind::Supervise, "--version") {
            continue; // A command of a program that tells its version itself.
        }
        let option = if (stage.kind(), option) == (Kind::Tini, "--help") { "-h" } else { option };
        let mut life = stage.run(Duty::Words(&[option]), &[])?;
        life.ends_with(0)?;
        life.hear(text)?;
        ensure!(!(life.stdout() + &life.stderr()).is_empty(), "{option} says nothing");
    }
    Ok(())
}

fn tini_that_cannot_reap_says_so(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini])?;
    let mut life = stage.run(Duty::Run, &["actor", "exit", "1"])?;
    life.ends_with(1)?;
    life.hear("zombie reaping won't work")
}

fn tini_that_adopts_by_its_environment_does_not_complain(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini])?;
    let mut life = stage.call(Duty::Run)?.env("TINI_SUBREAPER", "").start(&["actor", "exit", "1"])?;
    life.ends_with(1)?;
    ensure!(life.stderr().is_empty(), "it said {}", life.stderr());
    Ok(())
}

fn tini_maps_codes_to_0(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini])?;
    let mapping = ["-e", "3", "-e", "143", "-e", "255", "--"];
    for (ends, code) in [("exit 3", 0), ("exit 255", 0), ("die TERM", 0), ("exit 4", 4), ("exit 0", 0)] {
        let words: Vec<&str> = std::iter::once("actor").chain(ends.split(' ')).collect();
        stage.run(Duty::Words(&mapping), &words)?.ends_with(code)?;
    }
    let mut life = stage.run(Duty::Words(&["-e", "256", "--"]), &["true"])?;
    life.ends_with(1)
}

fn tini_warns_of_each_reaped_orphan_where_asked_for(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini])?;
    let life = stage.run(Duty::Words(&["-w", "--"]), &["actor", "orphans", "1"])?;
    life.hear("Reaped zombie process with pid=")
}

fn tini_signals_the_group_by_its_environment(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini])?;
    let call = stage.call(Duty::Run)?.env("TINI_KILL_PROCESS_GROUP", "1");
    let life = call.start(&["actor", "daemon", "file", "--", "actor", "deaf", "USR1"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGUSR1)?;
    life.sees("the signal for a grandchild", |life| life.read("file").contains("SIGUSR1"))
}

fn tini_tells_the_signals_that_it_received_where_asked_for(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini])?;
    let mut life = stage.call(Duty::Run)?.env("TINI_VERBOSITY", "3").start(&["true"])?;
    life.ends_with(0)?;
    life.hear("Received SIGCHLD")
}

fn dumb_init_tells_what_it_does_where_asked_for(stage: &Stage) -> Outcome {
    stage.only(&[Kind::DumbInit])?;
    let mut by_option = stage.run(Duty::Words(&["-v", "--"]), &["actor", "exit", "3"])?;
    by_option.ends_with(3)?;
    by_option.hear("[dumb-init] Child spawned with PID ")?;
    by_option.hear("exited with exit status 3")?;
    let mut by_variable = stage.call(Duty::Run)?.env("DUMB_INIT_DEBUG", "1").start(&["actor", "exit", "3"])?;
    by_variable.ends_with(3)?;
    by_variable.hear("[dumb-init] Child spawned with PID ")
}

fn dumb_init_leaves_the_session_by_its_environment(stage: &Stage) -> Outcome {
    stage.only(&[Kind::DumbInit])?;
    let mut life = stage.call(Duty::Run)?.env("DUMB_INIT_SETSID", "0").start(&["actor", "self"])?;
    life.ends_with(0)?;
    life.hear("session=other")
}

fn dumb_init_refuses_rewrites_that_are_none(stage: &Stage) -> Outcome {
    stage.only(&[Kind::DumbInit])?;
    for rewrite in ["foo", "derp", "15", "15:", ":15", "15::", "15:derp", "15:32", "-1:15", "0:15"] {
        let mut life = stage.run(Duty::Words(&["-r", rewrite, "--"]), &["true"])?;
        let code = life.end()?;
        ensure!(code == 1, "-r {rewrite} gave {code} and not 1");
    }
    Ok(())
}

fn dumb_init_works_in_the_root_folder(stage: &Stage) -> Outcome {
    stage.only(&[Kind::DumbInit])?;
    let life = stage.run(Duty::Run, &["actor", "deaf"])?;
    life.hear("ready")?;
    let folder = format!("/proc/{}/cwd", life.pid()?);
    life.sees("its move to /", |_| fs::read_link(&folder).is_ok_and(|folder| folder.as_os_str() == "/"))
}
