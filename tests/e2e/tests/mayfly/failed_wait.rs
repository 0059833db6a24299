//! Machines that do not come up: the wait ends, says why and what to do, and leaves nothing.

use contract::env;
use contract::exit::Cause;
use e2e::{Ran, World};
use sandbox::aws::{Disaster, Fate, Fault, FaultKind, Status, fixture};
use sandbox::github::{self, Level, Misbehaviour, Pat};
use sandbox::world::ORG_ID;

/// Asserts that a start failed with this code, words and fix, and that its task has ended.
#[track_caller]
fn assert_explained(world: &World, ran: &Ran, words: &[&str]) {
    let error = ran.error();
    for word in words {
        assert!(error.contains(word), "nothing about {word}: {error}");
    }
    assert!(error.contains("\n  fix: "), "it names no fix: {error}");
    world.ended(&world.only_task().arn);
}

#[test]
fn image_that_cannot_be_pulled_is_named_with_the_fix() {
    let world = World::start();
    world.sandbox.aws.next_fate(Fate::PullFails("docker.io/library/nothing:latest: not found".to_owned()));
    let ran = world.step("runner start").fails(4);
    assert_explained(&world, &ran, &["CannotPullContainerError", "nothing:latest", "check the image's name"]);
    world.finish();
}

#[test]
fn task_that_fails_to_start_is_explained() {
    for (reason, word) in [
        ("ResourceInitializationError: unable to pull secrets or registry auth: AccessDenied", "execution role"),
        ("Timeout waiting for network interface provisioning to complete.", "--subnets"),
        ("CannotStartContainerError: exec format error", "entry point"),
    ] {
        let world = World::start();
        world.sandbox.aws.next_fate(Fate::FailsToStart(reason.to_owned()));
        let ran = world.step("runner start").fails(4);
        assert_explained(&world, &ran, &[reason.trim_end_matches('.'), word]);
        world.finish();
    }
}

#[test]
fn missing_secret_of_the_task_definition_is_named() {
    let world = World::start();
    world.register_like(fixture::FARGATE_FAMILY, "runner-without-its-secret", |definition| {
        definition["containerDefinitions"][0]["secrets"][0]["valueFrom"] = "/not/there".into();
    });
    let ran = world.step("runner start --task-definition runner-without-its-secret").fails(4);
    assert_explained(&world, &ran, &["/not/there", "ssm:GetParameters"]);
    world.finish();
}

#[test]
fn machine_that_never_runs_is_given_up_after_the_time_limit_and_stopped() {
    let world = World::start();
    world.sandbox.aws.next_fate(Fate::NeverRuns);
    let ran = world.step("runner start --wait-timeout 1s").fails(5);
    assert_explained(&world, &ran, &["was not online", "within 1s", "mayfly runner logs"]);
    world.finish();
}

#[test]
fn runner_that_never_connects_is_given_up_after_the_time_limit_and_removed() {
    let world = World::start();
    // Time to tell the stand-in how to misbehave: its name is known only once the task is there.
    world.sandbox.github.fault(github::Fault::once("POST", "*/generate-jitconfig", github::FaultKind::Delay(700)));
    let running = world.step("runner start --wait-timeout 3s").start();
    let task = world.until_tasks(1).remove(0);
    world.sandbox.github.misbehave(&world.told(&task, env::RUNNER_NAME), Misbehaviour::NeverConnect);
    let ran = running.ends_with(5);
    assert_explained(&world, &ran, &["was not online (it was registering its runner)"]);
    world.finish();
}

#[test]
fn listener_that_dies_is_explained_by_the_exit_code() {
    let world = World::start();
    world.sandbox.github.fault(github::Fault::once("POST", "*/generate-jitconfig", github::FaultKind::Delay(700)));
    let running = world.step("runner start").start();
    let task = world.until_tasks(1).remove(0);
    world.sandbox.github.misbehave(&world.told(&task, env::RUNNER_NAME), Misbehaviour::Exit(1));
    let ran = running.ends_with(4);
    assert_explained(&world, &ran, &["the Listener failed (exit code 216)", "mayfly runner logs"]);
    world.finish();
}

