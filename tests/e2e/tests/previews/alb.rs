//! Previews behind a load balancer: priorities, limits, order of removal, and many at once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use e2e::preview::{App, app};
use e2e::{Running, World};
use nix::sys::signal::Signal;
use sandbox::aws::{Fault, FaultKind, Pace};
use sandbox::github::IssueId;

fn refusal(code: &str, message: &str) -> FaultKind {
    FaultKind::Error { status: 400, code: code.to_owned(), message: message.to_owned() }
}

/// A launch for each of so many pull requests, all at once.
fn many(world: &World, count: usize) -> Vec<(IssueId, Running)> {
    let pulls: Vec<IssueId> = (0..count).map(|_| world.open_pull()).collect();
    pulls.into_iter().map(|pull| (pull, world.up(pull, &world.by_alb()).start())).collect()
}

#[test]
fn twenty_launches_at_once_get_twenty_priorities() {
    let world = World::start();
    world.write_app(&App::default());
    let launches = many(&world, 20);
    let pulls: Vec<IssueId> = launches.iter().map(|(pull, _)| *pull).collect();
    for (_, running) in launches {
        let up = running.ends_with(0);
        world.assert_serves(up.output("url"), "Stand-in");
    }
    let priorities: BTreeSet<u32> = world.sandbox.aws.rules().iter().map(|rule| rule.priority).collect();
    assert_eq!(priorities.len(), 20);
    pulls.iter().for_each(|pull| world.sandbox.github.close(*pull));
    world.reap(&world.listener()).succeeds();
    world.finish();
}

#[test]
fn launches_that_were_killed_halfway_leave_nothing_after_a_pass() {
    let world = World::start();
    world.write_app(&App::default());
    let mut launches = many(&world, 8);
    let stay = launches.split_off(5);
    for (pull, running) in launches {
        running.until_said("started task");
        running.killed();
        world.sandbox.github.close(pull);
    }
    let urls: Vec<String> =
        stay.into_iter().map(|(_, running)| running.ends_with(0).output("url").to_owned()).collect();
    world.reap(&world.listener()).succeeds();
    world.eventually("three are left", || (world.live_previews().len() == 3).then_some(()));
    assert_eq!((world.sandbox.aws.rules().len(), world.sandbox.aws.target_groups().len()), (3, 3));
    urls.iter().for_each(|url| world.assert_serves(url, "Stand-in"));
    let open: Vec<IssueId> = world.sandbox.github.issues().iter().map(|issue| issue.id).collect();
    open.into_iter().for_each(|pull| _ = world.down(pull));
    world.finish();
}

#[test]
fn full_load_balancer_is_told_before_anything_is_started() {
    let (world, pull) = World::with_app(&App::default());
    world.sandbox.aws.set_rule_quota(1);
    world.up(pull, &world.by_alb()).succeeds();
    let other = world.open_pull();
    let before = world.aws_calls("RunTask").len();
    let ran = world.up(other, &world.by_alb()).warns("room for 0 more").fails(4);
    assert!(ran.error().contains("1 of 1 rules"), "{}", ran.error());
    assert_eq!(world.aws_calls("RunTask").len(), before);
    world.down(pull);
    world.finish();
}

#[test]
fn priority_that_somebody_took_meanwhile_is_stepped_over() {
    let (world, pull) = World::with_app(&App::default());
    world.sandbox.aws.fault(Fault::once("CreateRule", refusal("PriorityInUse", "taken")).times(3));
    let up = world.up(pull, &world.by_alb()).succeeds();
    let tried: BTreeSet<String> =
        world.aws_calls("CreateRule").iter().map(|call| call.parameters["Priority"].to_string()).collect();
    assert_eq!(tried.len(), 4);
    world.assert_serves(up.output("url"), "Stand-in");
    world.down(pull);
    world.finish();
}

#[test]
fn route_is_removed_rule_first_and_its_group_as_soon_as_it_is_free() {
    let (world, pull) = World::with_app(&App::default());
    world.up(pull, &world.by_alb()).succeeds();
    world.sandbox.aws.fault(Fault::once("DeleteTargetGroup", refusal("ResourceInUse", "in use by a rule")).times(2));
    world.down(pull);
    let order: Vec<String> = world.sandbox.aws.log().into_iter().map(|call| call.operation).collect();
    let first = |operation: &str| order.iter().position(|other| other == operation);
    let steps = ["DeleteRule", "DeregisterTargets", "DeleteTargetGroup"].map(first);
    assert!(steps.iter().all(Option::is_some) && steps.is_sorted(), "{steps:?}");
    assert!(first("DeleteRule") < first("StopTask"));
    assert_eq!(world.aws_calls("DeleteTargetGroup").len(), 3);
    world.finish();
}

#[test]
fn push_replaces_the_preview_without_a_gap_and_keeps_its_url() {
    let world = World::with(Pace { drain: Some(Duration::from_secs(2)), ..Pace::default() });
    world.write_app(&App::default());
    let pull = world.open_pull();
    let first = world.up(pull, &world.by_alb()).succeeds();
    let url = first.output("url").to_owned();
    let stop = AtomicBool::new(false);
    let ask = || {
        let mut answers = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            // Some request is always under way when the old one is taken off.
            answers.push(world.page(&format!("{url}/slow?ms=300")).map(|page| page.status));
        }
        answers
    };
    let (second, answers) = thread::scope(|scope| {
        let asking = scope.spawn(ask);
        world.sandbox.github.push(pull);
        let second = world.up(pull, &format!("{} --image {}", world.by_alb(), app("v2"))).start().ends_with(0);
        world.ended(first.task_arn());
        stop.store(true, Ordering::Relaxed);
        (second, asking.join().expect("it only asks"))
    });
    assert_eq!(second.output("url"), url);
    assert!(answers.len() > 3 && answers.iter().all(|status| *status == Some(200)), "{answers:?}");
    assert_eq!(world.only_preview().arn, second.task_arn());
    assert_eq!((world.sandbox.aws.rules().len(), world.sandbox.aws.target_groups().len()), (1, 1));
    world.sticky(pull);
    world.down(pull);
    world.finish();
}

#[test]
fn launch_that_is_cancelled_while_the_old_one_drains_stays() {
    let world = World::with(Pace { drain: None, ..Pace::default() });
    world.write_app(&App::default());
    let pull = world.open_pull();
    let first = world.up(pull, &world.by_alb()).succeeds();
    world.sandbox.github.push(pull);
    let running = world.up(pull, &world.by_alb()).start();
    world.eventually("the old one is taken off", || world.aws_calls("DeregisterTargets").pop());
    running.signal(Signal::SIGTERM);
    let ran = running.ends_with(130);
    assert!(ran.stderr.contains("left running"), "{}", ran.stderr);
    world.assert_serves(first.output("url"), "Stand-in");
    world.sandbox.aws.set_pace(Pace::default());
    world.reap(&world.listener()).succeeds();
    world.ended(first.task_arn());
    world.assert_serves(first.output("url"), "Stand-in");
    world.down(pull);
    world.finish();
}
