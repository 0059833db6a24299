//! The routes: each asks the model and writes GitHub's answer.

mod actions;
mod apps;
mod broker;
mod comments;
mod configure;
mod control;
mod deployments;
mod environments;
mod labels;
mod oidc;
mod page;
mod people;
mod pulls;
mod reactions;
mod registration;
mod runners;
mod statuses;

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
        .merge(page::router())
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(async || Refusal::not_found())
        .layer(from_fn_with_state(hub.clone(), traffic::pass))
        .with_state(hub)
}

fn api() -> Router<Hub> {
    Router::new()
        .nest("/repos/{owner}/{repo}", repository_routes())
        .nest("/orgs/{org}", runner_routes().merge(people::of_organisation()))
        .nest("/enterprises/{enterprise}", runner_routes())
        .merge(apps::router())
        .merge(people::router())
}

fn repository_routes() -> Router<Hub> {
    runner_routes()
        .merge(actions::router())
        .merge(pulls::router())
        .merge(comments::router())
        .merge(reactions::router())
        .merge(deployments::router())
        .merge(environments::router())
        .merge(statuses::router())
        .merge(people::of_repository())
}

/// The same three times: repositories, organisations, enterprises.
fn runner_routes() -> Router<Hub> {
    runners::router().merge(registration::router()).merge(labels::router())
}
