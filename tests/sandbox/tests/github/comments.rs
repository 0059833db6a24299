//! Comments, reactions, and the event that a comment makes.

use std::time::Duration;

use sandbox::github::{CommentAction, Fault, FaultKind, Level};
use serde_json::{Value, json};

use crate::world::{Client, World};

const COMMENTS: &str = "/repos/octo/demo/issues/1/comments";

fn say(client: &Client, text: &str) -> crate::world::Reply {
    client.post(COMMENTS, &json!({ "body": text }))
}

fn comment(id: &Value) -> String {
    format!("/repos/octo/demo/issues/comments/{id}")
}

#[test]
fn author_is_whom_the_token_belongs_to() {
    let world = World::of_people();
    world.pull();
    let write = [("issues", Level::Write)];
    let cases = [
        (world.app(&write), "previewer[bot]", "Bot", json!("previewer")),
        (world.job(&write), "github-actions[bot]", "Bot", json!("github-actions")),
        (world.user("mona"), "mona", "User", Value::Null),
    ];
    for (client, login, kind, via) in cases {
        let said = say(&client, "hello");
        assert_eq!(said.status, 201);
        assert_eq!((&said.body["user"]["login"], &said.body["user"]["type"]), (&json!(login), &json!(kind)));
        assert_eq!(said.body["performed_via_github_app"]["slug"], via);
        assert_eq!(said.header("location"), said.body["url"].as_str().unwrap());
    }
}

#[test]
fn comment_on_a_pull_request_takes_either_permission_and_on_an_issue_the_one_for_issues() {
    let world = World::of_people();
    let (pull, issue) = (world.pull(), world.github.open_issue("octo/demo", "mona", "a question"));
    let cases = [
        (("pull_requests", Level::Write), [201, 403]),
        (("issues", Level::Write), [201, 201]),
        (("issues", Level::Read), [403, 403]),
        (("contents", Level::Write), [403, 403]),
    ];
    for (permission, expected) in cases {
        let job = world.job(&[permission]);
        let post =
            |number| job.post(&format!("/repos/octo/demo/issues/{number}/comments"), &json!({ "body": "x" })).status;
        assert_eq!([post(pull.number), post(issue.number)], expected, "{permission:?}");
    }
    assert_eq!(world.admin().post("/repos/octo/demo/issues/9/comments", &json!({ "body": "x" })).status, 404);
}

#[test]
fn comment_is_edited_and_deleted_by_its_author_or_who_may_push() {
    let world = World::of_people();
    let pull = world.pull();
    let id = json!(world.github.comment(pull, "hubot", "first"));
    world.github.add_user("other");
    world.github.set_role("octo/demo", "other", sandbox::github::Access::Triage);
    let edit = |client: &Client| client.patch(&comment(&id), &json!({ "body": "second" })).status;
    assert_eq!([edit(&world.user("other")), edit(&world.user("hubot")), edit(&world.user("mona"))], [403, 200, 200]);
    assert_eq!(world.admin().get(&comment(&id)).body["body"], "second");
    assert_eq!(world.user("other").delete(&comment(&id)).status, 403);
    assert_eq!(world.job(&[("issues", Level::Write)]).delete(&comment(&id)).status, 204);
    assert_eq!(world.admin().get(&comment(&id)).status, 404);
    assert!(world.github.comments(pull).is_empty());
}

#[test]
fn text_that_is_empty_or_too_long_is_refused() {
    let world = World::of_people();
    world.pull();
    let mona = world.user("mona");
    let reason = |text: &str| {
        let reply = say(&mona, text);
        (reply.status, reply.body["errors"][0]["message"].as_str().unwrap_or_default().to_owned())
    };
    let too_long = "body is too long (maximum is 65536 characters)".to_owned();
    assert_eq!(reason(&"ü".repeat(65_537)), (422, too_long.clone()));
    assert_eq!(reason(" \n"), (422, "body can't be blank".to_owned()));
    let longest = say(&mona, &"ü".repeat(65_536));
    assert_eq!(longest.status, 201);
    let longer = mona.patch(&comment(&longest.body["id"]), &json!({ "body": "x".repeat(65_537) }));
    assert_eq!((longer.status, longer.body["errors"][0]["message"].as_str()), (422, Some(too_long.as_str())));
}

#[test]
fn locked_conversation_is_open_to_who_may_push_and_to_no_bot() {
    let world = World::of_people();
    world.github.lock(world.pull());
    assert_eq!(say(&world.user("mona"), "x").status, 201);
    for client in [world.user("hubot"), world.job(&[("issues", Level::Write)])] {
        let refused = say(&client, "x");
        assert_eq!((refused.status, refused.message()), (403, "Unable to create comment because issue is locked."));
    }
}

#[test]
fn list_comes_in_pages_oldest_first_and_since_a_change() {
    let world = World::of_people();
    let pull = world.pull();
    let ids: Vec<_> = (0..101).map(|number| world.github.comment(pull, "mona", &format!("{number}"))).collect();
    world.github.clock().advance(Duration::from_secs(3_600));
    world.github.edit_comment(ids[3], "edited");
    let admin = world.admin();
    assert_eq!(admin.get(COMMENTS).body.as_array().unwrap().len(), 30);
    let last = admin.get(&format!("{COMMENTS}?per_page=100&page=2"));
    assert_eq!((last.body.as_array().unwrap().len(), &last.body[0]["id"]), (1, &json!(ids[100])));
    assert!(last.header("link").contains("rel=\"prev\"") && !last.header("link").contains("rel=\"next\""));
    let since = world.github.comments(pull)[3].updated_at.unix_timestamp();
    let since = time::OffsetDateTime::from_unix_timestamp(since).unwrap();
    let since = since.format(&time::format_description::well_known::Rfc3339).unwrap();
    let changed = admin.get(&format!("{COMMENTS}?since={since}")).body;
    assert_eq!((changed.as_array().unwrap().len(), &changed[0]["body"]), (1, &json!("edited")));
}

