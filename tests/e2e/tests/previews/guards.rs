//! What is refused, and that nothing was made before the refusal.

use contract::env;
use e2e::preview::App;
use e2e::{Mayfly, World};
use sandbox::aws::{Task, fixture};
use sandbox::github::{IssueId, PullSpec};
use sandbox::world::{REPO, STRANGER};

/// Asserts that calls only looked: nothing was made, changed or told.
#[track_caller]
fn assert_nothing_was_made(world: &World) {
    let looks = ["Describe", "List", "Get", "BatchGet", "AssumeRole"];
    let made = world.sandbox.aws.log().into_iter().map(|call| call.operation);
    let made: Vec<String> = made.filter(|operation| !looks.iter().any(|look| operation.starts_with(look))).collect();
    assert!(made.is_empty(), "{made:?}");
    let told = world.sandbox.github.log().into_iter().filter(|exchange| exchange.method != "GET");
    let told: Vec<String> = told.map(|exchange| format!("{} {}", exchange.method, exchange.path)).collect();
    assert!(told.is_empty(), "{told:?}");
}

#[track_caller]
fn assert_refused(code: i32, mayfly: Mayfly, words: &[&str]) {
    let said = mayfly.fails(code).stderr;
    for word in words {
        assert!(said.contains(word), "nothing about \"{word}\": {said}");
    }
}

fn fork(world: &World) -> IssueId {
    world.sandbox.github.open_pull(PullSpec::from_fork(REPO, STRANGER))
}

#[test]
fn full_cluster_is_refused_with_the_list_and_ones_own_slot_does_not_count() {
    let (world, pull) = World::with_app(&App::default());
    let up = world.up(pull, "--max-previews 1").succeeds();
    let other = world.open_pull();
    let refused = world.up(other, "--max-previews 1").fails(8);
    for words in ["1 of 1 previews", up.output("url"), "--when-full wait"] {
        assert!(refused.stderr.contains(words), "nothing about \"{words}\": {}", refused.stderr);
    }
    world.sandbox.github.push(pull);
    world.up(pull, "--max-previews 1").succeeds();
    world.ended(up.task_arn());
    world.down(pull);
    world.finish();
}

#[test]
fn preview_that_costs_too_much_is_refused_with_its_price() {
    let (world, pull) = World::with_app(&App::default());
    assert_refused(8, world.up(pull, "--max-hourly 0.01"), &["0.0142 USD an hour", "--max-hourly 0.01"]);
    assert_nothing_was_made(&world);
    world.finish();
}

#[test]
fn closed_and_merged_pull_requests_are_refused() {
    let world = World::start();
    world.write_app(&App::default());
    let (closed, merged) = (world.open_pull(), world.open_pull());
    world.sandbox.github.close(closed);
    world.sandbox.github.merge(merged);
    assert_refused(8, world.up(closed, ""), &["is closed"]);
    assert_refused(8, world.up(merged, ""), &["is merged"]);
    assert_nothing_was_made(&world);
    world.finish();
}

#[test]
fn preview_of_a_pull_request_that_is_closed_meanwhile_is_put_away() {
    let (world, pull) = World::with_app(&App::default().env("APP_HEALTHY_AFTER_MS", "1500"));
    let running = world.up(pull, &world.by_alb()).start();
    running.until_said("started task");
    world.sandbox.github.close(pull);
    let error = running.ends_with(6).error();
    assert!(error.contains("was closed while its preview started"), "{error}");
    world.ended(&world.only_task().arn);
    world.reap(&world.listener()).succeeds();
    world.finish();
}

#[test]
fn fork_gets_no_preview_without_a_network_of_its_own() {
    let world = World::start();
    world.write_app(&App::default());
    let pull = fork(&world);
    assert_refused(64, world.up(pull, ""), &["--fork-security-groups", "comes from a fork"]);
    assert_nothing_was_made(&world);
    world.sandbox.github.delete_fork(pull);
    let flag = format!("--fork-security-groups {}", fixture::FORK_SECURITY_GROUP);
    assert_refused(8, world.up(pull, &flag), &["was deleted"]);
    assert_nothing_was_made(&world);
    world.finish();
}

#[test]
fn fork_gets_a_cage() {
    let secret = format!(
        "[preview.secrets]\nPASSWORD = \"arn:aws:ssm:{}:{}:parameter{}\"\n",
        fixture::REGION,
        fixture::ACCOUNT,
        fixture::TOKEN_PARAMETER
    );
    let world = World::start();
    world.write_app(&App::default().section(&secret));
    let pull = fork(&world);
    let groups = fixture::FORK_SECURITY_GROUP;
    world.up(pull, &format!("--fork-security-groups {groups} --ttl 4h")).succeeds();

    let run = world.aws_calls("RunTask").pop().expect("a task was started").parameters;
    assert_eq!(run["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"], serde_json::json!([groups]));
    let definition = world.aws_calls("RegisterTaskDefinition").pop().expect("it was registered").parameters.to_string();
    assert!(!definition.contains("taskRoleArn") && !definition.contains(fixture::TOKEN_PARAMETER), "{definition}");
    assert_eq!(told(&world.only_preview(), env::TTL), "1h");
    assert_eq!(told(&world.only_preview(), env::MAX_TTL), "1h");
    world.down(pull);
    world.finish();
}

