//! Deployments and environments.

use std::time::Duration;

use sandbox::github::{DeploymentState, Level, PullSpec, Standing};
use serde_json::{Value, json};

use crate::world::{Client, Reply, World};

const DEPLOYMENTS: &str = "/repos/octo/demo/deployments";

/// As a preview asks for one.
fn wanted(reference: &str, environment: &str) -> Value {
    json!({
        "ref": reference,
        "environment": environment,
        "transient_environment": true,
        "production_environment": false,
        "auto_merge": false,
        "required_contexts": [],
    })
}

fn without(mut body: Value, member: &str) -> Value {
    body.as_object_mut().unwrap().remove(member);
    body
}

fn deployer(world: &World) -> Client {
    world.job(&[("deployments", Level::Write)])
}

fn deploy(client: &Client, body: &Value) -> String {
    let made = client.post(DEPLOYMENTS, body);
    assert_eq!(made.status, 201, "{}", made.body);
    format!("{DEPLOYMENTS}/{}", made.body["id"])
}

fn tell(client: &Client, deployment: &str, state: &str) -> Reply {
    client.post(&format!("{deployment}/statuses"), &json!({ "state": state }))
}

#[test]
fn deployment_goes_through_its_states_and_is_shown_as_destroyed() {
    let world = World::of_people();
    world.pull();
    let job = deployer(&world);
    let place = deploy(&job, &wanted("topic", "preview/pr-1"));
    let body = json!({ "state": "success", "environment_url": "https://pr-1.x.example", "log_url": "https://x.example/log", "description": "up" });
    let told = job.post(&format!("{place}/statuses"), &body);
    assert_eq!((told.status, &told.body["environment_url"]), (201, &json!("https://pr-1.x.example")));
    assert_eq!(tell(&job, &place, "inactive").body["state"], "inactive");
    let statuses = job.get(&format!("{place}/statuses")).body;
    assert_eq!((&statuses[0]["state"], &statuses[1]["state"]), (&json!("inactive"), &json!("success")));
    let deployment = &world.github.deployments()[0];
    assert_eq!((deployment.shown_state(), deployment.url()), ("destroyed", Some("https://pr-1.x.example")));
    assert_eq!(deployment.creator, "github-actions[bot]");
}

#[test]
fn defaults_bite_production_all_checks_and_a_merge() {
    let world = World::of_people();
    let pull = world.pull();
    let job = deployer(&world);
    let body = wanted("topic", "preview/pr-1");
    world.github.set_standing(pull, Standing::Conflicting);
    let conflict = job.post(DEPLOYMENTS, &without(body.clone(), "auto_merge"));
    assert_eq!((conflict.status, conflict.message()), (409, "Conflict merging main into topic."));
    world.github.set_standing(pull, Standing::Behind);
    let before = world.github.issue(pull).unwrap().pull.unwrap().head().to_owned();
    let merged = job.post(DEPLOYMENTS, &without(body.clone(), "auto_merge"));
    assert_eq!((merged.status, merged.message()), (202, "Auto-merged main into topic on deployment."));
    let head = world.github.issue(pull).unwrap().pull.unwrap().head().to_owned();
    assert_ne!(before, head, "the branch has a commit that nobody pushed");
    let status = json!({ "state": "pending", "context": "ci" });
    world.user("mona").post(&format!("/repos/octo/demo/statuses/{head}"), &status);
    let unchecked = job.post(DEPLOYMENTS, &without(body.clone(), "required_contexts"));
    assert_eq!((unchecked.status, unchecked.message()), (409, "Conflict: Commit status checks failed for topic."));
    let required = json!({ "ref": "topic", "auto_merge": false, "required_contexts": ["ci"] });
    assert_eq!(job.post(DEPLOYMENTS, &required).status, 409);
    assert_eq!(world.github.deployments().len(), 0);
    let plain = job.post(DEPLOYMENTS, &json!({ "ref": "topic", "auto_merge": false, "required_contexts": [] }));
    assert_eq!(
        (&plain.body["environment"], &plain.body["production_environment"]),
        (&json!("production"), &json!(true))
    );
}

#[test]
fn what_is_deployed_must_be_known_to_the_repository() {
    let world = World::of_people();
    let pull = world.github.open_pull(PullSpec::from_fork("octo/demo", "stranger"));
    let sha = world.github.issue(pull).unwrap().pull.unwrap().head().to_owned();
    let job = deployer(&world);
    let by_sha = job.post(DEPLOYMENTS, &wanted(&sha, "preview/pr-1"));
    assert_eq!((&by_sha.body["ref"], &by_sha.body["sha"]), (&json!(sha), &json!(sha)));
    let branch = job.post(DEPLOYMENTS, &wanted("topic", "preview/pr-1"));
    assert_eq!((branch.status, branch.message()), (422, "No ref found for: topic"), "the branch is the fork's");
}