#[test]
fn unchanged_comments_are_free_by_their_etag() {
    let world = World::of_people();
    let pull = world.pull();
    let admin = world.admin();
    let etag = admin.get(COMMENTS).header("etag").to_owned();
    assert_eq!(admin.get_with(COMMENTS, &[("If-None-Match", &etag)]).status, 304);
    world.github.comment(pull, "mona", "new");
    assert_eq!(admin.get_with(COMMENTS, &[("If-None-Match", &etag)]).status, 200);
}

#[test]
fn comment_whose_answer_was_lost_is_there() {
    let world = World::of_people();
    let pull = world.pull();
    world.github.fault(Fault::once("POST", "*/comments", FaultKind::LostAnswer));
    assert!(world.user("mona").try_post(COMMENTS, &json!({ "body": "x" })).is_err());
    assert_eq!(world.github.comments(pull).len(), 1);
}

#[test]
fn same_reaction_of_the_same_user_is_there_once() {
    let world = World::of_people();
    let id = json!(world.github.comment(world.pull(), "mona", "/preview up"));
    let reactions = format!("{}/reactions", comment(&id));
    let job = world.job(&[("issues", Level::Write)]);
    let react = |client: &Client, content: &str| client.post(&reactions, &json!({ "content": content }));
    let first = react(&job, "eyes");
    assert_eq!(first.status, 201);
    let again = react(&job, "eyes");
    assert_eq!((again.status, &again.body["id"]), (200, &first.body["id"]));
    assert_eq!([react(&job, "rocket").status, react(&world.user("hubot"), "eyes").status], [201, 201]);
    assert_eq!(job.get(&format!("{reactions}?content=eyes")).body.as_array().unwrap().len(), 2);
    assert_eq!(job.get(&comment(&id)).body["reactions"]["total_count"], 3);
    let place = format!("{reactions}/{}", first.body["id"]);
    assert_eq!([world.user("hubot").delete(&place).status, job.delete(&place).status], [403, 204]);
    assert_eq!(job.get(&reactions).body.as_array().unwrap().len(), 2);
}

#[test]
fn reactions_need_the_permission_and_a_known_word() {
    let world = World::of_people();
    let pull = world.pull();
    let reactions = format!("{}/reactions", comment(&json!(world.github.comment(pull, "mona", "x"))));
    let eyes = json!({ "content": "eyes" });
    assert_eq!(world.job(&[("issues", Level::Read)]).post(&reactions, &eyes).status, 403);
    assert_eq!(world.job(&[("pull_requests", Level::Write)]).post(&reactions, &eyes).status, 201);
}

#[test]
fn association_calls_private_members_outsiders() {
    let world = World::of_people();
    let pull = world.pull();
    world.github.add_user("private");
    world.github.set_member("octo", "private", sandbox::github::Membership::Private);
    let association = |login: &str| {
        let id = world.github.comment(pull, login, "x");
        world.admin().get(&comment(&json!(id))).body["author_association"].clone()
    };
    let told = ["hubot", "mona", "private", "stranger"].map(association);
    assert_eq!(told, ["MEMBER", "COLLABORATOR", "NONE", "NONE"].map(|word| json!(word)));
}

/// What GitHub's own examples of the event have in common (`@octokit/webhooks-examples`, issue_comment).
const ISSUE: &[&str] = &[
    "active_lock_reason",
    "assignee",
    "assignees",
    "author_association",
    "body",
    "closed_at",
    "comments",
    "comments_url",
    "created_at",
    "draft",
    "events_url",
    "html_url",
    "id",
    "labels",
    "labels_url",
    "locked",
    "milestone",
    "node_id",
    "number",
    "pull_request",
    "reactions",
    "repository_url",
    "state",
    "title",
    "updated_at",
    "url",
    "user",
];
const COMMENT: &[&str] = &[
    "author_association",
    "body",
    "created_at",
    "html_url",
    "id",
    "issue_url",
    "node_id",
    "performed_via_github_app",
    "reactions",
    "updated_at",
    "url",
    "user",
];

#[test]
fn event_of_a_comment_has_githubs_members_and_not_the_head() {
    let world = World::of_people();
    let pull = world.pull();
    let id = world.github.comment(pull, "mona", "/preview up");
    let event = world.github.event_of(id, CommentAction::Created);
    let has = |thing: &Value, names: &[&str]| names.iter().all(|name| thing.get(name).is_some());
    assert!(has(&event, &["action", "issue", "comment", "repository", "organization", "sender"]));
    assert!(has(&event["issue"], ISSUE) && has(&event["comment"], COMMENT), "{event}");
    assert_eq!((&event["action"], &event["sender"]["login"]), (&json!("created"), &json!("mona")));
    assert_eq!((&event["issue"]["number"], &event["comment"]["body"]), (&json!(1), &json!("/preview up")));
    let head = world.github.issue(pull).unwrap().pull.unwrap().head().to_owned();
    assert!(!event.to_string().contains(&head), "the event does not know the head");
}

#[test]
fn event_of_an_edit_has_what_was_said_before() {
    let world = World::of_people();
    let issue = world.github.open_issue("octo/demo", "mona", "a question");
    let id = world.github.comment(issue, "mona", "hello");
    world.github.edit_comment(id, "/preview up");
    let event = world.github.event_of(id, CommentAction::Edited);
    assert_eq!((&event["action"], &event["changes"]["body"]["from"]), (&json!("edited"), &json!("hello")));
    assert_eq!(event["issue"].get("pull_request"), None);
}
