//! What `mayfly runner start` answers, and what it waits for before it does.

use e2e::World;
use sandbox::aws::{Status, fixture};
use sandbox::github::{Exchange, Fault, FaultKind};
use serde_json::{Value, json};

/// Names of the fields of an object.
fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// GitHub's REST API, as far as `mayfly` itself has asked it (the machine asks as well).
fn asked_of_github(world: &World) -> usize {
    let by_mayfly =
        |exchange: &Exchange| exchange.user_agent.starts_with("mayfly/") && !exchange.path.starts_with("/oidc");
    world.sandbox.github.log().iter().filter(|exchange| by_mayfly(exchange)).count()
}

#[test]
fn json_answer_has_the_documented_fields() {
    let world = World::start();
    let start = world.step("runner start --output json").succeeds();
    let answer = start.json();
    assert_eq!(fields(&answer), ["adopted", "label", "launches", "phases", "runs_on"]);
    let launch = &answer["launches"][0];
    let documented = [
        "adopted",
        "expires_at",
        "folder",
        "id",
        "index",
        "mode",
        "phases",
        "price_note",
        "price_per_hour",
        "runner_name",
        "task_arn",
    ];
    assert_eq!(fields(launch), documented);
    assert_eq!(answer["label"], start.label());
    assert_eq!(answer["runs_on"], json!(start.runs_on()));
    assert_eq!((&answer["adopted"], &launch["mode"]), (&json!(false), &json!("fargate")));
    assert_eq!(
        (&launch["task_arn"], &launch["runner_name"]),
        (&json!(start.task_arn()), &json!(start.output("runner-name")))
    );
    assert!(launch["price_per_hour"].as_f64().is_some_and(|price| price > 0.0), "{launch}");
    world.put_away(&start);
    world.finish();
}

#[test]
fn phases_before_and_after_the_launch_are_told_in_their_order() {
    let world = World::start();
    let start = world.step("runner start --output json").succeeds();
    let answer = start.json();
    let names = |phases: &Value| -> Vec<String> {
        phases
            .as_array()
            .into_iter()
            .flatten()
            .map(|phase| phase["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(names(&answer["phases"]), ["oidc", "sts"]);
    assert_eq!(names(&answer["launches"][0]["phases"]), ["run_task", "provisioning", "pull", "start", "registered"]);
    world.put_away(&start);
    world.finish();
}

#[test]
fn step_gets_outputs_and_the_run_a_summary() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let names: Vec<&str> = start.outputs.keys().map(String::as_str).collect();
    assert_eq!(names, ["label", "runner-name", "runs-on", "task-arn"]);
    assert_eq!(start.runs_on(), ["self-hosted", start.label()]);
    assert!(start.summary.contains(start.label()), "{}", start.summary);
    for said in ["price", "dies", "phases", start.label()] {
        assert!(start.stdout.contains(said), "nothing about {said}: {}", start.stdout);
    }
    for masked in start.stderr.lines().filter(|line| line.starts_with("::add-mask::")) {
        let masked = masked.trim_start_matches("::add-mask::");
        let outputs: Vec<&String> = start.outputs.values().collect();
        assert!(!outputs.iter().any(|output| output.contains(masked)), "GitHub drops outputs with masked values");
    }
    world.put_away(&start);
    world.finish();
}

#[test]
fn account_region_and_session_are_told() {
    let world = World::start();
    let start = world.step("runner start --wait none").succeeds();
    let run = world.sandbox.run;
    let expected =
        format!("assumed-role/mayfly-launcher/mayfly-octo.demo-{run}-1 in account 123456789012, eu-central-1");
    assert!(start.stderr.contains(&expected), "{}", start.stderr);
    world.put_away(&start);
    world.finish();
}

#[test]
fn further_label_is_taken_with_a_warning() {
    let world = World::start();
    let start = world.step("runner start --label gpu").warns("any queued job").succeeds();
    assert_eq!(start.runs_on(), ["self-hosted", start.label(), "gpu"]);
    assert!(world.online_runner().labels.contains(&"gpu".to_owned()));
    world.put_away(&start);
    world.finish();
}

#[test]
fn wait_none_answers_as_soon_as_the_task_is_accepted() {
    let world = World::start();
    let start = world.step("runner start --wait none").succeeds();
    assert_eq!(world.aws_calls("DescribeTasks").len(), 0);
    world.put_away(&start);
    world.finish();
}

#[test]
fn wait_running_answers_when_the_container_runs() {
    let world = World::start();
    // The registration comes late: who waited for it could not say that only the container runs.
    world.sandbox.github.fault(Fault::once("POST", "*/generate-jitconfig", FaultKind::Delay(2_000)));
    let start = world.step("runner start --wait running").succeeds();
    assert_eq!(world.task_of(&start).status, Status::Running);
    assert!(world.sandbox.github.runners().is_empty());
    world.put_away(&start);
    world.finish();
}

#[test]
fn without_a_credential_the_health_check_tells_that_the_runner_is_online() {
    let world = World::start();
    let start = world.step("runner start --wait online").succeeds();
    assert!(world.online_runner().online);
    assert_eq!(asked_of_github(&world), 0);
    world.put_away(&start);
    world.finish();
}

#[test]
fn with_a_credential_github_tells_that_the_runner_is_online() {
    let world = World::start();
    // Without a health check nobody else could tell.
    world.register_like(fixture::FARGATE_FAMILY, "runner-unchecked", |definition| {
        definition["containerDefinitions"][0].as_object_mut().expect("an object").remove("healthCheck");
    });
    let start =
        world.step("runner start --wait online --task-definition runner-unchecked").with_token(&world).succeeds();
    assert!(world.online_runner().online);
    assert!(asked_of_github(&world) > 0);
    world.put_away(&start);
    world.finish();
}

#[test]
fn where_nobody_can_tell_the_wait_says_so_and_ends_when_the_container_runs() {
    let world = World::start();
    world.register_like(fixture::FARGATE_FAMILY, "runner-unchecked", |definition| {
        definition["containerDefinitions"][0].as_object_mut().expect("an object").remove("healthCheck");
    });
    let start = world
        .step("runner start --wait online --task-definition runner-unchecked")
        .warns("nobody can tell whether the runner is online")
        .succeeds();
    assert_eq!(world.task_of(&start).status, Status::Running);
    world.put_away(&start);
    world.finish();
}
