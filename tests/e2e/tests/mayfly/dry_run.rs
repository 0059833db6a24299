//! `--dry-run`: what would be done, and nothing done.

use contract::env;
use e2e::World;
use serde_json::Value;

#[test]
fn start_prints_the_request_that_it_would_send_and_calls_nothing() {
    let world = World::start();
    let ran = world.step("runner start --dry-run --launch-mode fargate-spot --cpu 1024 --memory 2048").succeeds();
    let request = ran.json();
    assert_eq!(request["cluster"], "mayfly");
    assert_eq!(request["capacityProviderStrategy"][0]["capacityProvider"], "FARGATE_SPOT");
    assert_eq!(request["overrides"]["memory"], "2048");
    assert!(ran.outputs.is_empty(), "a dry run sets no outputs: {:?}", ran.outputs);
    world.assert_nothing_was_called();
    world.finish();
}

#[test]
fn request_of_a_dry_run_is_the_one_that_is_sent() {
    let world = World::start();
    let mut printed = world.step("runner start --dry-run").succeeds().json();
    let start = world.step("runner start --wait none").succeeds();
    let mut sent = world.aws_calls("RunTask")[0].parameters.clone();
    // What tells two processes and two moments apart.
    forget_the_moment(&mut printed);
    forget_the_moment(&mut sent);
    assert_eq!(printed, sent);
    world.put_away(&start);
    world.finish();
}

fn forget_the_moment(request: &mut Value) {
    let volatile = [env::LAUNCHER, env::CREATED_AT, env::RUNNER_NAME];
    let environment = request["overrides"]["containerOverrides"][0]["environment"].as_array_mut();
    let environment = environment.expect("the environment is overridden");
    environment.retain(|pair| !volatile.iter().any(|name| pair["name"] == *name));
    let tags = request["tags"].as_array_mut().expect("the task is tagged");
    let changing = [contract::tags::CREATED_AT, contract::tags::EXPIRES_AT, contract::tags::RUNNER_NAME];
    tags.retain(|tag| !changing.iter().any(|key| tag["key"] == *key));
}

#[test]
fn dry_run_of_a_handover_mints_nothing() {
    let world = World::start();
    for handover in ["token", "parameter"] {
        let step = world.step("runner start --dry-run --handover").arg(handover).with_token(&world);
        let ran = step.succeeds();
        assert!(!ran.everything().contains(world.sandbox.github_token()));
    }
    world.assert_nothing_was_called();
    world.finish();
}

#[test]
fn dry_run_here_makes_no_machine() {
    let world = World::start();
    let step = world.laptop("runner start --launch-mode local --dry-run").with_token(&world);
    let environment = step.succeeds().json();
    assert_eq!(environment[env::KIND], "runner");
    assert!(!world.home().join(".local").exists(), "a folder was made");
    world.assert_nothing_was_called();
    world.finish();
}
