//! How a runner ends by itself.

use contract::env;
use contract::exit::Cause;

use crate::github::{Answer, GitHub};
use crate::life::Machine;

#[test]
fn runner_whose_job_is_done_ends_with_zero_and_is_deregistered() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.busy().order("done Succeeded").hear("job ended").order("forget").order("exit 100");
    let end = life.end();
    assert_eq!((end.cause, end.jobs, end.job_result.as_deref()), (Cause::JobDone, 1, Some("Succeeded")));
    assert_eq!((end.runner_id, end.deregistered), (Some(42), true));
    assert_eq!(github.calls(), ["POST /generate-jitconfig", "DELETE /42"]);
}

#[test]
fn exit_code_alone_tells_the_result_of_the_job() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.busy().order("forget").order("exit 102");
    let end = life.end();
    assert_eq!((end.cause, end.job_result.as_deref()), (Cause::JobDone, Some("Failed")));
}

#[test]
fn runner_without_a_job_leaves_after_max_idle() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::MAX_IDLE, "0.2s");
    let mut life = machine.start();
    life.online();
    let end = life.end();
    assert_eq!((end.cause, end.deregistered), (Cause::Idle, true));
    assert_eq!(github.calls(), ["POST /generate-jitconfig", "DELETE /42"]);
}

#[test]
fn job_that_github_has_just_assigned_is_kept_at_max_idle() {
    let github = GitHub::start();
    github.plan("DELETE", Answer::Status(422, "{\"message\": \"Runner is still running a job\"}"));
    let mut machine = Machine::new(&github);
    machine.set(env::MAX_IDLE, "0.2s");
    let mut life = machine.start();
    life.online().hear("a job was just assigned").order("job build").hear("mayfly: job started");
    life.order("done Succeeded").order("forget").order("exit 100");
    assert_eq!(life.end().cause, Cause::JobDone);
}

#[test]
fn runner_leaves_at_max_lifetime_although_a_job_runs() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::MAX_LIFETIME, "2s");
    let mut life = machine.start();
    let end = life.busy().end();
    assert_eq!((end.cause, end.job_result.as_deref()), (Cause::Lifetime, Some("Canceled")));
}

#[test]
fn listener_that_never_connects_ends_the_machine() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::ONLINE_LIMIT, "0.2s");
    let end = machine.start().end();
    assert_eq!((end.cause, end.deregistered), (Cause::NeverOnline, true));
    assert!(end.message.contains("check that the container reaches GitHub"), "{}", end.message);
}

#[test]
fn each_listener_outcome_has_its_cause() {
    let refused = "say An error occurred: Runner version v2.1 is deprecated and cannot receive messages.";
    let deleted = "say The runner no longer exists on the server. Cleaning up local configuration.";
    let cases: [(&[&str], Cause); 8] = [
        (&["exit 7"], Cause::VersionRefused),
        (&[refused, "exit 1"], Cause::VersionRefused),
        (&[deleted, "forget", "exit 0"], Cause::RegistrationLost),
        (&["exit 0"], Cause::RegistrationLost),
        (&["forget", "exit 0"], Cause::NothingRan),
        (&["exit 5"], Cause::SessionConflict),
        (&["exit 134"], Cause::ListenerFailed),
        (&["die"], Cause::ListenerFailed),
    ];
    for (orders, cause) in cases {
        let github = GitHub::start();
        let mut life = Machine::new(&github).start();
        life.online();
        orders.iter().for_each(|order| {
            life.order(order);
        });
        let end = life.end();
        assert_eq!((end.cause, end.deregistered), (cause, true), "{orders:?}: {}", end.message);
        assert_eq!(github.calls().last().map(String::as_str), Some("DELETE /42"), "{orders:?}");
    }
}

#[test]
fn what_a_job_has_left_behind_does_not_outlive_the_machine() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.busy().order("leave_child");
    life.eventually("the child's start", |life| life.read("child").trim().parse::<i32>().is_ok());
    let child: i32 = life.read("child").trim().parse().expect("a pid");
    life.order("done Succeeded").order("forget").order("exit 100").end();
    let gone = nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), None);
    assert_eq!(gone, Err(nix::errno::Errno::ESRCH));
}

#[test]
fn several_jobs_are_served_by_one_registration_until_none_comes() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::MULTI_JOB, "true").set(env::MAX_IDLE, "1s");
    let mut life = machine.start();
    life.busy().order("done Succeeded").hear("job ended").order("job second").hear("mayfly: job started");
    life.order("done Failed");
    let end = life.end();
    assert_eq!((end.cause, end.jobs, end.runner_id), (Cause::JobDone, 2, Some(7)));
    assert_eq!(github.calls(), ["POST /registration-token", "DELETE /7"]);
    let configured = life.read("configured");
    assert!(
        configured.contains("--url https://github.com/octo/demo") && !configured.contains("--ephemeral"),
        "{configured}"
    );
    assert!(configured.ends_with("REGTOKEN\n"), "{configured}");
}

#[test]
fn health_follows_the_listener() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.hear("Connected to GitHub");
    assert!(!life.is_healthy());
    life.order("listen").hear("mayfly: listening for jobs");
    life.eventually("health", super::life::Life::is_healthy);
    life.order("job build").hear("mayfly: job started");
    life.eventually("health", super::life::Life::is_healthy);
    life.order("forget").order("exit 100").end();
    assert!(!life.is_healthy());
}

#[test]
fn folder_for_the_state_that_cannot_be_made_is_no_reason_to_stop() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::STATE_DIR, "/proc/none");
    let mut life = machine.start();
    life.hear("no state file").busy().order("forget").order("exit 100");
    assert_eq!(life.end().cause, Cause::JobDone);
}
