//! The publisher against a server that answers as GitHub does: what it writes, in which order, and what it leaves alone.

use contract::{Credential, Scope, Secret};
use serde_json::{Value, json};

use super::{Done, Publish, Publisher, Switch, wants_status};
use crate::github::{CommentId, GitHub};
use crate::http::Http;
use crate::http::scripted::{Act, Server};
use crate::preview::story::comment::{fresh, render};
use crate::preview::story::fixture::{FIRST, SHA, death, later, live, replaced, stages, story};
use crate::preview::story::{Cause, Marker, Stage, Story, deployment};

const BOT: &str = "mayfly[bot]";
const COMMENTS: &str = "/repos/octo/demo/issues/12/comments";
const DEPLOYMENTS: &str = "/repos/octo/demo/deployments";

fn publisher(server: &Server, publish: Publish) -> Publisher {
    let http = Http::from_vars(&|_| None).expect("no settings");
    let scope = Scope::repo("octo/demo").expect("a repository");
    let token = Credential::Token(Secret::new("ghp_x"));
    let github = GitHub::for_pull_requests(http, &server.url("").parse().expect("a URL"), token, scope);
    Publisher::new(github.expect("a client"), publish).written_by(BOT)
}

const ALL: Publish = Publish { comment: Switch::On, deployment: Switch::On, status: Switch::On };
const COMMENT: Publish = Publish { comment: Switch::On, deployment: Switch::Off, status: Switch::Off };

fn comment(id: u64, login: &str, body: &str) -> Value {
    json!({ "id": id, "body": body, "created_at": "2026-11-18T11:06:40Z", "user": { "login": login } })
}

fn list(entries: &[Value]) -> Act {
    Act::json(200, json!(entries))
}

fn made() -> Act {
    Act::json(201, json!({ "id": 1 }))
}

fn wrote(id: u64) -> Act {
    Act::json(201, comment(id, BOT, "x"))
}

fn refuse(status: u16) -> Act {
    Act::json(status, json!({ "message": "no" }))
}

fn deployed(id: u64, launch: &str) -> Value {
    json!({ "id": id, "sha": SHA, "environment": "preview/pr-12", "payload": { "mayfly": launch } })
}

/// What GitHub would list after the story was told.
fn told(story: &Story) -> [Act; 3] {
    let mut comments = vec![comment(3, BOT, &render(story))];
    comments.extend(fresh(story).map(|fresh| comment(4, BOT, &fresh.body)));
    let status = deployment::status(story).expect("a state");
    let status =
        json!({ "state": status.state, "description": status.description, "environment_url": status.environment_url });
    [list(&comments), list(&[deployed(8, FIRST)]), list(&[status])]
}

fn lines(server: &Server) -> Vec<String> {
    server.lines().into_iter().map(|line| line.split('?').next().unwrap_or_default().to_owned()).collect()
}

fn body(server: &Server, index: usize) -> Value {
    serde_json::from_str(&server.seen()[index].body).expect("JSON")
}

fn writes(server: &Server) -> Vec<String> {
    server.lines().into_iter().filter(|line| !line.starts_with("GET")).collect()
}

#[tokio::test]
async fn first_story_is_written_everywhere_and_the_comment_last() {
    let ready = story(Stage::Ready(live()));
    let deployment = Act::json(201, deployed(8, FIRST));
    let server = Server::start([list(&[]), list(&[]), deployment, list(&[]), made(), made(), wrote(3), wrote(4)]).await;
    let seen = publisher(&server, ALL).tell(&ready).await;
    assert_eq!((seen.comment, seen.fresh), (Done::Written, Done::Written));
    assert_eq!((seen.deployment, seen.status, seen.warnings.as_slice()), (Done::Written, Done::Written, &[][..]));
    let expected = [
        format!("GET {COMMENTS}"),
        format!("GET {DEPLOYMENTS}"),
        format!("POST {DEPLOYMENTS}"),
        format!("GET {DEPLOYMENTS}/8/statuses"),
        format!("POST {DEPLOYMENTS}/8/statuses"),
        format!("POST /repos/octo/demo/statuses/{SHA}"),
        format!("POST {COMMENTS}"),
        format!("POST {COMMENTS}"),
    ];
    assert_eq!(lines(&server), expected);
    assert_eq!(body(&server, 6)["body"], render(&ready));
}

#[tokio::test]
async fn story_that_was_told_writes_nothing() {
    for stage in stages() {
        if matches!(stage, Stage::Refused(_)) {
            continue;
        }
        let story = story(stage);
        let server = Server::start(told(&story)).await;
        let seen = publisher(&server, ALL).tell(&story).await;
        assert_eq!((seen.comment, seen.deployment, seen.status), (Done::Same, Done::Same, Done::Same), "{seen:?}");
        assert_eq!((writes(&server), seen.fresh), (Vec::new(), Done::Same));
    }
}

