//! What previews ask of GitHub: pull requests, comments, reactions, permissions, deployments, statuses.

use contract::{Credential, Scope};
use serde_json::{Value, json};

use super::{app, installation, org, page, refuse, repo, token};
use crate::github::{
    CommentId, CommitState, CommitStatus, DeploymentId, DeploymentState, DeploymentStatus, GitHub, GitHubError,
    Membership, NewDeployment, PullState, Reaction,
};
use crate::http::Http;
use crate::http::scripted::{Act, Server};

const MARKER: &str = "<!-- mayfly:preview pr=12 -->";

fn connect_as(server: &Server, credential: Credential, scope: Scope) -> GitHub {
    let http = Http::from_vars(&|_| None).expect("no settings");
    let url = server.url("").parse().expect("a URL");
    GitHub::for_pull_requests(http, &url, credential, scope).expect("a usable credential")
}

fn connect(server: &Server) -> GitHub {
    connect_as(server, token("ghp_x"), repo())
}

fn pull(number: u64) -> Value {
    json!({
        "number": number,
        "title": "a title",
        "state": "open",
        "merged_at": null,
        "draft": true,
        "user": { "login": "ann" },
        "head": { "sha": "0123abc", "repo": { "full_name": "Octo/Demo", "pushed_at": "2026-11-18T11:00:00Z" } },
        "base": { "sha": "4567def", "repo": { "full_name": "octo/demo", "pushed_at": "2026-11-18T11:00:00Z" } },
        "updated_at": "2026-11-18T11:06:40Z",
    })
}

fn comment(id: u64, login: &str, body: &str) -> Value {
    json!({ "id": id, "body": body, "created_at": "2026-11-18T11:06:40Z", "user": { "login": login } })
}

fn deployment(id: u64, payload: Value) -> Value {
    json!({ "id": id, "sha": "0123abc", "environment": "preview/pr-12", "payload": payload })
}

fn first_of_two(body: Value) -> Act {
    let next = r#"<https://api.github.com/x?page=2>; rel="next""#;
    Act::Answer(200, vec![("link", next.to_owned())], body.to_string())
}

fn new_deployment() -> NewDeployment {
    NewDeployment {
        sha: "0123abc".to_owned(),
        environment: "preview/pr-12".to_owned(),
        description: "a preview".to_owned(),
        mark: ("launch", "a".to_owned()),
        payload: json!({ "task": "arn" }),
    }
}

#[tokio::test]
async fn pull_request_tells_state_head_and_whether_it_comes_from_a_fork() {
    let merged = json!({ "state": "closed", "merged_at": "2026-11-18T11:06:40Z" });
    let cases = [
        (json!({}), PullState::Open, false, Some("Octo/Demo")),
        (json!({ "state": "closed" }), PullState::Closed, false, Some("Octo/Demo")),
        (merged, PullState::Merged, false, Some("Octo/Demo")),
        (
            json!({ "head": { "sha": "0", "repo": { "full_name": "eve/demo" } } }),
            PullState::Open,
            true,
            Some("eve/demo"),
        ),
        (json!({ "head": { "sha": "0", "repo": null }, "user": null }), PullState::Open, true, None),
    ];
    for (change, state, is_fork, head_repo) in cases {
        let mut answer = pull(12);
        answer.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let server = Server::start([Act::json(200, answer)]).await;
        let seen = connect(&server).pull(12).await.expect("a pull request");
        assert_eq!((seen.state, seen.is_fork, seen.head_repo.as_deref()), (state, is_fork, head_repo), "{change}");
        assert_eq!(server.lines(), ["GET /repos/octo/demo/pulls/12"]);
    }
}

#[tokio::test]
async fn open_pull_requests_of_all_pages_come_once() {
    let answers = [first_of_two(json!([pull(9), pull(7)])), Act::json(200, json!([pull(7), pull(1)]))];
    let server = Server::start(answers).await;
    let seen = connect(&server).open_pulls().await.expect("two pages");
    assert_eq!(seen.iter().map(|pull| pull.number).collect::<Vec<_>>(), [1, 7, 9]);
    assert_eq!(server.lines()[1], "GET /repos/octo/demo/pulls?state=open&per_page=100&page=2");
}

#[tokio::test]
async fn comments_of_all_pages_are_read_and_deleted_accounts_wrote_none_of_ours() {
    let ghost = json!({ "id": 3, "body": "x", "created_at": "2026-11-18T11:06:40Z", "user": null });
    let server = Server::start([first_of_two(json!([comment(5, "Ann", "y")])), Act::json(200, json!([ghost]))]).await;
    let seen = connect(&server).comments(12).await.expect("two pages");
    assert_eq!(seen.iter().map(|comment| comment.id.0).collect::<Vec<_>>(), [3, 5]);
    assert_eq!((seen[0].is_by("ann"), seen[1].is_by("ann")), (false, true));
}

