//! The page for people, and what they do at the keyboard.

use std::sync::Arc;

use sandbox::github::{Level, TaskCard, TaskSource};
use serde_json::{Value, json};

use crate::world::World;

fn fetch(world: &World, path: &str) -> String {
    let client = world.admin();
    let mut answer = client.agent.get(format!("{}{path}", client.url)).call().unwrap();
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    answer.body_mut().read_to_string().unwrap()
}

#[test]
fn page_of_a_pull_request_shows_what_was_said_and_deployed() {
    let world = World::of_people();
    let pull = world.pull();
    let sha = world.github.push(pull);
    let job = world.job(&[("issues", Level::Write), ("deployments", Level::Write), ("statuses", Level::Write)]);
    let text = "<!-- mayfly:preview pr=1 -->\n### Preview is **ready**\n\n| a |\n| - |\n| <script>alert(1)</script> |";
    let said = job.post("/repos/octo/demo/issues/1/comments", &json!({ "body": text }));
    job.post(
        &format!("/repos/octo/demo/issues/comments/{}/reactions", said.body["id"]),
        &json!({ "content": "rocket" }),
    );
    let body = json!({ "ref": sha, "environment": "preview/pr-1", "transient_environment": true, "auto_merge": false, "required_contexts": [] });
    let deployment = job.post("/repos/octo/demo/deployments", &body).body["id"].clone();
    let told = json!({ "state": "inactive", "environment_url": "https://pr-1.x.example" });
    job.post(&format!("/repos/octo/demo/deployments/{deployment}/statuses"), &told);
    job.post(&format!("/repos/octo/demo/statuses/{sha}"), &json!({ "state": "success", "context": "preview/pr-1" }));
    let page = fetch(&world, "/_sandbox/pulls/1");
    let parts = [
        "simulated",
        "<h3>Preview is <strong>ready</strong></h3>",
        "&lt;script&gt;alert(1)",
        "title=\"github-actions[bot]\">🚀 1",
        "<span class=\"pill quiet\">destroyed</span>",
        "<a href=\"https://pr-1.x.example\"",
        "<span class=\"pill good\">success</span>",
        &sha[..7],
    ];
    for part in parts {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("mayfly:preview") && !page.contains("<script"), "{page}");
}

#[test]
fn title_and_names_of_strangers_are_text() {
    let world = World::of_people();
    let pull = world.github.open_pull(sandbox::github::PullSpec {
        title: "<b onmouseover=x>\"'".to_owned(),
        branch: "<i>".to_owned(),
        ..sandbox::github::PullSpec::of("octo/demo", "mona")
    });
    for path in ["/_sandbox/".to_owned(), format!("/_sandbox/pulls/{}", pull.number)] {
        let page = fetch(&world, &path);
        assert!(page.contains("&lt;b onmouseover=x&gt;&quot;&#39;") && page.contains("&lt;i&gt;"), "{page}");
        assert!(!page.contains("<b onmouseover") && !page.contains("<i>"), "{page}");
    }
}

#[test]
fn tasks_of_the_other_side_are_shown_while_it_is_there() {
    let world = World::of_people();
    world.pull();
    let card = TaskCard {
        id: "0123456789abcdef".to_owned(),
        kind: "preview".to_owned(),
        pull: Some(1),
        repo: Some("octo/demo".to_owned()),
        status: "RUNNING".to_owned(),
        reason: None,
        containers: vec![("app".to_owned(), "RUNNING".to_owned())],
        created_at: time::OffsetDateTime::UNIX_EPOCH,
        tags: vec![("mayfly:pr".to_owned(), "1".to_owned())],
    };
    let source: TaskSource = Arc::new(move || vec![card.clone()]);
    world.github.show_tasks(&source);
    for path in ["/_sandbox/", "/_sandbox/pulls/1"] {
        assert!(fetch(&world, path).contains("01234567</code>"), "{path}");
    }
    drop(source);
    assert!(!fetch(&world, "/_sandbox/").contains("01234567</code>"));
}

#[test]
fn page_loads_itself_again_where_asked_to() {
    let world = World::of_people();
    assert!(fetch(&world, "/_sandbox/?refresh=2").contains("<meta http-equiv=\"refresh\" content=\"2\">"));
    assert!(!fetch(&world, "/_sandbox/").contains("http-equiv"));
}

#[test]
fn people_open_push_comment_and_close_with_curl() {
    let world = World::of_people();
    let client = world.admin();
    let opened =
        client.post("/_sandbox/pulls", &json!({ "author": "newcomer", "title": "Try it", "fork": "newcomer/demo" }));
    assert_eq!((opened.status, &opened.body["number"], &opened.body["state"]), (201, &json!(1), &json!("open")));
    let pushed = client.post("/_sandbox/pulls/1/push", &Value::Null).body;
    assert_ne!(opened.body["head_sha"], pushed["head_sha"]);
    let said = client.post("/_sandbox/pulls/1/comments", &json!({ "user": "newcomer", "body": "/preview up" })).body;
    assert_eq!(said["event"]["comment"]["user"]["login"], "newcomer");
    assert_eq!(client.post("/_sandbox/pulls/1/close", &Value::Null).body["state"], "closed");
    assert_eq!(client.post("/_sandbox/pulls/2/close", &Value::Null).status, 404);
    assert_eq!(client.post("/_sandbox/pulls", &json!({ "repo": "octo/other" })).status, 404);
    assert_eq!(client.get("/repos/octo/demo/pulls/1").body["head"]["repo"]["full_name"], "newcomer/demo");
}
