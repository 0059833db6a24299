//! `up` is killed at each single call that it makes: asked again it ends with one live preview, and `reap` leaves nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use e2e::World;
use e2e::preview::App;
use sandbox::aws::{self, Pace};
use sandbox::github::{self, IssueId};

/// Lists know a task at once: what `reap` sees of a killed launch is all there is of it.
const PACE: fn() -> Pace = || Pace { list_lag: Duration::ZERO, describe_lag: Duration::ZERO, ..Pace::default() };
/// Worlds at a time.
const WORKERS: usize = 4;

/// Whose call is the last.
#[derive(Clone, Copy, Debug)]
enum Side {
    Aws,
    GitHub,
}

/// What comes after.
#[derive(Clone, Copy, Debug)]
enum Then {
    UpAgain,
    Reap,
}

fn world() -> (World, IssueId) {
    let world = World::with(PACE());
    world.write_app(&App::default());
    let pull = world.open_pull();
    (world, pull)
}

/// How many calls one `up` makes on each side.
fn calls_of_one_up() -> (u32, u32) {
    let (world, pull) = world();
    world.up(pull, &world.by_alb()).succeeds();
    let count = |calls: usize| u32::try_from(calls).expect("there are not so many calls");
    let counts = (count(world.sandbox.aws.log().len()), count(world.sandbox.github.log().len()));
    world.down(pull);
    world.finish();
    counts
}

/// Kills an `up` in the call after so many. One that has ended before has no such call: polls differ from run to run.
fn kill_in_call(world: &World, pull: IssueId, side: Side, skip: u32) {
    match side {
        Side::Aws => world.sandbox.aws.fault(aws::Fault::once("*", aws::FaultKind::Hang).after(skip)),
        Side::GitHub => world.sandbox.github.fault(github::Fault {
            method: None,
            path: "*".to_owned(),
            skip,
            times: Some(1),
            kind: github::FaultKind::Hang,
        }),
    }
    let struck = || match side {
        Side::Aws => world.sandbox.aws.pending_faults().is_empty(),
        Side::GitHub => world.sandbox.github.pending_faults().is_empty(),
    };
    let mut running = world.up(pull, &world.by_alb()).start();
    world.eventually("up hangs in its call, or is over", || (struck() || running.has_ended()).then_some(()));
    if !struck() {
        running.ends_with(0);
        world.sandbox.github.clear_faults();
        world.sandbox.aws.clear_faults();
        return;
    }
    running.killed();
}

fn case(side: Side, skip: u32, then: Then) {
    let (world, pull) = world();
    kill_in_call(&world, pull, side, skip);
    match then {
        Then::UpAgain => {
            let up = world.up(pull, &world.by_alb()).succeeds();
            assert_eq!(world.only_preview().arn, up.task_arn(), "{side:?} {skip}");
            assert_eq!(world.sandbox.aws.rules().len(), 1, "{side:?} {skip}");
            world.assert_serves(up.output("url"), "Stand-in");
            world.sticky(pull);
            world.down(pull);
        }
        Then::Reap => {
            world.sandbox.github.close(pull);
            world.reap(&world.listener()).succeeds();
        }
    }
    world.finish();
}

#[test]
fn up_killed_at_any_call_is_made_good_by_the_next_or_removed_by_reap() {
    let (aws, github) = calls_of_one_up();
    assert!(aws > 15 && github > 5, "so few calls are no launch: {aws}, {github}");
    let each = (0..aws).map(|skip| (Side::Aws, skip)).chain((0..github).map(|skip| (Side::GitHub, skip)));
    let cases = each.flat_map(|(side, skip)| [Then::UpAgain, Then::Reap].map(|then| (side, skip, then)));
    let cases: Mutex<VecDeque<_>> = Mutex::new(cases.collect());
    let failed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = cases.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some((side, skip, then)) = next else { return };
            if thread::spawn(move || case(side, skip, then)).join().is_err() {
                failed.lock().unwrap_or_else(PoisonError::into_inner).push((side, skip, then));
            }
        }
    };
    thread::scope(|scope| (0..WORKERS).for_each(|_| _ = scope.spawn(work)));
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(failed.is_empty(), "of {aws} calls of AWS's and {github} of GitHub's: {failed:?}");
}
