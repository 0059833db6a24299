//! The lease: what `supervise` promises beyond a time limit.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::case::{Flaw, Outcome};
use crate::ensure;
use crate::life::Life;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Plain};
use crate::stage::Stage;

crate::cases! {
    last_line_tells_the_cause_and_the_code in &[First, Plain];
    deadline_in_the_past_ends_the_command_at_once in &[First, Plain];
    lease_is_never_longer_than_its_cap in &[First, Plain];
    warning_comes_before_the_end_and_runs_its_hook in &[First, Plain];
    restart_grants_no_fresh_lease in &[Plain];
    app_that_never_gets_ready_ends_with_its_own_code in &[First, Plain];
    role_of_the_task_can_be_hidden_from_the_command in &[First, Plain];
}

const SLEEP: [&str; 2] = ["sleep", "1000"];
/// Shorter than any wait of the suite: an end that comes within it came early.
const SOON: Duration = Duration::from_secs(4);

/// The last line, as JSON.
fn record(life: &Life) -> Result<Value, Flaw> {
    let said = life.stdout();
    let last = said.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|_| life.broken("the last line is no record"))
}

fn ends(mut life: Life, code: i32, cause: &str) -> Outcome {
    life.ends_with(code)?;
    let record = record(&life)?;
    let tells = record["mayfly"] == "end" && record["cause"] == cause && record["code"] == code;
    ensure!(tells && record["uptime_ms"].is_u64() && record["renewals"] == 0, "the record is {record}");
    Ok(())
}

fn last_line_tells_the_cause_and_the_code(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    ends(stage.run(Duty::Run, &["actor", "exit", "3"])?, 3, "app_exit")?;
    ends(stage.run(Duty::Limit(".2", &[]), &SLEEP)?, 124, "ttl")?;
    ends(stage.run(Duty::Limit(".3", &["-k", ".1"]), &["actor", "deaf", "TERM"])?, 137, "killed")?;
    let life = stage.run(Duty::Run, &["actor", "deaf"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGTERM)?;
    ends(life, 128 + libc::SIGTERM, "signal")
}

fn deadline_in_the_past_ends_the_command_at_once(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    ends(stage.run(Duty::Words(&["--until", "2001-01-01T00:00:00Z", "--"]), &SLEEP)?, 124, "ttl")
}

fn lease_is_never_longer_than_its_cap(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    ends(stage.run(Duty::Limit("1000", &["--max-ttl", "0.3"]), &SLEEP)?, 124, "ttl")
}

fn warning_comes_before_the_end_and_runs_its_hook(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    let hook = ["--warn", "1000", "--on-warn", "echo the hook ran >$NOTES/hook"];
    let life = stage.run(Duty::Limit("1010", &hook), &SLEEP)?;
    ensure!(life.read("hook").is_empty(), "the hook ran at once");
    let life = stage.run(Duty::Limit("1000.2", &hook), &SLEEP)?;
    life.sees("the hook", |life| life.read("hook").contains("the hook ran"))
}

fn restart_grants_no_fresh_lease(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    let first = stage.run(Duty::Limit("1", &[]), &SLEEP)?;
    first.sees("a kept lease", |life| !life.read("state/lease.json").is_empty())?;
    first.signal(Signal::SIGKILL)?;
    let kept = first.read("state/lease.json");
    let call = stage.call(Duty::Limit("1000", &[]))?;
    let state = call.note("state");
    let written = std::fs::create_dir(&state).and_then(|()| std::fs::write(state.join("lease.json"), kept));
    written.map_err(|cause| Flaw::Broken(format!("the lease cannot be copied: {cause}")))?;
    let mut second = call.start(&SLEEP)?;
    let code = second.end_within(SOON)?;
    ensure!(code == 124, "code {code} and not 124");
    Ok(())
}

fn app_that_never_gets_ready_ends_with_its_own_code(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    // Port 9 (discard) of this host: nobody listens there.
    let url = ["--ready-url", "http://127.0.0.1:9/", "--ready-timeout", "0.5", "--"];
    ends(stage.run(Duty::Words(&url), &SLEEP)?, 221, "never_ready")
}

fn role_of_the_task_can_be_hidden_from_the_command(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Supervise])?;
    let role = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x");
    let mut shown = stage.call(Duty::Run)?.env(role.0, role.1).start(&["env"])?;
    shown.ends_with(0)?;
    shown.hear(role.0)?;
    let hiding = stage.call(Duty::Words(&["--task-role", "hide", "--"]))?.env(role.0, role.1);
    let mut hidden = hiding.start(&["env"])?;
    hidden.ends_with(0)?;
    ensure!(!hidden.stdout().contains("AWS_CONTAINER_"), "the command saw it: {}", hidden.stdout());
    Ok(())
}
