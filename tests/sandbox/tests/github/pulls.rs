//! Pull requests, their commits, and issues that are none.

use std::time::Duration;

use sandbox::github::{Level, Origin, PullSpec, Repo};
use serde_json::{Value, json};

use crate::world::{Client, World, repo};

const PULLS: &str = "/repos/octo/demo/pulls";

fn numbers(client: &Client, query: &str) -> Vec<u64> {
    let listed = client.get(&format!("{PULLS}{query}"));
    listed.body.as_array().unwrap().iter().map(|pull| pull["number"].as_u64().unwrap()).collect()
}

#[test]
fn pull_request_has_its_head_its_base_and_what_became_of_it() {
    let world = World::of_people();
    let pull = world.pull();
    let before = world.admin().get(&format!("{PULLS}/1")).body;
    assert_eq!((&before["state"], &before["merged"], &before["draft"]), (&json!("open"), &json!(false), &json!(false)));
    assert_eq!(before["head"]["repo"]["full_name"], "octo/demo");
    assert_eq!((&before["head"]["ref"], &before["base"]["ref"]), (&json!("topic"), &json!("main")));
    let sha = world.github.push(pull);
    world.github.set_draft(pull, true);
    let pushed = world.admin().get(&format!("{PULLS}/1")).body;
    assert_ne!(before["head"]["sha"], json!(sha));
    assert_eq!((&pushed["head"]["sha"], &pushed["commits"], &pushed["draft"]), (&json!(sha), &json!(2), &json!(true)));
    world.github.merge(pull);
    let merged = world.admin().get(&format!("{PULLS}/1")).body;
    assert_eq!((&merged["state"], &merged["merged"]), (&json!("closed"), &json!(true)));
    world.github.reopen(pull);
    assert_eq!(world.admin().get(&format!("{PULLS}/1")).body["state"], "closed", "what was merged stays closed");
}

#[test]
fn pull_request_of_a_fork_names_it_until_it_is_deleted() {
    let world = World::of_people();
    let pull = world.github.open_pull(PullSpec::from_fork("octo/demo", "stranger"));
    let admin = world.admin();
    let of_fork = admin.get(&format!("{PULLS}/1")).body;
    assert_eq!(of_fork["head"]["repo"]["full_name"], "stranger/demo");
    assert_eq!((&of_fork["head"]["repo"]["fork"], &of_fork["head"]["label"]), (&json!(true), &json!("stranger:topic")));
    world.github.delete_fork(pull);
    assert_eq!(admin.get(&format!("{PULLS}/1")).body["head"]["repo"], Value::Null);
    assert_eq!(admin.get(PULLS).body[0]["head"]["repo"], Value::Null);
}

#[test]
fn list_is_open_and_newest_first_unless_asked_otherwise() {
    let world = World::of_people();
    let pulls: Vec<_> = ["a", "b", "c"]
        .map(|branch| {
            world.github.open_pull(PullSpec { branch: branch.to_owned(), ..PullSpec::of("octo/demo", "mona") })
        })
        .into();
    world.github.open_issue("octo/demo", "mona", "no pull request");
    world.github.clock().advance(Duration::from_secs(5));
    world.github.close(pulls[1]);
    let admin = world.admin();
    let cases: [(&str, &[u64]); 6] = [
        ("", &[3, 1]),
        ("?state=closed", &[2]),
        ("?state=all", &[3, 2, 1]),
        ("?state=all&direction=asc", &[1, 2, 3]),
        ("?state=all&sort=updated&direction=desc&per_page=1", &[2]),
        ("?head=octo:c", &[3]),
    ];
    for (query, expected) in cases {
        assert_eq!(numbers(&admin, query), expected, "{query}");
    }
    world.github.reopen(pulls[1]);
    assert_eq!(numbers(&admin, ""), [3, 2, 1]);
}

#[test]
fn pages_of_a_list_keep_their_filter() {
    let world = World::of_people();
    for _ in 0..3 {
        let pull = world.pull();
        world.github.close(pull);
    }
    let admin = world.admin();
    let first = admin.get(&format!("{PULLS}?state=closed&per_page=2"));
    let next = first.header("link").split(", ").find(|link| link.ends_with("rel=\"next\"")).unwrap().to_owned();
    let path = next.split(['<', '>']).nth(1).unwrap().strip_prefix(&admin.url).unwrap().to_owned();
    assert_eq!((first.body.as_array().unwrap().len(), admin.get(&path).body[0]["number"].as_u64()), (2, Some(1)));
}

#[test]
fn commit_is_found_by_branch_by_number_and_by_its_beginning() {
    let world = World::of_people();
    let pull = world.pull();
    let sha = world.github.push(pull);
    let admin = world.admin();
    for reference in [sha.as_str(), &sha[..7], "topic", "refs%2Fpull%2F1%2Fhead"] {
        assert_eq!(admin.get(&format!("/repos/octo/demo/commits/{reference}")).body["sha"], json!(sha), "{reference}");
    }
    for reference in ["ffffffffffffffffffffffffffffffffffffffff", "no-branch", &sha[..3]] {
        let refused = admin.get(&format!("/repos/octo/demo/commits/{reference}"));
        assert_eq!(
            (refused.status, refused.message()),
            (422, format!("No commit found for SHA: {reference}").as_str())
        );
    }
    let listed = admin.get(&format!("{PULLS}/1/commits")).body;
    assert_eq!((listed.as_array().unwrap().len(), &listed[1]["sha"]), (2, &json!(sha)));
}

#[test]
fn date_of_a_commit_is_what_its_committer_claims() {
    let world = World::of_people();
    let pull = world.pull();
    let sha = "feedfacefeedfacefeedfacefeedfacefeedface";
    world.github.push_commit(pull, sha, time::OffsetDateTime::UNIX_EPOCH);
    let commit = world.admin().get(&format!("/repos/octo/demo/commits/{sha}")).body;
    assert_eq!(commit["commit"]["committer"]["date"], "1970-01-01T00:00:00Z");
    assert!(world.github.issue(pull).unwrap().pull.unwrap().head() == sha);
}

#[test]
fn issue_and_pull_request_are_told_apart_and_share_their_numbers() {
    let world = World::of_people();
    let issue = world.github.open_issue("octo/demo", "mona", "a question");
    let pull = world.pull();
    assert_eq!([issue.number, pull.number], [1, 2]);
    let admin = world.admin();
    assert_eq!(admin.get("/repos/octo/demo/issues/1").body["pull_request"], Value::Null);
    assert!(admin.get("/repos/octo/demo/issues/2").body["pull_request"]["url"].as_str().unwrap().ends_with("/pulls/2"));
    assert_eq!([admin.get(&format!("{PULLS}/1")).status, admin.get(&format!("{PULLS}/9")).status], [404, 404]);
}

#[test]
fn reading_pull_requests_takes_its_permission_unless_the_repository_is_public() {
    let world = World::of_people();
    world.pull();
    assert_eq!(world.job(&[("pull_requests", Level::Read)]).get(&format!("{PULLS}/1")).status, 200);
    let refused = world.job(&[("issues", Level::Write)]).get(&format!("{PULLS}/1"));
    assert_eq!((refused.status, refused.message()), (403, "Resource not accessible by integration"));
    world.github.add_repo(Repo { public: true, ..repo(5, "open") });
    world.github.open_pull(PullSpec { origin: Origin::Here, ..PullSpec::of("octo/open", "mona") });
    assert_eq!(world.user("stranger").get("/repos/octo/open/pulls/1").status, 200);
    assert_eq!(world.user("stranger").get(&format!("{PULLS}/1")).status, 404);
}
