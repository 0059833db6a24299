//! Reactions to comments.

use axum::extract::{OriginalUri, Path, Query};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{delete, get};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;

use super::super::caller::Visitor;
use super::super::hub::Hub;
use super::super::issue::{CommentId, Emotion};
use super::super::paging::Paging;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::state::Reacted;
use super::super::token::Level;
use super::super::traffic::json_body;
use super::comments::{CommentPath, find};

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/issues/comments/{comment_id}/reactions", get(list).post(create))
        .route("/issues/comments/{comment_id}/reactions/{reaction_id}", delete(remove))
}

#[derive(Deserialize)]
struct ReactionPath {
    comment_id: CommentId,
    reaction_id: u64,
}

/// Which kind; none: all.
#[derive(Default, Deserialize)]
struct Filter {
    content: Option<Emotion>,
}

async fn list(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Path(path): Path<CommentPath>,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Answer {
    let comment = find(&visitor, path.comment_id, Level::Read)?;
    let hub = visitor.hub();
    let wanted = comment.reactions.iter().filter(|one| filter.content.is_none_or(|content| one.content == content));
    let reactions = hub.read(|state| wanted.map(|one| render::reaction(state, one, &hub.url)).collect());
    Ok(paging.array(hub, &uri, reactions))
}

#[derive(Deserialize)]
struct Wanted {
    content: Emotion,
}

async fn create(visitor: Visitor, Path(path): Path<CommentPath>, body: Bytes) -> Answer {
    let comment = find(&visitor, path.comment_id, Level::Write)?;
    let Wanted { content } = json_body(&body)?;
    let hub = visitor.hub();
    let shown = hub.change(|state, now| {
        let me = state.account_of(&visitor.caller.speaker)?.login;
        let (reaction, reacted) = state.react(comment.id, &me, content, now)?;
        Some((render::reaction(state, &reaction, &hub.url), reacted))
    });
    let (shown, reacted) = shown.ok_or_else(Refusal::not_found)?;
    let status = if reacted == Reacted::Now { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(shown)).into_response())
}

/// Nobody takes back what another felt.
async fn remove(visitor: Visitor, Path(path): Path<ReactionPath>) -> Answer {
    let comment = find(&visitor, path.comment_id, Level::Write)?;
    let reaction = comment.reactions.iter().find(|reaction| reaction.id == path.reaction_id);
    let author = reaction.ok_or_else(Refusal::not_found)?.user.clone();
    visitor.hub().change(|state, _| {
        if state.account_of(&visitor.caller.speaker).is_none_or(|me| me.login != author) {
            return Err(Refusal::forbidden("You can only delete your own reactions."));
        }
        let comment = state.comments.get_mut(&path.comment_id).ok_or_else(Refusal::not_found)?;
        comment.reactions.retain(|reaction| reaction.id != path.reaction_id);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}