#[tokio::test]
async fn next_stage_edits_the_comment_in_place_and_tells_no_one_anew() {
    let [comments, deployments, _] = told(&story(Stage::Warning(live())));
    let last = list(&[json!({ "state": "success" })]);
    let server = Server::start([comments, deployments, last, made(), made(), wrote(3)]).await;
    let ended = story(Stage::Ended(death(Cause::Ttl)));
    let seen = publisher(&server, ALL).tell(&ended).await;
    assert_eq!((seen.comment, seen.fresh, seen.deployment), (Done::Written, Done::Same, Done::Written));
    let last = server.lines().pop().expect("a line");
    assert_eq!(last, "PATCH /repos/octo/demo/issues/comments/3");
    assert_eq!(body(&server, 3)["state"], "inactive");
    assert_eq!(body(&server, 5)["body"], render(&ended));
}

#[tokio::test]
async fn marker_of_a_stranger_is_not_ours() {
    let ready = story(Stage::Ready(live()));
    let forged = [
        comment(1, "eve", &render(&ready)),
        comment(2, "eve", &fresh(&ready).expect("a text").body),
        comment(3, BOT, &format!("> {}", render(&ready))),
    ];
    let server = Server::start([list(&forged), wrote(5), wrote(6)]).await;
    let seen = publisher(&server, COMMENT).tell(&ready).await;
    assert_eq!((seen.comment, seen.fresh), (Done::Written, Done::Written));
    assert_eq!(writes(&server), [format!("POST {COMMENTS}"), format!("POST {COMMENTS}")]);
}

#[tokio::test]
async fn comment_on_the_second_page_is_found() {
    let next = r#"<https://api.github.com/x?page=2>; rel="next""#;
    let strangers: Vec<Value> = (0..100).map(|id| comment(id, "ann", "a remark")).collect();
    let first = Act::Answer(200, vec![("link", next.to_owned())], json!(strangers).to_string());
    let starting = story(Stage::Starting(Vec::new()));
    let old = list(&[comment(101, BOT, &render(&story(Stage::Queued("x".to_owned()))))]);
    let server = Server::start([first, old, wrote(101)]).await;
    assert_eq!(publisher(&server, COMMENT).tell(&starting).await.comment, Done::Written);
    assert_eq!(writes(&server), ["PATCH /repos/octo/demo/issues/comments/101"]);
}

#[tokio::test]
async fn stale_launch_leaves_the_comment_and_status_of_a_later_one_alone_and_ends_its_own_deployment() {
    let now = later(Stage::Ready(live()));
    let comments = list(&[comment(3, BOT, &render(&now))]);
    let deployments = list(&[deployed(9, &now.subject.launch.to_string()), deployed(8, FIRST)]);
    let last = list(&[json!({ "state": "success" })]);
    let server = Server::start([comments, deployments, last, made()]).await;
    let seen = publisher(&server, ALL).tell(&story(replaced())).await;
    assert_eq!((seen.comment, seen.deployment, seen.status), (Done::LeftAlone, Done::Written, Done::Same));
    assert_eq!(writes(&server), [format!("POST {DEPLOYMENTS}/8/statuses")]);
}

#[tokio::test]
async fn failure_of_a_stale_launch_is_not_told_anew() {
    let comments = list(&[comment(3, BOT, &render(&later(Stage::Ready(live()))))]);
    let server = Server::start([comments]).await;
    let seen = publisher(&server, COMMENT).tell(&story(Stage::Failed(death(Cause::NeverReady)))).await;
    assert_eq!((seen.comment, seen.fresh, writes(&server)), (Done::LeftAlone, Done::LeftAlone, Vec::new()));
}

#[tokio::test]
async fn ended_deployment_is_not_revived_by_a_late_word() {
    let [comments, deployments, _] = told(&story(Stage::Ended(death(Cause::Ttl))));
    let server = Server::start([comments, deployments, list(&[json!({ "state": "inactive" })])]).await;
    let seen = publisher(&server, ALL).tell(&story(Stage::Ready(live()))).await;
    assert_eq!((seen.comment, seen.fresh), (Done::LeftAlone, Done::LeftAlone));
    assert_eq!((seen.deployment, seen.status, writes(&server)), (Done::LeftAlone, Done::Same, Vec::new()));
}

#[tokio::test]
async fn launch_that_was_never_announced_gets_no_deployment_to_end() {
    let server = Server::start([list(&[])]).await;
    let only = Publish { comment: Switch::Off, deployment: Switch::On, status: Switch::Off };
    let seen = publisher(&server, only).tell(&story(Stage::Ended(death(Cause::Ttl)))).await;
    assert_eq!((seen.comment, seen.deployment, seen.status), (Done::Off, Done::Same, Done::Off));
}

