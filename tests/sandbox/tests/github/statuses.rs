//! Commit statuses.

use sandbox::github::Level;
use serde_json::json;

use crate::world::World;

#[test]
fn latest_status_of_each_context_counts() {
    let world = World::of_people();
    let sha = world.github.push(world.pull());
    let job = world.job(&[("statuses", Level::Write)]);
    let say = |context: &str, state: &str| {
        let body = json!({ "state": state, "context": context, "target_url": "https://x.example", "description": "d" });
        assert_eq!(job.post(&format!("/repos/octo/demo/statuses/{sha}"), &body).status, 201);
        job.get(&format!("/repos/octo/demo/commits/{sha}/status")).body["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(job.get(&format!("/repos/octo/demo/commits/{sha}/status")).body["state"], "pending", "nothing was said");
    let told = [say("a", "pending"), say("b", "success"), say("a", "success"), say("b", "error")];
    assert_eq!(told, ["pending", "pending", "success", "failure"]);
    let combined = job.get("/repos/octo/demo/commits/topic/status").body;
    assert_eq!((&combined["sha"], &combined["total_count"]), (&json!(sha), &json!(2)));
    assert_eq!(world.github.statuses(&sha).len(), 4);
}

#[test]
fn status_needs_a_known_commit_a_short_line_and_the_permission() {
    let world = World::of_people();
    let sha = world.github.push(world.pull());
    let job = world.job(&[("statuses", Level::Write)]);
    let say = |sha: &str, length: usize| {
        let body = json!({ "state": "success", "description": "x".repeat(length) });
        job.post(&format!("/repos/octo/demo/statuses/{sha}"), &body).status
    };
    assert_eq!([say(&sha, 140), say(&sha, 141), say(&sha[..7], 1), say(&"f".repeat(40), 1)], [201, 422, 422, 422]);
    let refused = world
        .job(&[("contents", Level::Write)])
        .post(&format!("/repos/octo/demo/statuses/{sha}"), &json!({ "state": "success" }));
    assert_eq!((refused.status, refused.message()), (403, "Resource not accessible by integration"));
}

#[test]
fn commit_takes_a_thousand_statuses_of_a_context() {
    let world = World::of_people();
    world.github.set_rate_limit(sandbox::github::Resource::Core, 5_000);
    let sha = world.github.push(world.pull());
    let mona = world.user("mona");
    let say = |context: &str| {
        let body = json!({ "state": "pending", "context": context });
        mona.post(&format!("/repos/octo/demo/statuses/{sha}"), &body).status
    };
    assert!((0..1000).all(|_| say("a") == 201));
    assert_eq!([say("a"), say("b")], [422, 201]);
}
