//! `mayfly` dies or is told to stop at the worst of moments: nothing is left that nobody ends.

use contract::exit::Cause;
use e2e::{Running, World};
use nix::sys::signal::Signal;
use sandbox::aws::{Fault, FaultKind, StopCode};
use sandbox::github;

/// A start that was killed when RunTask had taken its effect, and before it could say a word about it.
#[track_caller]
fn killed_in_run_task(world: &World, flags: &str) {
    // The answer is lost and the repetition gets none, so nothing can be printed.
    world.sandbox.aws.fault(Fault::once("RunTask", FaultKind::LostAnswer));
    world.sandbox.aws.fault(Fault::once("RunTask", FaultKind::Hang));
    let running = world.step(&format!("runner start {flags}")).start();
    world.until_faults_struck();
    let ran = running.killed();
    assert_eq!((ran.stdout.as_str(), ran.outputs.len()), ("", 0));
    world.only_task();
}

#[test]
fn task_of_a_killed_start_is_adopted_by_the_next_one() {
    let world = World::start();
    killed_in_run_task(&world, "");
    let start = world.step("runner start --output json").succeeds();
    assert_eq!(start.json()["adopted"], true);
    assert_eq!(world.only_task().arn, start.task_arn());
    world.finished(world.queue(&start.runs_on(), "true"));
    assert_eq!(world.ended(start.task_arn()).exit_code(), Some(0));
    world.finish();
}

#[test]
fn task_of_a_killed_start_that_nobody_comes_for_leaves_by_itself() {
    let world = World::start();
    killed_in_run_task(&world, "--max-idle 2s");
    let task = world.ended(&world.only_task().arn);
    let end = world.record(&task);
    assert_eq!((end.cause, end.deregistered), (Cause::Idle, true), "{}", end.message);
    assert_eq!(task.exit_code(), Some(i32::from(Cause::Idle.code())));
    world.finish();
}

#[test]
fn start_that_is_killed_while_it_waits_has_told_the_label_already() {
    let world = World::start();
    world.sandbox.aws.fault(Fault::once("DescribeTasks", FaultKind::Hang));
    let running = world.step("runner start --max-idle 1s").start();
    running.until_said("started task");
    world.until_faults_struck();
    let ran = running.killed();
    assert_eq!(ran.task_arn(), world.only_task().arn);
    world.ended(ran.task_arn());
    world.finish();
}

/// A start that waits for a runner which takes its time.
fn waiting(world: &World, flags: &str) -> Running {
    world.sandbox.github.fault(github::Fault::once("POST", "*/generate-jitconfig", github::FaultKind::Delay(1_500)));
    let running = world.step(&format!("runner start {flags}")).start();
    running.until_said("started task");
    running
}

#[test]
fn cancelled_wait_stops_the_task_and_removes_the_runner() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let world = World::start();
        let running = waiting(&world, "");
        running.signal(signal);
        let ran = running.ends_with(130);
        assert!(ran.stderr.contains("cleaned up"), "{}", ran.stderr);
        let task = world.ended(&world.only_task().arn);
        assert_eq!(task.stop.map(|stop| stop.code), Some(StopCode::UserInitiated));
        world.finish();
    }
}

#[test]
fn cancelled_wait_deletes_the_runner_before_it_stops_the_task() {
    let world = World::start();
    // The runner is online, and DescribeTasks is what is waited for.
    world.sandbox.aws.fault(Fault::once("DescribeTasks", FaultKind::Hang));
    let running = world.step("runner start").with_token(&world).start();
    running.until_said("started task");
    world.until_faults_struck();
    let runner = world.online_runner();
    running.signal(Signal::SIGINT);
    running.ends_with(130);
    let deleted = world.github_requests("DELETE", &format!("/actions/runners/{}", runner.id));
    assert_eq!(deleted.first().map(|exchange| exchange.status), Some(204));
    assert!(deleted[0].user_agent.starts_with("mayfly/"), "{}", deleted[0].user_agent);
    world.ended(&world.only_task().arn);
    world.finish();
}

#[test]
fn cancelled_wait_leaves_the_task_where_that_was_asked_for() {
    let world = World::start();
    let running = waiting(&world, "--keep");
    running.signal(Signal::SIGINT);
    let ran = running.ends_with(130);
    assert!(ran.stderr.contains("is left running, as asked by --keep"), "{}", ran.stderr);
    world.online_runner();
    world.put_away(&ran);
    world.finish();
}

#[test]
fn cancelled_wait_leaves_a_task_alone_that_another_start_has_made() {
    let world = World::start();
    let first = world.step("runner start").succeeds();
    world.sandbox.aws.fault(Fault::once("DescribeTasks", FaultKind::Hang).after(1));
    let second = world.step("runner start").start();
    second.until_said("found task");
    world.until_faults_struck();
    second.signal(Signal::SIGINT);
    second.ends_with(130);
    assert!(!world.task_of(&first).is_to_stop);
    world.put_away(&first);
    world.finish();
}

#[test]
fn start_that_is_cancelled_during_run_task_stops_the_task_that_it_gets() {
    let world = World::start();
    world.sandbox.aws.fault(Fault::once("RunTask", FaultKind::DelayMillis(800)));
    let running = world.step("runner start").start();
    world.until_faults_struck();
    running.signal(Signal::SIGTERM);
    running.ends_with(130);
    world.ended(&world.only_task().arn);
    world.finish();
}

#[test]
fn start_that_is_cancelled_before_the_launch_starts_nothing() {
    let world = World::start();
    world.sandbox.aws.fault(Fault::once("AssumeRoleWithWebIdentity", FaultKind::DelayMillis(1_500)));
    let running = world.step("runner start").start();
    world.until_faults_struck();
    running.signal(Signal::SIGINT);
    running.ends_with(130);
    assert!(world.aws_calls("RunTask").is_empty());
    world.finish();
}

/// Whatever call the first start hangs in when it is killed, the second one has exactly one live task.
#[test]
fn start_killed_during_any_call_is_made_good_by_the_next() {
    let calls = [("AssumeRoleWithWebIdentity", 0), ("RunTask", 0), ("DescribeTasks", 0), ("DescribeTasks", 2)];
    for (operation, skip) in calls {
        let world = World::start();
        world.sandbox.aws.fault(Fault::once(operation, FaultKind::Hang).after(skip));
        let running = world.step("runner start").start();
        world.until_faults_struck();
        running.killed();

        let start = world.step("runner start").succeeds();

        assert_eq!(world.only_task().arn, start.task_arn(), "killed in {operation}");
        world.put_away(&start);
        world.finish();
    }
}
