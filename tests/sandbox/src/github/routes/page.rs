//! The sandbox's page.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::super::hub::Hub;
use super::super::page::{self, Moment, Refresh};
use super::super::refusal::{Answer, Refusal};

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/_sandbox", get(async || Redirect::permanent("/_sandbox/")))
        .route("/_sandbox/", get(index))
        .route("/_sandbox/pulls/{number}", get(pull))
}

async fn index(State(hub): State<Hub>, Query(refresh): Query<Refresh>) -> Response {
    let (tasks, moment) = (hub.tasks(), Moment { now: hub.now(), refresh });
    hub.read(|state| page::index(state, &tasks, &moment)).into_response()
}

async fn pull(State(hub): State<Hub>, Path(number): Path<u64>, Query(refresh): Query<Refresh>) -> Answer {
    let (tasks, moment) = (hub.tasks(), Moment { now: hub.now(), refresh });
    hub.read(|state| page::pull(state, number, &tasks, &moment)).ok_or_else(Refusal::not_found)
}