#[tokio::test]
async fn nothing_is_sent_where_all_is_switched_off() {
    let server = Server::start([]).await;
    let off = Publish { comment: Switch::Off, deployment: Switch::Off, status: Switch::Off };
    let seen = publisher(&server, off).tell(&story(Stage::Ready(live()))).await;
    assert_eq!((seen.comment, seen.fresh, seen.deployment, seen.status), (Done::Off, Done::Off, Done::Off, Done::Off));
    assert_eq!((server.accepted(), seen.warnings.len()), (0, 0));
}

#[tokio::test]
async fn every_fault_is_a_warning_and_keeps_nothing_else_from_being_written() {
    let server = Server::start([list(&[]), refuse(403), refuse(403), refuse(403), wrote(4)]).await;
    let seen = publisher(&server, ALL).tell(&story(Stage::Ready(live()))).await;
    assert_eq!((seen.deployment, seen.status), (Done::Failed, Done::Failed));
    assert_eq!((seen.comment, seen.fresh), (Done::Failed, Done::Written));
    assert_eq!(seen.warnings.len(), 3, "{:?}", seen.warnings);
    assert!(seen.warnings[0].starts_with("the deployment could not be written: "), "{}", seen.warnings[0]);
}

#[tokio::test]
async fn comments_that_cannot_be_read_are_not_written_either() {
    let server = Server::start([refuse(403)]).await;
    let seen = publisher(&server, COMMENT).tell(&story(Stage::Ready(live()))).await;
    assert_eq!((seen.comment, seen.fresh, seen.warnings.len()), (Done::Failed, Done::Failed, 1));
    assert!(writes(&server).is_empty());
}

#[tokio::test]
async fn lost_answer_does_not_make_a_second_comment() {
    let starting = story(Stage::Starting(Vec::new()));
    let after = list(&[comment(3, BOT, &render(&starting))]);
    let server = Server::start([list(&[]), Act::HangUp, after]).await;
    assert_eq!(publisher(&server, COMMENT).tell(&starting).await.comment, Done::Written);
    assert_eq!(writes(&server).len(), 1);
}

#[tokio::test]
async fn two_comments_that_were_written_at_once_become_one() {
    let starting = story(Stage::Starting(Vec::new()));
    let both = list(&[comment(3, BOT, &render(&starting)), comment(4, BOT, &render(&starting))]);
    let server = Server::start([both, Act::Answer(204, Vec::new(), String::new())]).await;
    assert_eq!(publisher(&server, COMMENT).tell(&starting).await.comment, Done::Same);
    assert_eq!(writes(&server), ["DELETE /repos/octo/demo/issues/comments/4"]);
}

#[tokio::test]
async fn author_who_is_not_the_expected_one_is_warned_of() {
    let other = Act::json(201, comment(3, "github-actions[bot]", "x"));
    let server = Server::start([list(&[]), other]).await;
    let seen = publisher(&server, COMMENT).tell(&story(Stage::Starting(Vec::new()))).await;
    assert_eq!(seen.comment, Done::Written);
    assert!(seen.warnings[0].contains("github-actions[bot], not as mayfly[bot]"), "{:?}", seen.warnings);
}

#[tokio::test]
async fn what_was_told_last_is_read_back() {
    let ready = story(Stage::Ready(live()));
    let server =
        Server::start([list(&[comment(3, BOT, &render(&ready))]), list(&[comment(1, "eve", &render(&ready))])]).await;
    let publisher = publisher(&server, COMMENT);
    let (id, marker) = publisher.told(12).await.expect("comments").expect("a comment");
    assert_eq!((id, marker.stage.as_str()), (CommentId(3), "ready"));
    assert_eq!(publisher.told(12).await.expect("comments"), None::<(CommentId, Marker)>);
}

#[tokio::test]
async fn comment_is_answered_once() {
    let answered = list(&[comment(5, BOT, "<!-- mayfly:reply 4711 -->\nno")]);
    let server = Server::start([list(&[]), wrote(5), answered]).await;
    let publisher = publisher(&server, COMMENT);
    assert_eq!(publisher.reply(12, CommentId(4711), "no").await.expect("an answer"), Done::Written);
    assert_eq!(publisher.reply(12, CommentId(4711), "no").await.expect("an answer"), Done::Same);
    assert_eq!(writes(&server).len(), 1);
}

#[test]
fn commit_status_is_written_with_whatever_else_changes_and_never_for_a_stale_launch() {
    let cases = [
        (Done::Written, Done::Same, true),
        (Done::Failed, Done::Same, true),
        (Done::Same, Done::Written, true),
        (Done::Same, Done::Same, false),
        (Done::Same, Done::Off, false),
        (Done::LeftAlone, Done::Written, false),
        (Done::Off, Done::Off, true),
        (Done::Off, Done::Failed, true),
        (Done::Off, Done::Same, false),
        (Done::Off, Done::LeftAlone, false),
    ];
    for (comment, deployment, expected) in cases {
        assert_eq!(wants_status(comment, deployment), expected, "{comment:?} {deployment:?}");
    }
}