#[tokio::test]
async fn lost_answer_does_not_make_a_second_comment() {
    let body = format!("{MARKER}\nhello");
    let listed = json!([comment(1, "eve", &body), comment(2, "bot", "other"), comment(3, "bot", &body)]);
    for lost in [Act::HangUp, refuse(502, "Server Error")] {
        let server = Server::start([lost, Act::json(200, listed.clone())]).await;
        let made = connect(&server).create_comment(12, MARKER, &body, "bot").await.expect("it was made");
        assert_eq!(made.id, CommentId(3));
        let comments = "/repos/octo/demo/issues/12/comments";
        assert_eq!(server.lines(), [format!("POST {comments}"), format!("GET {comments}?per_page=100&page=1")]);
    }
}

#[tokio::test]
async fn comment_that_was_not_made_after_all_is_sent_again() {
    let body = format!("{MARKER}\nhello");
    let answers =
        [Act::HangUp, Act::json(200, json!([comment(1, "eve", &body)])), Act::json(201, comment(4, "bot", &body))];
    let server = Server::start(answers).await;
    let made = connect(&server).create_comment(12, MARKER, &body, "bot").await.expect("the second try");
    assert_eq!(made.id, CommentId(4));
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("POST")).count(), 2);
}

#[tokio::test]
async fn creation_that_was_refused_is_not_looked_for() {
    for status in [403, 404, 422] {
        let server = Server::start([refuse(status, "no")]).await;
        assert!(connect(&server).create_comment(12, MARKER, "x", "bot").await.is_err());
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn comment_gets_another_body_and_a_reaction() {
    let server = Server::start([Act::json(200, comment(5, "bot", "new")), Act::json(200, json!({ "id": 1 }))]).await;
    let github = connect(&server);
    github.update_comment(CommentId(5), "new").await.expect("changed");
    github.react(CommentId(5), Reaction::Eyes).await.expect("there already");
    let path = "/repos/octo/demo/issues/comments/5";
    assert_eq!(server.lines(), [format!("PATCH {path}"), format!("POST {path}/reactions")]);
    let bodies: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, [r#"{"body":"new"}"#, r#"{"content":"eyes"}"#]);
}

#[tokio::test]
async fn who_is_no_collaborator_has_no_permission_and_failures_have_none_of_either() {
    let maintainer = json!({ "permission": "write", "role_name": "maintain", "user": null });
    let answers = [Act::json(200, maintainer), refuse(404, "no"), refuse(403, "no")];
    let server = Server::start(answers).await;
    let github = connect(&server);
    assert_eq!(github.permission("ann").await.expect("an answer").role_name, "maintain");
    assert_eq!(github.permission("a/b").await.expect("an answer").permission, "none");
    assert!(matches!(github.permission("ann").await, Err(GitHubError::Forbidden { .. })));
    assert_eq!(server.lines()[1], "GET /repos/octo/demo/collaborators/a%2Fb/permission");
}

#[tokio::test]
async fn redirect_of_the_membership_is_followed_by_nobody_and_means_unknown() {
    let location = |server: &Server| vec![("location", server.url("/orgs/octo/public_members/ann"))];
    let elsewhere = Server::start([Act::Answer(204, Vec::new(), String::new())]).await;
    let answers = [
        Act::Answer(302, location(&elsewhere), String::new()),
        Act::Answer(204, Vec::new(), String::new()),
        refuse(404, "no"),
        refuse(301, "Moved Permanently"),
    ];
    let server = Server::start(answers).await;
    let github = connect(&server);
    for expected in [Membership::Unknown, Membership::Member, Membership::NotMember] {
        assert_eq!(github.membership("octo", "ann").await.expect("an answer"), expected);
    }
    assert!(github.membership("octo", "ann").await.is_err());
    assert_eq!((elsewhere.accepted(), server.lines()[0].as_str()), (0, "GET /orgs/octo/members/ann"));
}

#[tokio::test]
async fn deployment_overrides_every_default_that_bites() {
    let server = Server::start([Act::json(201, deployment(8, json!({ "launch": "a" })))]).await;
    let made = connect(&server).create_deployment(&new_deployment()).await.expect("made");
    assert_eq!((made.id, made.payload("launch").as_deref()), (DeploymentId(8), Some("a")));
    let sent: Value = serde_json::from_str(&server.seen()[0].body).expect("JSON");
    let expected = json!({
        "ref": "0123abc",
        "environment": "preview/pr-12",
        "description": "a preview",
        "payload": { "task": "arn", "launch": "a" },
        "auto_merge": false,
        "required_contexts": [],
        "transient_environment": true,
        "production_environment": false,
    });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn lost_answer_does_not_make_a_second_deployment() {
    let listed = json!([
        deployment(7, json!({ "launch": "b" })),
        deployment(8, json!("{\"launch\":\"a\"}")),
        deployment(9, json!(""))
    ]);
    let server = Server::start([Act::HangUp, Act::json(200, listed)]).await;
    let made = connect(&server).create_deployment(&new_deployment()).await.expect("it was made");
    assert_eq!(made.id, DeploymentId(8));
    assert_eq!(server.lines()[1], "GET /repos/octo/demo/deployments?environment=preview%2Fpr-12&per_page=100&page=1");
}

#[tokio::test]
async fn states_of_deployments_and_commits_are_told_and_repeated_without_a_look() {
    let last = json!([{ "state": "queued", "description": "waits" }]);
    let ok = || Act::json(201, json!({ "id": 1 }));
    let server = Server::start([Act::json(200, last), refuse(502, "Server Error"), ok(), ok()]).await;
    let github = connect(&server);
    let told = github.last_deployment_status(DeploymentId(8)).await.expect("a list").expect("a state");
    assert_eq!((told.state.as_str(), told.environment_url.as_str()), ("queued", ""));
    let state = DeploymentState::Success.name().to_owned();
    let url = "https://pr-12.example.com".to_owned();
    let status = DeploymentStatus { state, description: "there".to_owned(), environment_url: url.clone() };
    github.tell_deployment(DeploymentId(8), &status).await.expect("told");
    let (context, description) = ("preview/pr-12".to_owned(), "there".to_owned());
    let commit = CommitStatus { context, state: CommitState::Success, description, target_url: Some(url) };
    github.tell_commit("0123abc", &commit).await.expect("told");
    assert_eq!(server.lines()[3], "POST /repos/octo/demo/statuses/0123abc");
    let sent: Value = serde_json::from_str(&server.seen()[3].body).expect("JSON");
    assert_eq!(sent["context"], "preview/pr-12");
}

#[tokio::test]
async fn author_is_the_app_the_workflow_or_the_user() {
    let server = Server::start([
        Act::json(200, json!({ "id": 1, "slug": "mayfly-octo" })),
        Act::json(200, json!({ "login": "ann" })),
    ])
    .await;
    assert_eq!(connect_as(&server, app(), repo()).whoami().await.expect("a name"), "mayfly-octo[bot]");
    assert_eq!(connect_as(&server, token("ghs_x"), repo()).whoami().await.expect("a name"), "github-actions[bot]");
    assert_eq!(connect_as(&server, token("ghp_x"), repo()).whoami().await.expect("a name"), "ann");
    assert_eq!(server.lines(), ["GET /app", "GET /user"]);
}

#[tokio::test]
async fn app_mints_a_token_for_the_repository_and_hands_over_one_for_runners() {
    let mut answers: Vec<Act> = installation("ghs_pulls", "2100-01-01T00:00:00Z").into();
    answers.push(Act::json(200, json!([])));
    answers.extend(installation("ghs_runners", "2100-01-01T00:00:00Z"));
    let server = Server::start(answers).await;
    let github = connect_as(&server, app(), repo());
    github.comments(12).await.expect("a page");
    github.installation_token().await.expect("a token");
    let asked = |index: usize| serde_json::from_str::<Value>(&server.seen()[index].body).expect("JSON");
    assert_eq!(asked(1), json!({ "repositories": ["demo"] }));
    assert_eq!(asked(4)["permissions"], json!({ "administration": "write" }));
}

#[tokio::test]
async fn refusals_name_the_rights_that_pull_requests_need() {
    let cases = [("ghs_x", "`permissions`: issues"), ("github_pat_x", "\"Commit statuses\""), ("ghp_x", "\"repo\"")];
    for (secret, fix) in cases {
        let server = Server::start([refuse(403, "Resource not accessible by integration")]).await;
        let fault = connect_as(&server, token(secret), repo()).comments(12).await.expect_err("a refusal").to_string();
        assert!(fault.contains(fix) && !fault.contains("runners"), "{fault}");
    }
}

#[tokio::test]
async fn organisations_have_no_pull_requests() {
    let server = Server::start([Act::json(200, page(&[]))]).await;
    let http = Http::from_vars(&|_| None).expect("no settings");
    let url = server.url("").parse().expect("a URL");
    let fault = GitHub::for_pull_requests(http, &url, token("t"), org()).expect_err("no repository").to_string();
    assert!(fault.contains("OWNER/REPO"), "{fault}");
    assert_eq!(server.accepted(), 0);
}
