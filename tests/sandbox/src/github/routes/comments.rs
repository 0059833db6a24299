//! Comments below issues and pull requests.

use axum::extract::{OriginalUri, Path, Query};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::caller::Visitor;
use super::super::hub::Hub;
use super::super::issue::{Comment, CommentId};
use super::super::paging::Paging;
use super::super::people::{Access, Speaker};
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::state::State;
use super::super::token::{Level, Right};
use super::super::traffic::json_body;
use super::pulls::{NumberPath, conversation};

/// GitHub's limit for the text of a comment.
const LONGEST_BODY: usize = 65_536;

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/issues/{number}/comments", get(list).post(create))
        .route("/issues/comments/{comment_id}", get(one).patch(edit).delete(remove))
}

/// The number in the path of a comment.
#[derive(Deserialize)]
pub(super) struct CommentPath {
    pub(super) comment_id: CommentId,
}

#[derive(Default, Deserialize)]
struct Since {
    since: Option<String>,
}

async fn list(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Path(path): Path<NumberPath>,
    Query(paging): Query<Paging>,
    Query(since): Query<Since>,
) -> Answer {
    let issue = conversation(&visitor, path.number, Level::Read)?;
    let since = since.since.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok());
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let comments = hub.read(|state| {
        let all = state.comments_of(issue.id).filter(|comment| since.is_none_or(|since| comment.updated_at >= since));
        all.filter_map(|comment| render::comment(state, comment, repo, &hub.url)).collect()
    });
    Ok(paging.array(hub, &uri, comments))
}

/// A comment of the repository, for who may read or write below its issue.
pub(super) fn find(visitor: &Visitor, id: CommentId, level: Level) -> Result<Comment, Refusal> {
    visitor.needs(Right::Metadata)?;
    let repo = visitor.repo()?.id;
    let found = visitor.hub().read(|state| state.comments.get(&id).filter(|one| one.issue.repo == repo).cloned());
    match found {
        Some(comment) => conversation(visitor, comment.issue.number, level).map(|_| comment),
        None => {
            // Who may not look is told so, whether or not it is there.
            visitor.needs(Right::Conversation(level))?;
            Err(Refusal::not_found())
        }
    }
}

async fn one(visitor: Visitor, Path(path): Path<CommentPath>) -> Answer {
    let comment = find(&visitor, path.comment_id, Level::Read)?;
    let shown = visitor.hub().read(|state| show(state, &visitor, &comment));
    Ok(Json(shown?).into_response())
}

fn show(state: &State, visitor: &Visitor, comment: &Comment) -> Result<Value, Refusal> {
    let repo = visitor.repo()?;
    render::comment(state, comment, repo, &visitor.hub().url).ok_or_else(Refusal::not_found)
}

#[derive(Deserialize)]
struct Text {
    body: String,
}

fn checked_text(body: &Bytes) -> Result<String, Refusal> {
    let Text { body } = json_body(body)?;
    if body.trim().is_empty() {
        return Err(Refusal::validation("IssueComment", "body", "body can't be blank"));
    }
    if body.chars().count() > LONGEST_BODY {
        let reason = format!("body is too long (maximum is {LONGEST_BODY} characters)");
        return Err(Refusal::validation("IssueComment", "body", &reason));
    }
    Ok(body)
}

async fn create(visitor: Visitor, Path(path): Path<NumberPath>, body: Bytes) -> Answer {
    let issue = conversation(&visitor, path.number, Level::Write)?;
    let text = checked_text(&body)?;
    if issue.locked && !may_moderate(&visitor, Locked::ForApps) {
        return Err(Refusal::forbidden("Unable to create comment because issue is locked."));
    }
    let shown = visitor.hub().change(|state, now| {
        let id = state.add_comment(issue.id, &visitor.caller.speaker, text, now).ok_or_else(Refusal::not_found)?;
        show(state, &visitor, &state.comments[&id])
    })?;
    Ok(created(shown))
}

/// 201, and where the new thing is.
pub(super) fn created(shown: Value) -> Response {
    let location = shown["url"].as_str().unwrap_or_default().to_owned();
    (StatusCode::CREATED, [(LOCATION, location)], Json(shown)).into_response()
}

/// Whether what is asked for is shut to Apps, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Locked {
    ForApps,
    NotForApps,
}

/// A user needs to be able to push. Bots meet locks however much they may do elsewhere.
fn may_moderate(visitor: &Visitor, locked: Locked) -> bool {
    match &visitor.caller.speaker {
        Speaker::User(_) => visitor.has_access(Access::Write),
        Speaker::App(_) | Speaker::Workflow => locked == Locked::NotForApps,
    }
}

/// A comment that the caller may change: its own, or any where it may moderate.
fn find_mine(visitor: &Visitor, id: CommentId) -> Result<Comment, Refusal> {
    let comment = find(visitor, id, Level::Write)?;
    let me = visitor.hub().read(|state| state.account_of(&visitor.caller.speaker));
    let own = me.is_some_and(|me| me.login == comment.author);
    if own || may_moderate(visitor, Locked::NotForApps) {
        return Ok(comment);
    }
    Err(Refusal::forbidden("Must have admin rights to Repository."))
}

async fn edit(visitor: Visitor, Path(path): Path<CommentPath>, body: Bytes) -> Answer {
    let comment = find_mine(&visitor, path.comment_id)?;
    let text = checked_text(&body)?;
    let shown = visitor.hub().change(|state, now| {
        let comment = state.edit_comment(comment.id, text, now).ok_or_else(Refusal::not_found)?;
        show(state, &visitor, &comment)
    })?;
    Ok(Json(shown).into_response())
}

async fn remove(visitor: Visitor, Path(path): Path<CommentPath>) -> Answer {
    let comment = find_mine(&visitor, path.comment_id)?;
    visitor.hub().change(|state, _| state.comments.remove(&comment.id));
    Ok(StatusCode::NO_CONTENT.into_response())
}
