//! The routes: each asks the model and writes GitHub's answer.

mod actions;
mod apps;
mod broker;
mod configure;
mod control;
mod labels;
mod oidc;
mod registration;
mod runners;

use axum::Router;
use axum::middleware::from_fn_with_state;

use super::hub::Hub;
use super::refusal::Refusal;
use super::traffic;

/// All of it.
pub(crate) fn router(hub: Hub) -> Router {
    Router::new()
        .merge(api())
        .nest("/api/v3", api())
        .nest("/oidc", oidc::router())
        .nest("/_standin", broker::router())
        .nest("/_sandbox", control::router())
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(async || Refusal::not_found())
        .layer(from_fn_with_state(hub.clone(), traffic::pass))
        .with_state(hub)
}

fn api() -> Router<Hub> {
    Router::new()
        .nest("/repos/{owner}/{repo}", runner_routes().merge(actions::router()))
        .nest("/orgs/{org}", runner_routes())
        .nest("/enterprises/{enterprise}", runner_routes())
        .merge(apps::router())
}

/// The same three times: repositories, organisations, enterprises.
fn runner_routes() -> Router<Hub> {
    runners::router().merge(registration::router()).merge(labels::router())
}