#[test]
fn list_is_newest_first_and_by_environment_and_sha() {
    let world = World::of_people();
    let sha = world.github.push(world.pull());
    let job = deployer(&world);
    for (reference, environment) in [("main", "a"), (sha.as_str(), "b"), ("main", "b")] {
        deploy(&job, &wanted(reference, environment));
    }
    let found = |query: &str| {
        let listed = job.get(&format!("{DEPLOYMENTS}{query}")).body;
        listed.as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let all = found("");
    assert!(all.is_sorted_by(|one, next| one > next) && all.len() == 3, "{all:?}");
    assert_eq!(found("?environment=b"), all[..2]);
    assert_eq!(found(&format!("?sha={sha}&environment=b")), [all[1]]);
    assert_eq!(found("?per_page=1&page=2"), [all[1]]);
}

#[test]
fn success_ends_earlier_ones_of_the_same_environment_unless_they_are_transient_or_production() {
    let world = World::of_people();
    let job = deployer(&world);
    let kinds = [(false, false, "shared"), (true, false, "shared"), (false, true, "shared"), (false, false, "other")];
    for (transient, production, environment) in kinds {
        let mut body = wanted("main", environment);
        body["transient_environment"] = transient.into();
        body["production_environment"] = production.into();
        tell(&job, &deploy(&job, &body), "success");
    }
    let mut body = wanted("main", "shared");
    body["transient_environment"] = false.into();
    tell(&job, &deploy(&job, &body), "success");
    let (gone, there) = (Some(DeploymentState::Inactive), Some(DeploymentState::Success));
    let states: Vec<_> = world.github.deployments().iter().map(sandbox::github::Deployment::state).collect();
    assert_eq!(states, [gone, there, there, there, there]);
}

#[test]
fn only_what_is_over_is_deleted_unless_it_is_the_only_one() {
    let world = World::of_people();
    let job = deployer(&world);
    let first = deploy(&job, &wanted("main", "a"));
    let second = deploy(&job, &wanted("main", "b"));
    tell(&job, &first, "success");
    assert_eq!([job.delete(&first).status, job.delete(&second).status], [422, 422]);
    tell(&job, &first, "inactive");
    assert_eq!(job.delete(&first).status, 204);
    assert_eq!([job.delete(&second).status, job.get(&second).status], [204, 404]);
}

#[test]
fn environment_stays_until_an_administrator_deletes_it() {
    let world = World::of_people();
    let job = world.job(&[("deployments", Level::Write), ("actions", Level::Write)]);
    let place = deploy(&job, &wanted("main", "preview/pr-1"));
    tell(&job, &place, "inactive");
    job.delete(&place);
    let environments = job.get("/repos/octo/demo/environments").body;
    assert_eq!(
        (&environments["total_count"], &environments["environments"][0]["name"]),
        (&json!(1), &json!("preview/pr-1"))
    );
    let environment = "/repos/octo/demo/environments/preview%2Fpr-1";
    assert_eq!(job.get(environment).body["name"], "preview/pr-1");
    let refused = job.delete(environment);
    assert_eq!((refused.status, refused.message()), (403, "Resource not accessible by integration"));
    assert_eq!([world.admin().delete(environment).status, world.admin().delete(environment).status], [204, 404]);
    assert!(world.github.environments().is_empty());
}

#[test]
fn deployments_have_a_permission_of_their_own() {
    let world = World::of_people();
    let reader = world.job(&[("deployments", Level::Read), ("contents", Level::Write)]);
    assert_eq!([reader.get(DEPLOYMENTS).status, reader.post(DEPLOYMENTS, &wanted("main", "a")).status], [200, 403]);
    assert_eq!(world.job(&[("contents", Level::Write)]).get(DEPLOYMENTS).status, 403);
}

#[test]
fn line_of_a_status_has_at_most_140_characters() {
    let world = World::of_people();
    let job = deployer(&world);
    let statuses = format!("{}/statuses", deploy(&job, &wanted("main", "a")));
    world.github.clock().advance(Duration::from_secs(1));
    let say = |length| job.post(&statuses, &json!({ "state": "queued", "description": "ü".repeat(length) })).status;
    assert_eq!([say(140), say(141)], [201, 422]);
}
