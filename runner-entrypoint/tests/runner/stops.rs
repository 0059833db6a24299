//! How a runner ends when somebody asks it to.

use contract::env;
use contract::exit::Cause;
use nix::sys::signal::Signal::{SIGINT, SIGQUIT, SIGTERM};

use crate::github::{Answer, GitHub};
use crate::life::{Life, Machine};

const BUSY: Answer = Answer::Status(422, "{\"message\": \"Runner is still running a job\"}");

#[test]
fn sigterm_to_an_idle_runner_deregisters_before_it_ends_the_listener() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.online().signal(SIGTERM);
    let end = life.end();
    assert_eq!((end.cause, end.deregistered), (Cause::Stopped, true));
    assert_eq!(github.calls(), ["POST /generate-jitconfig", "DELETE /42"]);
    let deregistered = life.heard.iter().position(|line| line.contains("deregistered")).expect("said");
    let exiting = life.heard.iter().position(|line| line == "Exiting...").expect("the Listener was interrupted");
    assert!(deregistered < exiting);
    assert!(!life.heard.iter().any(|line| line.contains("TERM reached")));
}

#[test]
fn sigint_counts_as_sigterm() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.online().signal(SIGINT);
    assert_eq!(life.end().cause, Cause::Stopped);
}

#[test]
fn pid_1_of_a_container_hears_sigterm_and_leaves_nothing_running() {
    let github = GitHub::start();
    let Some(mut life) = Machine::new(&github).start_as_pid_1() else { return };
    life.online().order("leave_child").order("say left").hear("left");
    let pid_1 = Life::children_of(life.pid())[0];
    nix::sys::signal::kill(pid_1, SIGTERM).expect("it is alive");
    assert_eq!(life.end().cause, Cause::Stopped);
    assert_eq!(github.calls(), ["POST /generate-jitconfig", "DELETE /42"]);
}

#[test]
fn running_job_may_finish_inside_of_the_stop_window() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::STOP_TIMEOUT, "120s");
    let mut life = machine.start();
    life.busy().signal(SIGTERM).hear("a job runs; it has 1m");
    life.order("done Succeeded").order("forget").order("exit 100");
    let end = life.end();
    assert_eq!((end.cause, end.job_result.as_deref(), end.deregistered), (Cause::Drained, Some("Succeeded"), true));
    assert!(!life.heard.iter().any(|line| line == "Exiting..."));
}

#[test]
fn running_job_is_interrupted_where_the_window_is_too_short_for_it() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.busy().signal(SIGTERM);
    let end = life.end();
    assert_eq!((end.cause, end.job_result.as_deref()), (Cause::Interrupted, Some("Canceled")));
    assert_eq!(github.calls(), ["POST /generate-jitconfig", "DELETE /42"]);
}

#[test]
fn second_sigterm_does_not_wait_for_the_job() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::STOP_TIMEOUT, "120s");
    let mut life = machine.start();
    life.busy().signal(SIGTERM).hear("a job runs; it has").signal(SIGTERM);
    assert_eq!(life.end().cause, Cause::Interrupted);
}

#[test]
fn sigquit_kills_at_once_and_still_deregisters() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.busy().order("deaf").order("say deaf now").hear("deaf now").signal(SIGQUIT);
    let end = life.end();
    assert_eq!((end.cause, end.deregistered), (Cause::Interrupted, true));
}

#[test]
fn listener_that_does_not_leave_is_killed_inside_of_the_window() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::STOP_TIMEOUT, "3s");
    let mut life = machine.start();
    life.online().order("deaf").order("say deaf now").hear("deaf now").signal(SIGTERM);
    let end = life.end();
    assert_eq!((end.cause, end.deregistered), (Cause::Stopped, true));
    assert!(end.message.contains("was killed"), "{}", end.message);
}

#[test]
fn job_that_github_has_just_assigned_is_drained() {
    let github = GitHub::start();
    github.plan("DELETE", BUSY);
    let mut machine = Machine::new(&github);
    machine.set(env::STOP_TIMEOUT, "120s");
    let mut life = machine.start();
    life.online().signal(SIGTERM).hear("a job was just assigned").order("job build").hear("mayfly: job started");
    life.order("done Succeeded").order("forget").order("exit 100");
    assert_eq!(life.end().cause, Cause::Drained);
}

#[test]
fn sigterm_during_the_registration_leaves_nothing_behind() {
    let github = GitHub::start();
    // The effect of the first request is there, and its answer lost.
    let runners = "{\"total_count\": 1, \"runners\": [{\"id\": 9, \"name\": \"mf-test-1\"}]}";
    github
        .plan("generate-jitconfig", Answer::Headed(502, "", ""))
        .plan("generate-jitconfig", Answer::Headed(429, "retry-after: 60\r\n", ""))
        .plan("name=mf-test-1", Answer::Status(200, runners));
    let mut life = Machine::new(&github).start();
    life.hear("trying again in 60.0 s").signal(SIGTERM);
    let end = life.end();
    assert_eq!((end.cause, end.deregistered), (Cause::Stopped, true));
    assert_eq!(github.calls()[2..], ["GET ?per_page=100&name=mf-test-1", "DELETE /9"]);
}

#[test]
fn deregistration_is_repeated_while_github_takes_the_runner_for_busy() {
    let github = GitHub::start();
    github.plan("DELETE", BUSY).plan("DELETE", Answer::Status(502, ""));
    let mut life = Machine::new(&github).start();
    life.busy().signal(SIGTERM);
    let end = life.end();
    assert_eq!((end.cause, end.deregistered), (Cause::Interrupted, true));
    assert_eq!(github.calls().iter().filter(|call| call.starts_with("DELETE")).count(), 3);
}

#[test]
fn ghost_is_told_where_the_registration_cannot_be_removed() {
    let github = GitHub::start();
    for _ in 0..2 {
        github.plan("DELETE", Answer::Status(401, "{\"message\": \"Bad credentials\"}"));
    }
    let mut life = Machine::new(&github).start();
    life.online().signal(SIGTERM);
    let end = life.end();
    assert_eq!((end.cause, end.deregistered), (Cause::GhostLeft, false));
    assert!(end.message.contains("Bad credentials"), "{}", end.message);
}
