//! What people do at GitHub with a pull request, for those who do it with curl.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::github::directory::Repo;
use crate::github::event::{self, CommentAction};
use crate::github::hub::Hub;
use crate::github::issue::{IssueId, Origin};
use crate::github::people::{OCTOCAT, Speaker, User};
use crate::github::refusal::{Answer, Refusal};
use crate::github::setup::{FIRST_USER, PullSpec};
use crate::github::state::State as Model;
use crate::github::traffic::json_body;

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/pulls", post(open))
        .route("/pulls/{number}/push", post(push))
        .route("/pulls/{number}/comments", post(comment))
        .route("/pulls/{number}/close", post(close))
        .route("/pulls/{number}/merge", post(merge))
        .route("/pulls/{number}/reopen", post(reopen))
}

/// A member of a body that may be left out.
fn octocat() -> String {
    OCTOCAT.to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedPull {
    #[serde(default)]
    repo: Option<String>,
    #[serde(default = "octocat")]
    author: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    branch: Option<String>,
    /// `OWNER/NAME` of the fork that it comes from.
    #[serde(default)]
    fork: Option<String>,
    #[serde(default)]
    draft: bool,
}

/// The repository that is meant where none is named: the first.
fn repo_or_first(state: &Model, named: Option<String>) -> Option<String> {
    match named {
        Some(name) => {
            let (owner, repo) = name.split_once('/')?;
            state.directory.repo(owner, repo).map(Repo::full_name)
        }
        None => state.directory.repos.first().map(Repo::full_name),
    }
}

async fn open(State(hub): State<Hub>, body: Bytes) -> Answer {
    let wanted: WantedPull = json_body(&body)?;
    let shown = hub.change(|state, now| {
        let repo = repo_or_first(state, wanted.repo)?;
        let usual = PullSpec::of(&repo, &wanted.author);
        let spec = PullSpec {
            title: wanted.title.unwrap_or(usual.title),
            body: wanted.body,
            branch: wanted.branch.unwrap_or(usual.branch),
            origin: wanted.fork.map_or(Origin::Here, Origin::Fork),
            draft: wanted.draft,
            repo: usual.repo,
            author: usual.author,
            base: usual.base,
            sha: None,
        };
        make_known(state, &wanted.author);
        let id = state.open_pull(spec, now);
        Some(told(state, id, &hub.url))
    });
    Ok((StatusCode::CREATED, Json(shown.ok_or_else(Refusal::not_found)?)).into_response())
}

/// Whoever is named at the keyboard exists, without a role.
fn make_known(state: &mut Model, login: &str) {
    if state.user(login).is_none() {
        let id = FIRST_USER + state.fresh_id();
        state.people.add(User::of(id, login));
    }
}

fn told(state: &Model, id: IssueId, base: &str) -> Value {
    let issue = &state.issues[&id];
    let head = issue.pull.as_ref().map(|pull| pull.head().to_owned());
    json!({
        "number": id.number,
        "state": issue.state.name(),
        "head_sha": head,
        "page": format!("{base}/_sandbox/pulls/{}", id.number),
    })
}

/// Does something with the pull request of a number and tells how it stands then.
fn with_pull(
    hub: &Hub,
    number: u64,
    act: impl FnOnce(&mut Model, IssueId, time::OffsetDateTime) -> Option<()>,
) -> Answer {
    let shown = hub.change(|state, now| {
        let id = *state.issues.keys().find(|id| id.number == number)?;
        act(state, id, now)?;
        Some(told(state, id, &hub.url))
    });
    Ok(Json(shown.ok_or_else(Refusal::not_found)?).into_response())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedPush {
    #[serde(default)]
    sha: Option<String>,
}

async fn push(State(hub): State<Hub>, Path(number): Path<u64>, body: Bytes) -> Answer {
    let wanted: WantedPush = if body.is_empty() { WantedPush::default() } else { json_body(&body)? };
    with_pull(&hub, number, |state, id, now| state.push_new(id, wanted.sha.as_deref(), now).map(|_| ()))
}

/// Turns a pull request into another state.
fn turn(hub: &Hub, number: u64, change: fn(&mut Model, IssueId, time::OffsetDateTime)) -> Answer {
    with_pull(hub, number, |state, id, now| {
        change(state, id, now);
        Some(())
    })
}

async fn close(State(hub): State<Hub>, Path(number): Path<u64>) -> Answer {
    turn(&hub, number, Model::close)
}

async fn merge(State(hub): State<Hub>, Path(number): Path<u64>) -> Answer {
    turn(&hub, number, Model::merge)
}

async fn reopen(State(hub): State<Hub>, Path(number): Path<u64>) -> Answer {
    turn(&hub, number, Model::reopen)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedComment {
    #[serde(default = "octocat")]
    user: String,
    body: String,
}

/// Answers with the payload that the webhook would bring: what a workflow is given.
async fn comment(State(hub): State<Hub>, Path(number): Path<u64>, body: Bytes) -> Answer {
    let wanted: WantedComment = json_body(&body)?;
    let shown = hub.change(|state, now| {
        make_known(state, &wanted.user);
        let issue = *state.issues.keys().find(|id| id.number == number)?;
        let id = state.add_comment(issue, &Speaker::User(wanted.user), wanted.body, now)?;
        let event = event::issue_comment(state, id, CommentAction::Created, &hub.url)?;
        Some(json!({ "comment_id": id, "event": event }))
    });
    Ok((StatusCode::CREATED, Json(shown.ok_or_else(Refusal::not_found)?)).into_response())
}
