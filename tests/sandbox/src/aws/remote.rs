//! The switches of the stand-in over HTTP, for people with curl and for tests in another process.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::calls::Call;
use super::codebuild::BuildFate;
use super::ecs::capacity::Capacity;
use super::ecs::control::{self, Disaster};
use super::ecs::life::Fate;
use super::fault::Fault;
use super::shared::Shared;

/// The routes under `/_sandbox`.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/calls", get(calls))
        .route("/_sandbox/faults", get(faults).post(add_fault))
        .route("/_sandbox/fates", post(add_fate))
        .route("/_sandbox/disasters", post(strike))
        .route("/_sandbox/capacity", post(set_capacity))
        .route("/_sandbox/builds", post(add_build))
        .route("/_sandbox/rule-quota", post(set_rule_quota))
}

async fn calls(State(shared): State<Arc<Shared>>) -> Json<Vec<Call>> {
    Json(shared.state().calls.all().to_vec())
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<Vec<Fault>> {
    Json(shared.state().faults.clone())
}

type Answer = (StatusCode, Json<Value>);

fn done() -> Answer {
    (StatusCode::OK, Json(json!({})))
}

async fn add_fault(State(shared): State<Arc<Shared>>, Json(fault): Json<Fault>) -> Answer {
    shared.state().faults.push(fault);
    done()
}

async fn add_fate(State(shared): State<Arc<Shared>>, Json(fate): Json<Fate>) -> Answer {
    shared.state().ecs.fates.push_back(fate);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Strike {
    task: String,
    disaster: Disaster,
}

async fn strike(State(shared): State<Arc<Shared>>, Json(strike): Json<Strike>) -> Answer {
    if control::strike(&shared, &strike.task, strike.disaster) {
        return done();
    }
    (StatusCode::NOT_FOUND, Json(json!({ "message": format!("there is no live task {}", strike.task) })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Room {
    capacity: Capacity,
    available: bool,
}

async fn set_capacity(State(shared): State<Arc<Shared>>, Json(room): Json<Room>) -> Answer {
    shared.state().ecs.capacity.set(room.capacity, room.available);
    done()
}

async fn add_build(State(shared): State<Arc<Shared>>, Json(fate): Json<BuildFate>) -> Answer {
    shared.state().builds.fates.push_back(fate);
    done()
}

async fn set_rule_quota(State(shared): State<Arc<Shared>>, Json(quota): Json<usize>) -> Answer {
    shared.state().elb.rule_quota = quota;
    done()
}
