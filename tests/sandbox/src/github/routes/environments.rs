//! Environments: looked at and deleted. Deployments make them.

use axum::extract::{OriginalUri, Path, Query};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::super::caller::Visitor;
use super::super::hub::Hub;
use super::super::paging::Paging;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::token::Right;

pub(super) fn router() -> Router<Hub> {
    Router::new().route("/environments", get(list)).route("/environments/{name}", get(one).delete(remove))
}

/// A name in a path has its slashes escaped; here they are plain again.
#[derive(Deserialize)]
struct EnvironmentPath {
    name: String,
}

async fn list(visitor: Visitor, OriginalUri(uri): OriginalUri, Query(paging): Query<Paging>) -> Answer {
    visitor.needs(Right::Environments)?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let shown = hub.read(|state| {
        let here = state.environments.iter().filter(|one| one.repo == repo.id);
        here.map(|one| render::environment(one, repo, &hub.url)).collect()
    });
    Ok(paging.answer(hub, uri.path(), "environments", shown))
}

async fn one(visitor: Visitor, Path(path): Path<EnvironmentPath>) -> Answer {
    visitor.needs(Right::Environments)?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let shown = hub.read(|state| {
        let found = state.environments.iter().find(|one| one.repo == repo.id && one.name == path.name);
        found.map(|one| render::environment(one, repo, &hub.url))
    });
    Ok(Json(shown.ok_or_else(Refusal::not_found)?).into_response())
}

/// Takes administration of the repository: no `GITHUB_TOKEN` has that, whatever its workflow file says.
async fn remove(visitor: Visitor, Path(path): Path<EnvironmentPath>) -> Answer {
    visitor.needs(Right::Administration)?;
    let repo = visitor.repo()?.id;
    let gone = visitor.hub().change(|state, _| {
        let before = state.environments.len();
        state.environments.retain(|one| one.repo != repo || one.name != path.name);
        state.environments.len() < before
    });
    if gone { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(Refusal::not_found()) }
}