/// A variable that the app's container was given for this launch.
fn told(task: &Task, name: &str) -> String {
    let containers = task.overrides["containerOverrides"].as_array().into_iter().flatten();
    let pairs = containers.flat_map(|container| container["environment"].as_array().into_iter().flatten());
    let value = pairs.filter(|pair| pair["name"] == name).find_map(|pair| pair["value"].as_str());
    value.unwrap_or_else(|| panic!("{name} was not told: {}", task.overrides)).to_owned()
}

#[test]
fn variables_that_take_over_or_break_out_are_refused_before_any_call() {
    let (world, pull) = World::with_app(&App::default());
    let long = format!("APP_X={}", "x".repeat(1_025));
    let cases = [
        ("LD_PRELOAD=/tmp/x.so", "may never be set"),
        ("AWS_ENDPOINT_URL=http://x", "may never be set"),
        ("PATH=/tmp", "may never be set"),
        ("MAYFLY_TTL=99h", "may never be set"),
        ("ECS_CONTAINER_METADATA_URI_V4=http://x", "may never be set"),
        ("APP_X=a\nb", "line break"),
        (&long, "1025 bytes"),
        ("DEBUG=1", "FEATURE_*, APP_*"),
        ("APP_X", "NAME=VALUE"),
    ];
    for (pair, words) in cases {
        assert_refused(64, world.up(pull, "--env").arg(pair), &[words]);
    }
    world.assert_nothing_was_called();
    world.finish();
}

#[test]
fn more_variables_than_overrides_have_room_for_start_nothing() {
    let (world, pull) = World::with_app(&App::default());
    let value = "x".repeat(1_000);
    let pairs = (0..9).map(|number| format!("APP_{number}={value}"));
    let up = pairs.fold(world.up(pull, ""), |up, pair| up.arg("--env").arg(pair));
    let error = up.fails(64).error();
    assert!(error.contains("8192") || error.contains("8,192"), "{error}");
    world.assert_nothing_was_started();
    world.down(pull);
    world.finish();
}

#[test]
fn leases_are_read_as_people_write_them_and_none_is_without_an_end() {
    let (world, pull) = World::with_app(&App::default());
    for ttl in ["0", "9999h", "forever"] {
        assert_refused(64, world.up(pull, &format!("--ttl {ttl}")), &["--ttl"]);
    }
    assert_refused(64, world.up(pull, "--ttl=-1"), &["--ttl", "write for example"]);
    world.assert_nothing_was_called();
    for (ttl, written) in [("1h30m", "1h30m"), ("30", "30s")] {
        let plan = world.up(pull, &format!("--dry-run --ttl {ttl}")).succeeds().json();
        let words = &plan["runTask"]["overrides"]["containerOverrides"][0]["command"];
        assert_eq!((&words[0], &words[1]), (&"--ttl".into(), &written.into()), "{plan}");
    }
    world.finish();
}

#[test]
fn dry_run_changes_nothing() {
    let (world, pull) = World::with_app(&App::default());
    let plan = world.up(pull, &format!("--dry-run {}", world.by_alb())).succeeds().json();
    assert!(plan["registerTaskDefinition"].to_string().contains("mayfly-preview-"), "{plan}");
    assert_nothing_was_made(&world);
    world.finish();
}

#[test]
fn combinations_that_cannot_work_are_refused_before_any_call() {
    let (world, pull) = World::with_app(&App::default());
    let alb = world.by_alb();
    let cases = [
        ("--expose public-ip --assign-public-ip false".to_owned(), "public-ip needs a public address"),
        ("--expose public-ip --launch-mode ec2 --network awsvpc".to_owned(), "to which ECS gives no public address"),
        (format!("{alb} --launch-mode fargate,ec2 --network bridge"), "cannot mix"),
        (format!("{alb} --idle 10m"), "cannot work behind a load balancer"),
        ("--expose alb --base-domain x.test".to_owned(), "--listener"),
        (format!("--expose alb {}", world.listener()), "--base-domain"),
        ("--expose local".to_owned(), "local is for launch mode local"),
        ("--expose public-ip --launch-mode local".to_owned(), "is for ECS"),
        ("--launch-mode local,fargate".to_owned(), "stands alone"),
    ];
    for (flags, words) in cases {
        assert_refused(64, world.up(pull, &flags), &[words]);
    }
    world.assert_nothing_was_called();
    world.finish();
}
