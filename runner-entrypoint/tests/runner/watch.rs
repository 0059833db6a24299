//! The second witness of a job, and what is done about a job that may be over.

use std::fs;

use contract::env;
use contract::exit::Cause;

use crate::github::{Answer, GitHub};
use crate::life::Machine;

#[test]
fn hook_tells_of_a_job_that_the_listener_does_not_announce() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.online().order("hook STARTED").hear("a hook says that a job has started").order("forget").order("exit 0");
    let end = life.end();
    assert_eq!((end.cause, end.jobs), (Cause::JobDone, 1));
}

#[test]
fn users_own_hook_runs_as_well() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    let hook = machine.path("mine.sh");
    fs::write(&hook, "echo this is the hook of the user").expect("written");
    machine.set("ACTIONS_RUNNER_HOOK_JOB_STARTED", &hook.display().to_string());
    let mut life = machine.start();
    life.online().order("job build").order("hook STARTED").hear("this is the hook of the user");
}

#[test]
fn hooks_are_left_alone_where_that_is_asked_for() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::JOB_HOOKS, "false").set("ACTIONS_RUNNER_HOOK_JOB_STARTED", "/mine.sh");
    let mut life = machine.start();
    life.online();
    let environment = life.read("environment");
    let hooks: Vec<&str> = environment.lines().filter(|line| line.contains("_HOOK_")).collect();
    assert_eq!(hooks, ["ACTIONS_RUNNER_HOOK_JOB_STARTED=/mine.sh"]);
}

#[test]
fn job_whose_worker_is_gone_is_given_up_once_github_says_that_it_is_over() {
    let github = GitHub::start();
    github.plan("DELETE", Answer::Status(422, "{\"message\": \"Runner is still running a job\"}"));
    let mut machine = Machine::new(&github);
    machine.set(env::WORKER_LIMIT, "0.2s");
    let mut life = machine.start();
    life.busy().hear("asking GitHub whether the job is over").hear("the job still runs; staying");
    life.hear("GitHub says that the job is over");
    let end = life.end();
    assert_eq!((end.cause, end.deregistered), (Cause::Hung, true));
    assert_eq!(github.calls(), ["POST /generate-jitconfig", "DELETE /42", "DELETE /42"]);
}

#[test]
fn job_that_pretends_to_have_ended_is_not_ended_for_it() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    // Long enough for the job to end between the first question and a second one.
    machine.set(env::WORKER_LIMIT, "1s");
    github.plan("DELETE", Answer::Status(422, "{\"message\": \"Runner is still running a job\"}"));
    let mut life = machine.start();
    life.busy().order("hook COMPLETED").hear("the job's last step was over").hear("the job still runs; staying");
    life.order("done Succeeded").hear("job ended").order("forget").order("exit 100");
    assert_eq!(life.end().cause, Cause::JobDone);
}

#[test]
fn listener_that_lingers_after_its_job_is_killed_after_its_limit() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::EXIT_LIMIT, "0.2s");
    let mut life = machine.start();
    life.busy().order("done Succeeded").hear("job ended");
    assert_eq!(life.end().cause, Cause::Hung);
}
