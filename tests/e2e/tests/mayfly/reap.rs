//! `mayfly reap`: one pass over both sides mends what nobody else ends, and touches nothing that is not ours.

use e2e::{Mayfly, Ran, World};
use sandbox::aws::{Fate, StopCode};
use sandbox::github::{Fault, FaultKind};
use serde_json::{Value, json};

/// A pass that leaves nothing alone for being young.
fn reap(world: &World, flags: &str) -> Mayfly {
    world.step(&format!("reap --grace 0s --output json {flags}")).with_token(world)
}

fn actions(ran: &Ran) -> Vec<Value> {
    ran.json()["actions"].as_array().expect("actions are listed").clone()
}

/// A runner of this place whose machine is gone: its name says that it was made in 2020.
#[track_caller]
fn add_ghost(world: &World) -> (u64, String) {
    let request = world.step("runner start --key ghost --dry-run").succeeds().json();
    let environment = &request["overrides"]["containerOverrides"][0]["environment"];
    let pairs = environment.as_array().expect("the environment is overridden");
    let pair = pairs.iter().find(|pair| pair["name"] == contract::env::RUNNER_NAME).expect("the runner has a name");
    let name = pair["value"].as_str().expect("a name is a text");
    let (stem, _) = name.rsplit_once('-').expect("the name ends with its time");
    let name = format!("{stem}-q3eogw");
    (world.add_runner(&name), name)
}

#[test]
fn ghost_past_its_grace_is_deleted() {
    let world = World::start();
    let (_, name) = add_ghost(&world);
    let ran = world.step("reap --output json").with_token(&world).succeeds();
    let done = actions(&ran);
    assert_eq!((&done[0]["kind"], &done[0]["runner_name"]), (&json!("ghost"), &json!(name)));
    assert_eq!(done[0]["result"], "deleted");
    world.finish();
}

#[test]
fn ghost_within_its_grace_is_left_for_now() {
    let world = World::start();
    let (id, _) = add_ghost(&world);
    let ran = world.step("reap --grace 36500d --output json").with_token(&world).succeeds();
    assert_eq!(actions(&ran).len(), 0);
    assert_eq!(world.sandbox.github.runners().len(), 1);
    world.sandbox.github.forget_runner(id);
    world.finish();
}

#[test]
fn ghost_that_github_calls_busy_is_left() {
    let world = World::start();
    let (id, _) = add_ghost(&world);
    world.sandbox.github.make_busy(id, world.queue(&["nobody"], "true"));
    let ran = reap(&world, "").succeeds();
    assert!(actions(&ran)[0]["result"].as_str().is_some_and(|result| result.contains("a job runs")), "{}", ran.stdout);
    assert_eq!(world.sandbox.github.runners().len(), 1);
    world.sandbox.github.forget_runner(id);
    world.finish();
}

#[test]
fn refusal_of_the_delete_leaves_the_ghost_and_fails_the_pass() {
    for kind in [FaultKind::Status { status: 403, message: "no".to_owned() }, FaultKind::TooManyRequests(3_600)] {
        let world = World::start();
        let (id, _) = add_ghost(&world);
        world.sandbox.github.fault(Fault { times: None, ..Fault::once("DELETE", "*/actions/runners/*", kind) });
        let ran = reap(&world, "").fails(3);
        assert!(actions(&ran)[0]["result"].as_str().is_some_and(|result| result.starts_with("failed: ")));
        assert_eq!(world.sandbox.github.runners().len(), 1);
        world.sandbox.github.forget_runner(id);
        world.finish();
    }
}

#[test]
fn task_past_its_lifetime_is_ended() {
    let world = World::start();
    world.sandbox.aws.next_fate(Fate::NeverRuns);
    let start = world.step("runner start --wait none --max-idle 1s --max-lifetime 1s").succeeds();
    let done = e2e::eventually("the pass finds it", || {
        Some(actions(&reap(&world, "").succeeds())).filter(|done| !done.is_empty())
    });
    assert_eq!((&done[0]["kind"], &done[0]["result"]), (&json!("overdue"), &json!("stopped")));
    let task = world.ended(start.task_arn());
    assert_eq!(task.stop.map(|stop| stop.code), Some(StopCode::UserInitiated));
    world.finish();
}

#[test]
fn dry_run_says_what_would_be_done_and_changes_nothing() {
    let world = World::start();
    let (id, _) = add_ghost(&world);
    let ran = reap(&world, "--dry-run").succeeds();
    assert_eq!(ran.json()["dry_run"], true);
    assert_eq!(actions(&ran)[0]["result"], "would be done");
    let changing = |method: &str| ["POST", "PUT", "PATCH", "DELETE"].contains(&method);
    let changes = world.sandbox.github.log().into_iter().filter(|exchange| changing(&exchange.method)).count();
    assert_eq!(changes, 0);
    assert!(world.aws_calls("StopTask").is_empty());
    world.sandbox.github.forget_runner(id);
    world.finish();
}

#[test]
fn live_machine_untagged_task_and_others_runners_are_not_touched() {
    let world = World::start();
    let live = world.step("runner start").succeeds();
    let theirs = world.ecs(
        "RunTask",
        &json!({
            "cluster": "mayfly",
            "taskDefinition": "mayfly-runner-ec2",
            "launchType": "EC2",
            "startedBy": "somebody",
            "overrides": { "containerOverrides": [{ "name": "runner", "command": ["healthcheck"] }] },
        }),
    );
    let theirs = theirs["tasks"][0]["taskArn"].as_str().expect("a task was started");
    let other_place = live.output("runner-name").replacen(&live.output("runner-name")[3..11], "00000000", 1);
    let strangers = [world.add_runner(&other_place), world.add_runner("ip-10-0-0-1")];

    let ran = reap(&world, "").succeeds();

    assert_eq!(actions(&ran), Vec::<Value>::new());
    assert_eq!(world.sandbox.github.runners().len(), 3);
    assert!(world.aws_calls("StopTask").is_empty());
    for id in strangers {
        world.sandbox.github.forget_runner(id);
    }
    world.ended(theirs);
    world.put_away(&live);
    world.finish();
}

#[test]
fn pass_without_a_credential_says_that_it_cannot_see_ghosts() {
    let world = World::start();
    let (id, _) = add_ghost(&world);
    let ran = world.step("reap --output json").warns("no GitHub credential here").succeeds();
    assert_eq!(ran.json()["runners"], Value::Null);
    world.sandbox.github.forget_runner(id);
    world.finish();
}

#[test]
fn half_a_look_is_no_ground_to_act_on() {
    let world = World::start();
    let (id, _) = add_ghost(&world);
    let kind = sandbox::aws::FaultKind::Error {
        status: 400,
        code: "AccessDeniedException".to_owned(),
        message: "no".to_owned(),
    };
    world.sandbox.aws.fault(sandbox::aws::Fault::once("ListTasks", kind));
    reap(&world, "").fails(4);
    assert!(world.github_requests("DELETE", "/actions/runners/").is_empty());
    world.sandbox.github.forget_runner(id);
    world.finish();
}

#[test]
fn pass_with_nothing_to_do_says_so() {
    let world = World::start();
    let ran = world.step("reap").with_token(&world).succeeds();
    assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
    world.finish();
}
