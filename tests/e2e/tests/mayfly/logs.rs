//! `mayfly runner logs`: what the machine printed.

use contract::record::END_PREFIX;
use e2e::{Mayfly, Ran, World, eventually};

fn logs(world: &World, start: &Ran, flags: &str) -> Mayfly {
    world.step(&format!("runner logs {flags} --label")).arg(start.label())
}

#[test]
fn log_of_a_machine_that_has_ended_is_whole() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    world.finished(world.queue(&start.runs_on(), "true"));
    let task = world.ended(start.task_arn());
    let ran = logs(&world, &start, "").succeeds();
    let printed: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(printed, world.sandbox.aws.output(&task.id));
    assert!(printed.last().is_some_and(|line| line.starts_with(END_PREFIX)), "{printed:?}");
    world.finish();
}

#[test]
fn log_that_is_followed_ends_with_the_machine() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let following = logs(&world, &start, "--follow").start();
    eventually("the first lines are shown", || (!following.stdout_so_far().is_empty()).then_some(()));
    world.finished(world.queue(&start.runs_on(), "true"));
    let ran = following.ends_with(0);
    assert!(ran.stdout.lines().last().is_some_and(|line| line.starts_with(END_PREFIX)), "{}", ran.stdout);
    world.finish();
}

#[test]
fn log_of_a_label_that_nothing_has_is_not_found() {
    let world = World::start();
    let mayfly = world.step("runner logs --label 00000000-0000-4000-8000-000000000000");
    assert!(mayfly.fails(6).error().contains("no machine of label"));
    world.finish();
}

#[test]
fn log_that_the_role_may_not_read_is_refused_with_the_permission() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let kind = sandbox::aws::FaultKind::Error {
        status: 400,
        code: "AccessDeniedException".to_owned(),
        message: "not authorized".to_owned(),
    };
    world.sandbox.aws.fault(sandbox::aws::Fault::once("GetLogEvents", kind));
    let error = logs(&world, &start, "").fails(4).error();
    assert!(error.contains("allow logs:GetLogEvents on /mayfly/runner"), "{error}");
    world.put_away(&start);
    world.finish();
}
