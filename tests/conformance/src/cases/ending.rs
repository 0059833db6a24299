//! What becomes of the rest when the child has ended or the program was told to end.

use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::case::{Flaw, Outcome};
use crate::program::{Duty, Kind, Origin};
use crate::setting::Setting::{First, Plain, Subreaper};
use crate::stage::Stage;

crate::cases! {
    rest_of_the_group_gets_term_when_the_child_has_ended in &[First, Subreaper, Plain];
    daemon_in_a_session_of_its_own_gets_term_when_the_child_has_ended in &[First, Subreaper];
    daemon_that_is_deaf_to_term_is_gone_after_the_end in &[First, Subreaper];
    deaf_child_and_its_daemon_are_gone_after_the_limit in &[First, Subreaper];
    orphan_that_was_adopted_gets_term_when_the_child_has_ended in &[First, Subreaper];
    daemon_of_a_signalled_child_does_not_outlive_it in &[First, Subreaper];
    code_of_the_child_is_told_when_the_rest_had_to_be_killed in &[First, Subreaper];
    bystander_of_the_same_session_is_left_alone in &[Subreaper, Plain];
    name_of_tini_leaves_daemons_as_tini_does in &[Plain];
}

/// What gives the rest little time between TERM and KILL, where there is such a time.
fn hasty(kind: Kind) -> Duty<'static> {
    match kind {
        Kind::Supervise => Duty::Words(&["--grace", "0.2", "--"]),
        _ => Duty::ReachGroup,
    }
}

/// Only those that stand for a whole container.
fn inits(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::DumbInit, Kind::Catatonit])
}

/// What is beyond the namesakes is asked of ours by its own name only, and shown of them.
fn beyond(stage: &Stage) -> Outcome {
    inits(stage)?;
    match (stage.program.origin, stage.kind()) {
        (Origin::Ours, Kind::Tini | Kind::DumbInit) => Err(Flaw::NotPromised),
        _ => Ok(()),
    }
}

fn rest_of_the_group_gets_term_when_the_child_has_ended(stage: &Stage) -> Outcome {
    inits(stage)?;
    match (stage.program.origin, stage.kind(), stage.setting.is_first()) {
        // dumb-init leaves right after its TERM, and the kernel then kills all that a PID 1 leaves behind.
        (Origin::Ours, Kind::Tini, _) | (Origin::Ours, Kind::DumbInit, true) => return Err(Flaw::NotPromised),
        _ => {}
    }
    let mut life = stage.run(Duty::Run, &["actor", "daemon", "file", "--", "actor", "exit", "3"])?;
    life.ends_with(3)?;
    life.sees("SIGTERM for the rest", |life| life.read("file").contains("SIGTERM"))
}

fn daemon_in_a_session_of_its_own_gets_term_when_the_child_has_ended(stage: &Stage) -> Outcome {
    beyond(stage)?;
    let command = ["actor", "daemon", "--own-session", "file", "--", "actor", "exit", "3"];
    let mut life = stage.run(Duty::Run, &command)?;
    life.ends_with(3)?;
    if life.read("file").contains("SIGTERM") { Ok(()) } else { Err(life.broken("the daemon got no SIGTERM")) }
}

fn daemon_that_is_deaf_to_term_is_gone_after_the_end(stage: &Stage) -> Outcome {
    beyond(stage)?;
    let command = ["actor", "daemon", "--own-session", "--deaf", "file", "--", "actor", "exit", "3"];
    let mut life = stage.run(hasty(stage.kind()), &command)?;
    life.end()?;
    life.none_left("actor")
}

fn deaf_child_and_its_daemon_are_gone_after_the_limit(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise, Kind::Timeout])?;
    if stage.program.origin == Origin::Ours && stage.kind() == Kind::Timeout {
        return Err(Flaw::NotPromised);
    }
    let options: &[&str] = match stage.kind() {
        Kind::Supervise => &["-k", "0.1", "--grace", "0.1"],
        _ => &["-k", "0.1"],
    };
    let command = ["actor", "daemon", "--own-session", "--deaf", "file", "--", "actor", "deaf", "TERM"];
    let mut life = stage.run(Duty::Limit("0.5", options), &command)?;
    life.ends_with(137)?;
    life.none_left("actor")
}

fn orphan_that_was_adopted_gets_term_when_the_child_has_ended(stage: &Stage) -> Outcome {
    beyond(stage)?;
    let script = "(setsid actor daemon file -- actor deaf &); until [ -e $NOTES/file ]; do sleep 0.01; done; exit 3";
    let mut life = stage.run(Duty::Run, &["sh", "-c", script])?;
    life.ends_with(3)?;
    if life.read("file").contains("SIGTERM") { Ok(()) } else { Err(life.broken("the orphan got no SIGTERM")) }
}

fn daemon_of_a_signalled_child_does_not_outlive_it(stage: &Stage) -> Outcome {
    beyond(stage)?;
    let command = ["actor", "daemon", "--own-session", "file", "--", "actor", "deaf"];
    let mut life = stage.run(Duty::Run, &command)?;
    life.hear("ready")?;
    life.signal(Signal::SIGTERM)?;
    life.ends_with(128 + libc::SIGTERM)?;
    life.none_left("actor")
}

fn code_of_the_child_is_told_when_the_rest_had_to_be_killed(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    let command = ["actor", "daemon", "--deaf", "file", "--", "actor", "exit", "3"];
    stage.run(hasty(stage.kind()), &command)?.ends_with(3)
}

fn bystander_of_the_same_session_is_left_alone(stage: &Stage) -> Outcome {
    inits(stage)?;
    let spawned = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn();
    let mut bystander = spawned.map_err(|cause| Flaw::Broken(format!("no bystander: {cause}")))?;
    let outcome = stage.run(Duty::Run, &["actor", "exit", "3"]).and_then(|mut life| life.ends_with(3));
    let still_there = bystander.try_wait().is_ok_and(|ended| ended.is_none());
    let _ = bystander.kill();
    let _ = bystander.wait();
    outcome?;
    if still_there { Ok(()) } else { Err(Flaw::Broken("a process of others was ended".to_owned())) }
}

fn name_of_tini_leaves_daemons_as_tini_does(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini])?;
    let command = ["actor", "daemon", "--own-session", "file", "--", "actor", "exit", "3"];
    let mut life = stage.run(Duty::Run, &command)?;
    life.ends_with(3)?;
    if life.processes("actor").is_empty() { Err(life.broken("the daemon was ended")) } else { Ok(()) }
}
