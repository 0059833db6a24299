//! The list of runners, one runner, its removal, groups, downloads, deprecations.

use axum::extract::{OriginalUri, Path, Query};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::super::caller::Visitor;
use super::super::directory::{Group, Place};
use super::super::hub::Hub;
use super::super::paging::Paging;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::runner::RunnerId;
use super::super::token::{Level, Right};
use crate::distribution;

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/actions/runners", get(list))
        .route("/actions/runners/downloads", get(downloads))
        .route("/actions/runners/deprecations/{version}", get(deprecations))
        .route("/actions/runners/{runner_id}", get(one).delete(remove))
        .route("/actions/runner-groups", get(groups))
}

/// The number at the end of a runner's path.
#[derive(Deserialize)]
pub(super) struct RunnerPath {
    pub(super) runner_id: RunnerId,
}

async fn list(visitor: Visitor, OriginalUri(uri): OriginalUri, Query(paging): Query<Paging>) -> Answer {
    visitor.needs(Right::Runners(Level::Read))?;
    let runners = visitor.hub().read(|state| {
        state.runners_at(visitor.place, paging.name.as_deref()).into_iter().map(render::runner).collect()
    });
    Ok(paging.answer(visitor.hub(), uri.path(), "runners", runners))
}

async fn one(visitor: Visitor, Path(path): Path<RunnerPath>) -> Answer {
    visitor.needs(Right::Runners(Level::Read))?;
    let body =
        visitor.hub().change(|state, _| state.runner_at(visitor.place, path.runner_id).map(|one| render::runner(one)));
    Ok(Json(body.ok_or_else(Refusal::not_found)?).into_response())
}

/// The arbiter: 204 says that the runner had no job and never gets one, 422 that it has one.
async fn remove(visitor: Visitor, Path(path): Path<RunnerPath>) -> Answer {
    visitor.needs(Right::Runners(Level::Write))?;
    match visitor.hub().change(|state, _| state.delete_runner(visitor.place, path.runner_id)) {
        None => Err(Refusal::not_found()),
        // GitHub's text has this lonely quotation mark at its end (cybozu-go/meows#136).
        Some(Err(busy)) => {
            Err(Refusal::invalid(format!("Bad request - Runner \"{}\" is still running a job\"", busy.runner)))
        }
        Some(Ok(())) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Filter of the list of groups.
#[derive(Default, Deserialize)]
struct GroupFilter {
    visible_to_repository: Option<String>,
}

async fn groups(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Query(paging): Query<Paging>,
    Query(filter): Query<GroupFilter>,
) -> Answer {
    if matches!(visitor.place, Place::Repo(_)) {
        return Err(Refusal::not_found());
    }
    visitor.needs(Right::Runners(Level::Read))?;
    let hub = visitor.hub();
    let groups = hub.read(|state| {
        let asked = filter.visible_to_repository.as_ref();
        let repo = asked.map(|name| state.directory.repos.iter().find(|repo| repo.name.eq_ignore_ascii_case(name)));
        let visible = |group: &Group| match repo {
            None => true,
            Some(repo) => repo.is_some_and(|repo| state.directory.may_use(repo, visitor.place, group.id)),
        };
        let groups = state.directory.groups(visitor.place).into_iter().filter(visible);
        groups.map(|group| render::group(&group, &hub.url, &visitor.scope)).collect()
    });
    Ok(paging.answer(hub, uri.path(), "runner_groups", groups))
}

/// The stand-in distribution, as GitHub lists its own: one archive for this machine.
async fn downloads(visitor: Visitor) -> Answer {
    visitor.needs(Right::Runners(Level::Read))?;
    let archive = visitor.hub().archive().await.map_err(|fault| {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, format!("the sandbox has no stand-in distribution: {fault}"))
    })?;
    let name = distribution::archive_name();
    let body = json!([{
        "os": "linux",
        "architecture": distribution::ARCHITECTURE,
        "download_url": format!("{}/_standin/dist/{name}", visitor.hub().url),
        "filename": name,
        "sha256_checksum": archive.sha256,
    }]);
    Ok(Json(body).into_response())
}

/// Dates are far away for every version but those below the enforced minimum.
async fn deprecations(visitor: Visitor, Path(path): Path<VersionPath>) -> Answer {
    visitor.needs(Right::Runners(Level::Read))?;
    let old = !distribution::is_accepted(&path.version);
    let date = if old { "2026-07-31T00:00:00Z" } else { "2027-09-01T00:00:00Z" };
    let body = json!({
        "runner_version": path.version,
        "registration_deprecates_at": date,
        "runtime_deprecates_at": date,
    });
    Ok(Json(body).into_response())
}

#[derive(Deserialize)]
struct VersionPath {
    version: String,
}
