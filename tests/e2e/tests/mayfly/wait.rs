//! `mayfly runner wait`: the exit code tells.

use contract::exit::Cause;
use e2e::{Mayfly, Ran, World};

fn wait(world: &World, start: &Ran, flags: &str) -> Mayfly {
    world.step(&format!("runner wait --output json {flags} --label")).arg(start.label())
}

#[test]
fn machine_that_comes_online_ends_the_wait_for_it() {
    let world = World::start();
    let start = world.step("runner start --wait none").succeeds();
    let by_health = wait(&world, &start, "--until online").succeeds();
    assert_eq!(by_health.json()[0]["state"], "online");
    let by_github = wait(&world, &start, "--until online").with_token(&world).succeeds();
    assert_eq!(by_github.json()[0]["runner_name"], start.output("runner-name"));
    world.put_away(&start);
    world.finish();
}

#[test]
fn job_that_is_done_ends_the_wait_with_success_and_its_result() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let waiting = wait(&world, &start, "").start();
    world.finished(world.queue(&start.runs_on(), "true"));
    let report = waiting.ends_with(0).json()[0].clone();
    assert_eq!((&report["cause"], &report["job_result"]), (&"job_done".into(), &"Succeeded".into()), "{report}");
    world.finish();
}

#[test]
fn job_that_failed_is_told_and_the_machine_has_still_done_its_work() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    world.finished(world.queue(&start.runs_on(), "exit 1"));
    let report = wait(&world, &start, "").succeeds().json()[0].clone();
    assert_eq!(report["job_result"], "Failed", "{report}");
    assert_eq!(world.ended(start.task_arn()).exit_code(), Some(i32::from(Cause::JobDone.code())));
    world.finish();
}

#[test]
fn machine_that_left_without_a_job_is_told_by_exit_code_6() {
    let world = World::start();
    let start = world.step("runner start --wait none --max-idle 1s").succeeds();
    let ran = wait(&world, &start, "").fails(6);
    assert_eq!(ran.json()[0]["cause"], "idle", "{}", ran.stdout);
    world.finish();
}

#[test]
fn machine_that_failed_is_explained_by_exit_code_4() {
    let world = World::start();
    world.sandbox.aws.next_fate(sandbox::aws::Fate::PullFails("no such image".to_owned()));
    let start = world.step("runner start --wait none").succeeds();
    let ran = wait(&world, &start, "").fails(4);
    assert!(ran.error().contains("no such image"), "{}", ran.error());
    world.finish();
}

#[test]
fn stopped_machine_will_not_come_online_any_more() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    world.put_away(&start);
    let error = wait(&world, &start, "--until online").fails(6).error();
    assert!(error.contains("was stopped: the test is over"), "{error}");
    world.finish();
}

#[test]
fn wait_that_takes_too_long_ends_with_exit_code_5_and_stops_nothing() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let error = wait(&world, &start, "--timeout 1s").fails(5).error();
    assert!(error.contains("was not done within 1s"), "{error}");
    assert!(!world.task_of(&start).is_to_stop);
    world.put_away(&start);
    world.finish();
}

#[test]
fn label_that_nothing_has_is_not_found() {
    let world = World::start();
    let mayfly = world.step("runner wait --timeout 20s --label 00000000-0000-4000-8000-000000000000");
    let error = mayfly.fails(6).error();
    assert!(error.contains("no machine of label"), "{error}");
    world.finish();
}
