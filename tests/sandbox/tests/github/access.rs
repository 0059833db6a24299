//! Who may do what, and what they are told otherwise.

use std::time::Duration;

use sandbox::github::{Level, Pat, Resource};
use serde_json::Value;

use crate::world::{RUNNERS, World, repo};

#[test]
fn tokens_are_refused_with_githubs_status_and_sentence() {
    let world = World::start();
    let token = |pat: Pat| world.github.add_pat(pat, None);
    let admin_read = Pat::fine_grained(77, &[("administration", Level::Read)]);
    let stranger = Pat::fine_grained(1, &[("administration", Level::Write)]);
    let (_, job) = (world.run(), world.run());
    let (job, _) = world.github.start_hosted_job(job, "start", None);
    let cases = [
        (String::new(), 401, "Requires authentication"),
        ("ghp_unknown".to_owned(), 401, "Bad credentials"),
        (token(Pat::classic(&["read:user"])), 404, "Not Found"),
        (token(admin_read), 403, "Resource not accessible by personal access token"),
        (token(stranger), 404, "Not Found"),
        (world.github.job_token(job), 403, "Resource not accessible by integration"),
        (token(Pat::classic(&["repo"])), 201, ""),
        (token(Pat::fine_grained(77, &[("administration", Level::Write)])), 201, ""),
    ];
    for (token, status, message) in cases {
        let client = world.client(&token);
        let reply = if token.is_empty() {
            let answer = client.agent.post(format!("{}{RUNNERS}/registration-token", client.url)).send_empty();
            let mut answer = answer.unwrap();
            assert_eq!(answer.status().as_u16(), status);
            answer.body_mut().read_json::<Value>().unwrap()["message"].as_str().unwrap().to_owned()
        } else {
            let reply = client.post(&format!("{RUNNERS}/registration-token"), &Value::Null);
            assert_eq!(reply.status, status, "{message}");
            reply.message().to_owned()
        };
        assert_eq!(reply, message);
    }
}

#[test]
fn token_that_has_ended_is_no_credential_any_more() {
    let world = World::start();
    let client = world.client(&world.github.add_pat(Pat::classic(&["repo"]), Some(Duration::from_secs(60))));
    assert_eq!(client.get(RUNNERS).status, 200);
    world.github.clock().advance(Duration::from_secs(61));
    let late = client.get(RUNNERS);
    assert_eq!((late.status, late.message()), (401, "Bad credentials"));
}

#[test]
fn reading_runners_needs_less_than_registering() {
    let world = World::start();
    let reader = world.holding(&[("organization_self_hosted_runners", Level::Read)]);
    assert_eq!(reader.get("/orgs/octo/actions/runners").status, 200);
    assert_eq!(reader.jit("orgs/octo", "r").status, 403);
    assert_eq!(reader.get(RUNNERS).status, 403, "the organisation's permission says nothing about its repositories");
}

#[test]
fn fine_grained_token_of_some_repositories_does_not_see_the_others() {
    let world = World::start();
    world.github.add_repo(repo(5, "hidden"));
    let reach = sandbox::github::Reach::Selected([4242].into());
    let permissions = [("administration".to_owned(), Level::Write)].into();
    let client = world.client(&world.github.add_pat(Pat::FineGrained { owner_id: 77, permissions, reach }, None));
    assert_eq!(client.get(RUNNERS).status, 200);
    assert_eq!(client.get("/repos/octo/hidden/actions/runners").status, 404);
}

#[test]
fn same_routes_are_served_below_api_v3() {
    let world = World::start();
    assert_eq!(world.admin().get(&format!("/api/v3{RUNNERS}")).status, 200);
    assert_eq!(world.github.log().last().unwrap().path, RUNNERS, "the log has the plain path");
}

#[test]
fn every_answer_tells_the_rate_limit_and_a_request_id() {
    let world = World::start();
    let admin = world.admin();
    let first = admin.get(RUNNERS);
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("5000", "4999"));
    assert_eq!(first.header("x-ratelimit-resource"), "core");
    let registering = admin.post(&format!("{RUNNERS}/registration-token"), &Value::Null);
    assert_eq!(registering.header("x-ratelimit-resource"), "actions_runner_registration");
    assert_eq!(registering.header("x-ratelimit-remaining"), "9999");
    assert_ne!(first.header("x-github-request-id"), registering.header("x-github-request-id"));
    let limits = admin.get("/rate_limit").body;
    assert_eq!(limits["resources"]["core"]["used"], 1, "asking for the limits is free");
    assert_eq!(limits["resources"]["actions_runner_registration"]["used"], 1);
}

#[test]
fn used_up_rate_limit_refuses_until_its_hour_is_over() {
    let world = World::start();
    let admin = world.admin();
    world.github.set_rate_limit(Resource::Core, 2);
    assert_eq!([admin.get(RUNNERS).status, admin.get(RUNNERS).status], [200, 200]);
    let refused = admin.get(RUNNERS);
    assert_eq!((refused.status, refused.header("x-ratelimit-remaining")), (403, "0"));
    assert!(refused.message().contains("rate limit exceeded"));
    world.github.clock().advance(Duration::from_secs(3_601));
    assert_eq!(admin.get(RUNNERS).status, 200);
}

#[test]
fn unchanged_answer_costs_nothing_when_asked_by_its_etag() {
    let world = World::start();
    let admin = world.admin();
    let first = admin.get(RUNNERS);
    let etag = first.header("etag").to_owned();
    let same = admin.get_with(RUNNERS, &[("If-None-Match", &etag)]);
    assert_eq!((same.status, same.header("x-ratelimit-used")), (304, "2"), "told before the refund");
    admin.jit("repos/octo/demo", "new");
    let changed = admin.get_with(RUNNERS, &[("If-None-Match", &etag)]);
    assert_eq!((changed.status, changed.header("x-ratelimit-used")), (200, "2"), "the 304 was free");
}