#[test]
fn machine_that_runs_out_of_memory_is_explained() {
    let world = World::start();
    world.sandbox.github.fault(github::Fault::once("POST", "*/generate-jitconfig", github::FaultKind::Delay(1_500)));
    let running = world.step("runner start").start();
    let task = world.until_tasks(1).remove(0);
    e2e::eventually("the task runs", || {
        world.sandbox.aws.task(&task.arn).filter(|task| task.status == Status::Running)
    });
    assert!(world.sandbox.aws.strike(&task.arn, Disaster::OutOfMemory));
    let ran = running.ends_with(4);
    assert_explained(&world, &ran, &["OutOfMemory", "--memory"]);
    world.finish();
}

#[test]
fn spot_machine_that_is_taken_back_is_explained() {
    let world = World::start();
    world.sandbox.github.fault(github::Fault::once("POST", "*/generate-jitconfig", github::FaultKind::Delay(1_500)));
    let running = world.step("runner start --launch-mode fargate-spot").start();
    let task = world.until_tasks(1).remove(0);
    e2e::eventually("the task runs", || {
        world.sandbox.aws.task(&task.arn).filter(|task| task.status == Status::Running)
    });
    assert!(world.sandbox.aws.strike(&task.arn, Disaster::SpotInterruption));
    let ran = running.ends_with(4);
    assert_explained(&world, &ran, &["Spot", "--launch-mode fargate"]);
    world.finish();
}

#[test]
fn one_machine_of_three_that_fails_takes_the_others_along() {
    let world = World::start();
    world.sandbox.aws.next_fate(Fate::Starts);
    world.sandbox.aws.next_fate(Fate::PullFails("no".to_owned()));
    let ran = world.step("runner start --count 3").fails(4);
    assert!(ran.error().contains("CannotPullContainerError"), "{}", ran.error());
    assert_eq!(world.sandbox.aws.tasks().len(), 3);
    world.finish();
}

#[test]
fn one_task_of_three_that_is_refused_takes_the_others_along() {
    let world = World::start();
    world.sandbox.aws.fault(Fault::once("RunTask", FaultKind::Failures("RESOURCE:MEMORY".to_owned())).after(1));
    let ran = world.step("runner start --count 3").fails(4);
    assert!(ran.error().contains("RESOURCE:MEMORY"), "{}", ran.error());
    assert_eq!(world.sandbox.aws.tasks().len(), 2);
    world.finish();
}

/// GitHub refuses the machine's registration: PID 1 says so by its exit code, and `mayfly` explains it.
#[track_caller]
fn assert_registration_is_refused(token: &str, world: &World, status: u16) {
    world.sandbox.aws.put_parameter(fixture::TOKEN_PARAMETER, token);
    let ran = world.step("runner start").fails(4);
    assert_explained(world, &ran, &["GitHub refused the registration (exit code 210)", "PAT or App"]);
    let task = world.only_task();
    assert_eq!(task.exit_code(), Some(i32::from(Cause::RegistrationRefused.code())));
    let end = world.record(&world.ended(&task.arn));
    assert!(end.message.contains(&status.to_string()), "{}", end.message);
}

#[test]
fn registration_with_an_expired_pat_is_refused() {
    let world = World::start();
    let expired = world.sandbox.github.add_pat(Pat::classic(&["repo"]), Some(std::time::Duration::ZERO));
    assert_registration_is_refused(&expired, &world, 401);
    world.finish();
}

#[test]
fn registration_with_a_pat_that_may_only_read_is_refused() {
    let world = World::start();
    let reader = Pat::fine_grained(ORG_ID, &[("administration", Level::Read)]);
    let reader = world.sandbox.github.add_pat(reader, None);
    assert_registration_is_refused(&reader, &world, 403);
    world.finish();
}

#[test]
fn registration_with_a_pat_of_somebody_else_is_refused() {
    let world = World::start();
    let stranger = Pat::fine_grained(999, &[("administration", Level::Write)]);
    let stranger = world.sandbox.github.add_pat(stranger, None);
    assert_registration_is_refused(&stranger, &world, 404);
    world.finish();
}
