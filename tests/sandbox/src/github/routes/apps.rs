//! Apps, installation tokens, rate limits.

use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::super::app::{App, WantedToken};
use super::super::caller::{Caller, Visitor, bearer};
use super::super::directory::Place;
use super::super::hub::Hub;
use super::super::people::Speaker;
use super::super::rate::Resource;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::token::{Actor, Grant, Purpose};
use super::super::traffic::json_body;
use crate::clock::rfc3339;

/// Installation tokens live for an hour.
const TOKEN_LIFE: Duration = Duration::from_hours(1);

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/app", get(app))
        .route("/app/installations", get(installations))
        .route("/app/installations/{installation_id}", get(installation))
        .route("/app/installations/{installation_id}/access_tokens", post(access_token))
        .route("/repos/{owner}/{repo}/installation", get(installation_at))
        .route("/orgs/{org}/installation", get(installation_at))
        .route("/rate_limit", get(rate_limit))
}

#[derive(Deserialize)]
struct InstallationPath {
    installation_id: u64,
}

/// The App that asks: these routes take nothing but an App's own token.
fn asking_app(caller: &Caller) -> Result<App, Refusal> {
    let Actor::App(id) = caller.actor else {
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "A JSON web token could not be decoded"));
    };
    let app = caller.hub.read(|state| state.apps.iter().find(|app| app.id == id).cloned());
    app.ok_or_else(Refusal::bad_credentials)
}

async fn app(caller: Caller) -> Answer {
    Ok(Json(render::app(&asking_app(&caller)?, &caller.hub.url)).into_response())
}

async fn installations(caller: Caller) -> Answer {
    Ok(Json(json!([render::installation(&asking_app(&caller)?, &caller.hub.url)])).into_response())
}

async fn installation(caller: Caller, Path(path): Path<InstallationPath>) -> Answer {
    let app = asking_app(&caller)?;
    if app.installation.id != path.installation_id {
        return Err(Refusal::not_found());
    }
    Ok(Json(render::installation(&app, &caller.hub.url)).into_response())
}

async fn installation_at(visitor: Visitor) -> Answer {
    let app = asking_app(&visitor.caller)?;
    let installed = match visitor.place {
        Place::Org(id) => app.installation.account.id == id,
        Place::Repo(id) => visitor.hub().read(|state| {
            let repo = state.directory.repo_by_id(id);
            repo.is_some_and(|repo| repo.owner_id == app.installation.account.id && app.installation.reach.includes(id))
        }),
        Place::Enterprise(_) => false,
    };
    if !installed {
        return Err(Refusal::not_found());
    }
    Ok(Json(render::installation(&app, &visitor.hub().url)).into_response())
}

async fn access_token(caller: Caller, Path(path): Path<InstallationPath>, body: Bytes) -> Answer {
    let app = asking_app(&caller)?;
    if app.installation.id != path.installation_id {
        return Err(Refusal::not_found());
    }
    let wanted: WantedToken = if body.is_empty() { WantedToken::default() } else { json_body(&body)? };
    let owner = app.installation.account.clone();
    let (hub, installation) = (&caller.hub, &app.installation);
    let narrowed = hub.read(|state| {
        installation.narrow(&wanted, |name| state.directory.repo(&owner.login, name).map(|repo| repo.id))
    });
    let (permissions, reach) = narrowed.map_err(Refusal::invalid)?;
    let (shown, selection) = (render::permissions(&permissions), render::selection(&reach));
    let (token, end) = hub.change(|state, now| {
        let grant = Grant { owner_id: owner.id, permissions, reach };
        let end = now + TOKEN_LIFE;
        (state.tokens.mint("ghs_", Purpose::Api(Actor::Installation(grant), Speaker::App(app.id)), Some(end)), end)
    });
    let body = json!({
        "token": token,
        "expires_at": rfc3339(end),
        "permissions": shown,
        "repository_selection": selection,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

async fn rate_limit(caller: Caller, headers: axum::http::HeaderMap) -> Answer {
    let token = bearer(&headers).unwrap_or_default();
    let usage = |resource| caller.hub.rates.usage(token, resource, caller.hub.now()).json();
    let (core, registration) = (usage(Resource::Core), usage(Resource::RunnerRegistration));
    let search = json!({ "limit": 30, "remaining": 30, "reset": caller.hub.now().unix_timestamp() + 60, "used": 0 });
    let resources = json!({ "core": core, "search": search, "actions_runner_registration": registration });
    Ok(Json(json!({ "resources": resources, "rate": core })).into_response())
}
