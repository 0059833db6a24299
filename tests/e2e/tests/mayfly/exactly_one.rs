//! Exactly one live task for each label, index and attempt, whatever goes wrong on the way.

use std::time::Duration;

use contract::env;
use e2e::World;
use sandbox::aws::{Fate, Fault, FaultKind, Pace, Status};
use sandbox::github::{self, Conclusion};
use serde_json::json;

#[test]
fn same_run_started_twice_gets_one_task_and_the_same_label() {
    let world = World::start();
    let first = world.step("runner start --output json").succeeds();
    let second = world.step("runner start --output json").succeeds();
    world.only_task();
    assert_eq!(first.outputs, second.outputs);
    let adopted = [first.json(), second.json()].map(|answer| answer["adopted"].clone());
    assert_eq!(adopted, [json!(false), json!(true)]);
    world.put_away(&first);
    world.finish();
}

#[test]
fn two_starts_at_once_share_one_task() {
    let world = World::start();
    let both = [world.step("runner start --output json").start(), world.step("runner start --output json").start()];
    let [one, other] = both.map(|running| running.ends_with(0));
    world.only_task();
    assert_eq!(one.outputs, other.outputs);
    let adopted = [&one, &other].iter().filter(|ran| ran.json()["adopted"] == true).count();
    assert_eq!(adopted, 1, "one has started it and one has found it");
    world.put_away(&one);
    world.finish();
}

#[test]
fn lost_answer_of_run_task_is_asked_for_again_with_the_same_bytes() {
    for kind in [FaultKind::LostAnswer, FaultKind::StatusAfterEffect(500)] {
        let world = World::start();
        world.sandbox.aws.fault(Fault::once("RunTask", kind.clone()));
        let start = world.step("runner start --output json").succeeds();
        world.only_task();
        assert_eq!(start.json()["adopted"], false, "{kind:?}: it is our own");
        let calls = world.aws_calls("RunTask");
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[0].parameters, calls[1].parameters);
        world.put_away(&start);
        world.finish();
    }
}

#[test]
fn task_that_died_before_a_job_came_makes_room_for_the_next_generation() {
    let world = World::start();
    world.sandbox.aws.next_fate(Fate::FailsToStart("ContainerRuntimeError: no".to_owned()));
    let first = world.step("runner start --wait none").succeeds();
    world.ended(first.task_arn());

    let second = world.step("runner start --output json").succeeds();

    assert_eq!(first.label(), second.label());
    assert_ne!(first.task_arn(), second.task_arn());
    assert_eq!(second.json()["adopted"], false);
    assert_eq!(world.told(&world.task_of(&second), env::GENERATION), "1");
    world.put_away(&second);
    world.finish();
}

#[test]
fn task_on_its_way_down_is_waited_for_before_the_next_is_started() {
    let world = World::start();
    let first = world.step("runner start").succeeds();
    // The machine's own DELETE takes a while, and the task with it.
    world.sandbox.github.fault(github::Fault::once("DELETE", "*/runners/*", github::FaultKind::Delay(1_500)));
    let stop = json!({ "cluster": "mayfly", "task": first.task_arn(), "reason": "a test" });
    world.ecs("StopTask", &stop);
    assert_ne!(world.task_of(&first).status, Status::Stopped);

    let second = world.step("runner start").succeeds();

    let (old, new) = (world.task_of(&first), world.task_of(&second));
    assert!(old.times.stopped.is_some_and(|stopped| stopped <= new.times.created), "two were alive at once");
    assert_eq!(world.told(&new, env::GENERATION), "1");
    world.put_away(&second);
    world.finish();
}

#[test]
fn retried_step_without_a_namespace_still_adopts_and_prints_the_label_of_the_first() {
    let world = World::start();
    let start = || {
        let step = world.step("runner start --output json").without("MAYFLY_NAMESPACE");
        step.warns("MAYFLY_NAMESPACE is not set").succeeds()
    };
    let (first, second) = (start(), start());
    world.only_task();
    assert_eq!(first.outputs, second.outputs);
    assert_eq!(second.json()["label"], first.label());
    assert_eq!(second.json()["adopted"], true);
    world.put_away(&first);
    world.finish();
}

#[test]
fn matrix_without_a_namespace_shares_one_label_when_its_step_is_retried() {
    let world = World::start();
    let start = || {
        let step = world.step("runner start --count 2").without("MAYFLY_NAMESPACE");
        step.warns("MAYFLY_NAMESPACE is not set").succeeds()
    };
    let (first, second) = (start(), start());
    assert_eq!(world.sandbox.aws.tasks().len(), 2);
    assert_eq!(first.outputs, second.outputs);
    world.put_away(&first);
    world.finish();
}

#[test]
fn another_attempt_of_the_run_gets_a_machine_of_its_own_under_the_same_label() {
    let world = World::start();
    let first = world.step("runner start").succeeds();
    let second = world.step("runner start").env("GITHUB_RUN_ATTEMPT", "2").succeeds();
    assert_eq!(first.label(), second.label());
    assert_ne!(first.task_arn(), second.task_arn());
    assert_eq!(world.task_of(&second).tag(contract::tags::ATTEMPT), Some("2"));
    world.put_away(&first);
    world.put_away(&second);
    world.finish();
}

#[test]
fn another_run_gets_another_label() {
    let world = World::start();
    let other = world.begin_run();
    let (mine, theirs) = (world.step("runner start").succeeds(), world.step_of(&other, "runner start").succeeds());
    assert_ne!(mine.label(), theirs.label());
    world.put_away(&mine);
    world.put_away(&theirs);
    world.finish();
}

#[test]
fn start_that_adopts_takes_its_own_one_shot_parameter_back() {
    let world = World::start();
    let start = || world.step("runner start --handover parameter").with_token(&world).succeeds();
    let (first, second) = (start(), start());
    assert_eq!(first.task_arn(), second.task_arn());
    assert_eq!(world.aws_calls("PutParameter").len(), 2);
    world.put_away(&first);
    world.finish();
}

#[test]
fn task_that_ecs_does_not_show_yet_is_waited_for_and_adopted() {
    let world = World::with(Pace { describe_lag: Duration::from_millis(1_200), ..Pace::default() });
    let first = world.step("runner start --wait none").succeeds();
    let second = world.step("runner start --output json").succeeds();
    assert_eq!(second.json()["adopted"], true);
    assert_eq!(world.only_task().arn, second.task_arn());
    world.put_away(&first);
    world.finish();
}

#[test]
fn job_that_is_run_again_finds_its_label_on_the_machine_of_the_next_attempt() {
    let world = World::start();
    let first = world.step("runner start").succeeds();
    let failed = world.finished(world.queue(&first.runs_on(), "exit 1"));
    assert_eq!(failed.conclusion, Some(Conclusion::Failure));
    world.ended(first.task_arn());

    let again = world.sandbox.github.rerun_failed(world.sandbox.run);
    let job = again.iter().find(|job| job.spec.name == "build").expect("the failed job is queued again").id;
    let second = world.step("runner start").env("GITHUB_RUN_ATTEMPT", "2").succeeds();

    let done = world.finished(job);
    assert_eq!(done.runner.map(|runner| runner.name).as_deref(), Some(second.output("runner-name")));
    assert_eq!(first.runs_on(), second.runs_on());
    world.ended(second.task_arn());
    world.finish();
}
