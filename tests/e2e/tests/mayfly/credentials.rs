//! How the machine gets the right to register, in each of the handovers and with each kind of credential.

use contract::env;
use contract::exit::Cause;
use e2e::{Ran, World};
use sandbox::aws::fixture;
use sandbox::keys;
use sandbox::world::APP_ID;
use serde_json::{Value, json};

/// A task definition that injects nothing: the handover is all there is.
const EMPTY_HANDED: &str = "runner-without-secrets";

fn empty_handed() -> World {
    let world = World::start();
    world.register_like(fixture::FARGATE_FAMILY, EMPTY_HANDED, |definition| {
        definition["containerDefinitions"][0]["secrets"] = json!([]);
    });
    world
}

/// The variables that the only RunTask overrode.
fn overrides(world: &World) -> Vec<(String, String)> {
    let calls = world.aws_calls("RunTask");
    let environment = &calls[0].parameters["overrides"]["containerOverrides"][0]["environment"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    environment.as_array().into_iter().flatten().map(|pair| (text(&pair["name"]), text(&pair["value"]))).collect()
}

fn overridden(world: &World, name: &str) -> Option<String> {
    overrides(world).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Lets the machine do a job; its registration must be gone after.
#[track_caller]
fn assert_works(world: &World, start: &Ran) {
    world.finished(world.queue(&start.runs_on(), "true"));
    let end = world.record(&world.ended(start.task_arn()));
    assert_eq!((end.cause, end.jobs), (Cause::JobDone, 1), "{}", end.message);
}

#[test]
fn app_key_of_the_task_definition_registers_by_a_token_that_can_do_nothing_else() {
    let world = World::start();
    world.sandbox.aws.put_parameter("/mayfly/app-id", &APP_ID.to_string());
    world.sandbox.aws.put_parameter("/mayfly/app-key", keys::APP_PRIVATE_KEY);
    world.register_like(fixture::FARGATE_FAMILY, "runner-with-app", |definition| {
        definition["containerDefinitions"][0]["secrets"] = json!([
            { "name": env::GITHUB_APP_ID, "valueFrom": "/mayfly/app-id" },
            { "name": env::GITHUB_APP_PRIVATE_KEY, "valueFrom": "/mayfly/app-key" },
        ]);
    });
    let start = world.step("runner start --task-definition runner-with-app").succeeds();
    assert_works(&world, &start);
    let minted = world.github_requests("POST", "/access_tokens");
    assert!(!minted.is_empty());
    for exchange in minted {
        let permissions = exchange.request.expect("the token is scoped down")["permissions"].clone();
        assert_eq!(permissions, json!({ "administration": "write" }));
    }
    world.finish();
}

#[test]
fn parameter_with_a_pat_is_read_once_and_deleted() {
    let world = empty_handed();
    let line = format!("runner start --handover parameter --task-definition {EMPTY_HANDED}");
    let start = world.step(&line).with_token(&world).succeeds();

    let put = world.aws_calls("PutParameter");
    let name = put[0].parameters["Name"].as_str().expect("a parameter has a name").to_owned();
    assert_eq!(overridden(&world, env::SECRET_PARAMETER), Some(name.clone()));
    assert_eq!(world.sandbox.aws.parameter(&name), None, "PID 1 has deleted it");
    assert_eq!((world.aws_calls("GetParameter").len(), world.aws_calls("DeleteParameter").len()), (1, 1));
    let random = name.rsplit('/').next().unwrap_or_default();
    assert!(random.len() >= 32, "128 random bits are 32 hexadecimal digits: {name}");
    assert_works(&world, &start);
    world.finish();
}

#[test]
fn parameter_with_an_app_holds_an_installation_token_and_never_the_key() {
    let world = empty_handed();
    let line = format!("runner start --handover parameter --task-definition {EMPTY_HANDED}");
    let start = world.step(&line).with_app().succeeds();
    let minted = world.github_requests("POST", "/access_tokens");
    assert_eq!(
        minted[0].request.as_ref().map(|body| &body["permissions"]),
        Some(&json!({ "administration": "write" }))
    );
    assert_works(&world, &start);
    world.finish();
}

#[test]
fn token_from_a_pat_is_a_registration_token_and_the_pat_stays_here() {
    let world = empty_handed();
    let line = format!("runner start --handover token --task-definition {EMPTY_HANDED}");
    let start = world.step(&line).with_token(&world).warns("handover token").succeeds();
    assert!(overridden(&world, env::REGISTRATION_TOKEN).is_some());
    let values = format!("{:?}", overrides(&world));
    assert!(!values.contains(world.sandbox.github_token()), "the PAT is in the overrides");
    assert_works(&world, &start);
    world.finish();
}

#[test]
fn token_from_an_app_is_an_installation_token() {
    let world = empty_handed();
    let line = format!("runner start --handover token --task-definition {EMPTY_HANDED}");
    let start = world.step(&line).with_app().warns("handover token").succeeds();
    assert!(overridden(&world, env::GITHUB_TOKEN).is_some_and(|token| token.starts_with("ghs_")));
    assert_works(&world, &start);
    world.finish();
}

#[test]
fn handover_without_a_credential_is_refused_before_anything_is_called() {
    let world = World::start();
    for handover in ["parameter", "token"] {
        let ran = world.step("runner start --handover").arg(handover).fails(64);
        assert!(ran.error().contains(env::GITHUB_TOKEN), "{}", ran.error());
    }
    world.assert_nothing_was_called();
    world.finish();
}
