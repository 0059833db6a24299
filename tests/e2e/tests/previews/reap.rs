//! `mayfly reap` and previews: what nobody needs any more goes, and nothing else does.

use e2e::World;
use e2e::preview::App;
use sandbox::aws::{Disaster, Fate, fixture};
use serde_json::json;

#[test]
fn closed_pull_request_whose_event_never_came_loses_its_preview() {
    let (world, pull) = World::with_app(&App::default());
    let up = world.up(pull, &world.by_alb()).succeeds();
    world.reap(&world.listener()).succeeds();
    world.assert_serves(up.output("url"), "Stand-in");

    world.sandbox.github.close(pull);
    world.reap(&world.listener()).succeeds();
    world.ended(up.task_arn());
    world.reap(&world.listener()).succeeds();

    assert!(world.sticky(pull).contains("closed"), "{}", world.sticky(pull));
    world.finish();
}

#[test]
fn what_a_dead_task_left_is_removed_and_its_comment_closed() {
    let (world, pull) = World::with_app(&App::default());
    let up = world.up(pull, &world.by_alb()).succeeds();
    world.sandbox.aws.strike(up.task_arn(), Disaster::HostLost);
    world.ended(up.task_arn());
    assert_eq!(world.targets().len(), 1, "its address stays registered");

    world.reap(&world.listener()).succeeds();

    assert!(world.sandbox.aws.rules().is_empty() && world.sandbox.aws.target_groups().is_empty());
    let sticky = world.sticky(pull);
    assert!(sticky.contains("preview up"), "{sticky}");
    world.reap(&world.listener()).succeeds();
    assert_eq!(world.sticky(pull), sticky, "it is told once");
    world.down(pull);
    world.finish();
}

#[test]
fn comment_of_a_newer_launch_is_left_alone() {
    let (world, pull) = World::with_app(&App::default());
    let first = world.up(pull, "").succeeds();
    world.sandbox.github.push(pull);
    let second = world.up(pull, "").succeeds();
    world.ended(first.task_arn());
    let sticky = world.sticky(pull);
    assert!(sticky.contains(second.output("url")), "{sticky}");
    world.reap("").succeeds();
    assert_eq!(world.sticky(pull), sticky);
    assert_eq!(world.only_preview().arn, second.task_arn());
    world.down(pull);
    world.finish();
}

#[test]
fn images_of_closed_pull_requests_are_removed_where_that_is_asked_for() {
    let (world, pull) = World::with_app(&App::default());
    let closed = world.open_pull();
    world.sandbox.github.close(closed);
    for tag in [format!("pr-{}", pull.number), format!("pr-{}", closed.number), format!("pr-{}-abc", closed.number)] {
        world.sandbox.aws.push_image("app", &tag, "app");
    }
    let tags = || -> Vec<String> { world.sandbox.aws.images("app").into_iter().flat_map(|image| image.tags).collect() };
    let image = format!("--image {}", fixture::image("app:pr-{pr}"));
    let before = tags();
    world.reap(&image).succeeds();
    assert_eq!(tags(), before);
    world.reap(&format!("--images {image}")).succeeds();
    let gone: Vec<String> = before.into_iter().filter(|tag| !tags().contains(tag)).collect();
    assert_eq!(gone, [format!("pr-{}", closed.number), format!("pr-{}-abc", closed.number)]);
    world.finish();
}

#[test]
fn preview_behind_a_hundred_foreign_tasks_is_found_and_they_are_not_touched() {
    let (world, pull) = World::with_app(&App::default());
    for _ in 0..100 {
        world.sandbox.aws.next_fate(Fate::NeverRuns);
    }
    for _ in 0..10 {
        let network = json!({ "awsvpcConfiguration": { "subnets": [fixture::SUBNET] } });
        world.ecs(
            "RunTask",
            &json!({
                "cluster": fixture::CLUSTER,
                "taskDefinition": fixture::FARGATE_FAMILY,
                "launchType": "FARGATE",
                "count": 10,
                "networkConfiguration": network,
            }),
        );
    }
    let up = world.up(pull, "").succeeds();
    world.sandbox.github.close(pull);
    world.reap("").succeeds();
    world.ended(up.task_arn());
    assert_eq!(world.live_previews().len(), 100, "somebody else's tasks live on");
    let foreign = world.live_previews();
    foreign.iter().for_each(|task| assert!(world.sandbox.aws.strike(&task.arn, Disaster::SandboxEnds)));
    world.finish();
}
