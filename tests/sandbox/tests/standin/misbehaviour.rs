//! Misbehaviour on request.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::Signal;
use sandbox::github::{Conclusion, Fault, FaultKind, Misbehaviour, Step};
use serde_json::json;

use crate::world::World;

#[test]
fn runner_ends_as_it_was_told_to() {
    let world = World::start();
    let cases = [
        (json!({ "exit": 42 }), Some(42), "Stand-in runner, not GitHub's"),
        (json!("version_refused"), Some(1), "is deprecated and cannot receive messages."),
        (json!({ "update": 4 }), Some(4), "Runner will exit shortly for update"),
        (json!("session_conflict"), Some(5), "Stop retry on SessionConflictException"),
        (json!("crash_before_connect"), None, "Stand-in runner, not GitHub's"),
        (json!("crash_after_connect"), None, "Current runner version"),
    ];
    for (how, code, last_line) in cases {
        let name = how.to_string().replace(['{', '}', '"', ':'], "");
        let runner = world.runner(&name);
        runner.misbehave(&how);
        let (status, lines) = runner.start().end();
        assert_eq!(status.code(), code, "{how}");
        assert_eq!(status.signal().is_some(), code.is_none(), "{how}");
        assert!(lines.last().unwrap().contains(last_line), "{how}: {lines:?}");
        assert!(!runner.has("update.finished") || code == Some(4));
    }
}

#[test]
fn refused_version_has_its_own_code_where_that_was_asked_for() {
    let world = World::start();
    world.github.misbehave("r", Misbehaviour::VersionRefused);
    let runner = world.runner("r");
    let asked = [("ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE", "1")];
    assert_eq!(runner.start_with(&asked).end().0.code(), Some(7));
}

#[test]
fn runner_that_was_told_to_update_works_when_started_again() {
    let world = World::start();
    world.github.misbehave("r", Misbehaviour::Update(3));
    let runner = world.runner("r");
    assert_eq!(runner.start().end().0.code(), Some(3));
    let job = world.queue(vec![Step::new("s", "true")]);
    assert_eq!(runner.start().end().0.code(), Some(0));
    assert_eq!(world.done(job).conclusion, Some(Conclusion::Success));
}

#[test]
fn runner_that_never_connects_is_never_online() {
    let world = World::start();
    world.github.misbehave("r", Misbehaviour::NeverConnect);
    let runner = world.runner("r");
    let mut listener = runner.start();
    listener.wait_for("Stand-in runner");
    listener.signal(Signal::SIGINT);
    let (status, lines) = listener.end();
    assert_eq!((status.code(), lines.last().unwrap().as_str()), (Some(0), "Exiting..."));
    assert!(world.github.runners()[0].last_seen.is_none());
}

#[test]
fn noise_on_stdout_does_not_keep_it_from_working() {
    let world = World::start();
    for how in [Misbehaviour::Garbage, Misbehaviour::MegabyteLine] {
        let runner = world.runner("r");
        world.github.misbehave("r", how.clone());
        let job = world.queue(vec![Step::new("s", "true")]);
        let (status, lines) = runner.start().end();
        assert_eq!(status.code(), Some(0), "{how:?}");
        let longest = lines.iter().map(String::len).max().unwrap();
        assert_eq!(longest >= 1 << 20, how == Misbehaviour::MegabyteLine);
        assert_eq!(world.done(job).conclusion, Some(Conclusion::Success));
    }
}

#[test]
fn hanging_worker_holds_its_listener_after_a_sigint() {
    let world = World::start();
    world.github.misbehave("r", Misbehaviour::HangWorker);
    let runner = world.runner("r");
    world.queue(vec![Step::new("s", "true")]);
    let mut listener = runner.start();
    listener.wait_for("Running job: build");
    listener.signal(Signal::SIGINT);
    listener.wait_for("Exiting...");
    assert!(world.github.runners()[0].busy(), "it does not leave");
}

#[test]
fn runner_that_hangs_after_its_job_has_already_cleaned_up() {
    let world = World::start();
    world.github.misbehave("r", Misbehaviour::HangAfterJob);
    let runner = world.runner("r");
    let job = world.queue(vec![Step::new("s", "true")]);
    let mut listener = runner.start();
    listener.wait_for("completed with result: Succeeded");
    assert_eq!(world.done(job).conclusion, Some(Conclusion::Success));
}

#[test]
fn trouble_with_the_connection_is_told_and_waited_out() {
    let world = World::start();
    let runner = world.runner("r");
    world.github.fault(Fault::once("POST", "/_standin/sessions", FaultKind::FailBefore(503)));
    world.github.fault(Fault::once("GET", "/_standin/sessions/*/message", FaultKind::LostRequest));
    let mut listener = runner.start();
    listener.wait_for("Runner connect error:");
    listener.wait_for("Runner reconnected.");
    listener.wait_for("Listening for Jobs");
    listener.wait_for("Runner connect error:");
    let job = world.queue(vec![Step::new("s", "true")]);
    assert_eq!(world.done(job).conclusion, Some(Conclusion::Success));
    assert_eq!(listener.end().0.code(), Some(0));
}
