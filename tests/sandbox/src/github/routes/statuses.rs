//! Commit statuses.

use axum::extract::Path;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;

use super::super::caller::Visitor;
use super::super::deploy::{CommitStatus, StatusState};
use super::super::hub::Hub;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::token::{Level, Right};
use super::super::traffic::json_body;
use super::comments::created;
use super::deployments::check_description;
use super::pulls::{ReferencePath, no_commit};

pub(super) fn router() -> Router<Hub> {
    Router::new().route("/statuses/{reference}", post(create)).route("/commits/{reference}/status", get(combined))
}

#[derive(Deserialize)]
struct Told {
    state: StatusState,
    target_url: Option<String>,
    description: Option<String>,
    context: Option<String>,
}

async fn create(visitor: Visitor, Path(path): Path<ReferencePath>, body: Bytes) -> Answer {
    visitor.needs(Right::Statuses(Level::Write))?;
    let told: Told = json_body(&body)?;
    check_description("Status", told.description.as_deref().unwrap_or_default())?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    hub.change(|state, now| {
        // Takes nothing but the whole number of a commit.
        let commit = state.find_commit(repo.id, &path.reference).filter(|commit| commit.sha == path.reference);
        let status = CommitStatus {
            id: state.fresh_id(),
            repo: repo.id,
            sha: commit.ok_or_else(|| no_commit(&path.reference))?.sha,
            state: told.state,
            description: told.description,
            target_url: told.target_url,
            context: told.context.unwrap_or_else(|| "default".to_owned()),
            creator: state.account_of(&visitor.caller.speaker).ok_or_else(Refusal::not_found)?.login,
            created_at: now,
        };
        if !state.add_status(status.clone()) {
            let reason = "This SHA and context has reached the maximum number of statuses.";
            return Err(Refusal::validation("Status", "base", reason));
        }
        Ok(created(render::status(state, &status, repo, &hub.url)))
    })
}

async fn combined(visitor: Visitor, Path(path): Path<ReferencePath>) -> Answer {
    visitor.needs(Right::Statuses(Level::Read))?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let shown = hub.read(|state| {
        let sha = state.resolve(repo, &path.reference)?;
        Some(render::combined(state, &sha, repo, &hub.url))
    });
    Ok(Json(shown.ok_or_else(|| no_commit(&path.reference))?).into_response())
}
