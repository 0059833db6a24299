//! The one comment, the deployment and the commit status over a preview's life.

use e2e::World;
use e2e::preview::App;
use sandbox::github::{DeploymentState, Emotion, Fault, FaultKind, StatusState};
use sandbox::world::{STRANGER, WRITER};

use crate::stage::{UP, job, put_away, say, world};

#[test]
fn one_comment_is_edited_from_start_to_end_and_a_fresh_one_says_that_it_is_ready() {
    let (world, pull) = world();
    let ran = say(&world, pull, WRITER, &format!("{UP} ttl=3s")).heard("").succeeds();
    let url = ran.output("url");
    assert!(world.sticky(pull).contains("mayfly:stage ready") && world.sticky(pull).contains(url));
    let deployment = world.sandbox.github.deployments().pop().expect("it was told");
    assert_eq!((deployment.state(), deployment.url()), (Some(DeploymentState::Success), Some(url)));

    job(&world, &format!("preview wait --pr {}", pull.number)).succeeds();

    let sticky = world.sticky(pull);
    assert!(sticky.contains("mayfly:stage ended") && sticky.contains("its time was up"), "{sticky}");
    assert_eq!(world.comments(pull).len(), 2, "one that is edited, one that says ready");
    assert_eq!(world.sandbox.github.deployments().pop().map(|one| one.shown_state()), Some("destroyed"));
    let head = world.sandbox.github.issue(pull).and_then(|issue| issue.pull).expect("a pull request");
    let statuses = world.sandbox.github.statuses(head.head());
    assert!(statuses.iter().any(|status| status.state == StatusState::Success), "{statuses:#?}");
    put_away(world, pull);
}

#[test]
fn strangers_comment_with_our_marker_is_left_alone() {
    let (world, pull) = world();
    let marker = format!("<!-- mayfly:preview pr={} -->\nfake", pull.number);
    let fake = world.sandbox.github.comment(pull, STRANGER, &marker);
    say(&world, pull, WRITER, UP).heard("").succeeds();
    let comments = world.sandbox.github.comments(pull);
    let of = |body: &str| comments.iter().filter(|one| one.body.starts_with(body)).count();
    assert_eq!(of(&format!("<!-- mayfly:preview pr={} -->", pull.number)), 2, "theirs and ours: {comments:#?}");
    assert!(comments.iter().any(|one| one.id == fake && one.body == marker));
    put_away(world, pull);
}

#[test]
fn answer_that_is_lost_makes_no_second_comment() {
    let (world, pull) = world();
    world.sandbox.github.fault(Fault::once("POST", "*/issues/*/comments", FaultKind::LostAnswer));
    say(&world, pull, WRITER, UP).heard("").succeeds();
    // Fails where there is more than one.
    assert!(world.sticky(pull).contains("mayfly:stage ready"), "{}", world.sticky(pull));
    put_away(world, pull);
}

#[test]
fn app_that_dies_while_it_starts_is_told_as_failed_with_a_fresh_comment_and_its_last_lines() {
    let (world, pull) =
        World::with_app(&App::default().env("APP_CRASH_AFTER_MS", "1").env("APP_HEALTHY_AFTER_MS", "60000"));
    let up = say(&world, pull, WRITER, UP);
    let error = up.heard("").fails(4).error();
    assert!(error.contains("task"), "{error}");
    let sticky = world.sticky(pull);
    assert!(sticky.contains("mayfly:stage failed") && sticky.contains("standin-app:"), "{sticky}");
    assert_eq!(world.comments(pull).iter().filter(|one| one.body.contains(" failed -->")).count(), 1);
    assert_eq!(up.reactions(pull).last(), Some(&Emotion::Confused));
    let deployment = world.sandbox.github.deployments().pop().expect("it was told");
    assert_eq!(deployment.state(), Some(DeploymentState::Failure));
    put_away(world, pull);
}
