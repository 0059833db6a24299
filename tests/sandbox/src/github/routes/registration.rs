//! The right to register: JIT configurations, registration and removal tokens.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::super::caller::Visitor;
use super::super::directory::{HOSTED_GROUP, Place};
use super::super::hub::Hub;
use super::super::jit;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::runner::Registration;
use super::super::token::{Level, Purpose, Right};
use super::super::traffic::json_body;
use crate::clock::rfc3339;

/// Registration and removal tokens live for an hour.
const TOKEN_LIFE: Duration = Duration::from_hours(1);

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/actions/runners/generate-jitconfig", post(generate_jit_config))
        .route("/actions/runners/registration-token", post(registration_token))
        .route("/actions/runners/remove-token", post(removal_token))
}

#[derive(Deserialize)]
struct WantedJit {
    name: String,
    runner_group_id: u64,
    labels: Vec<String>,
    #[serde(default)]
    work_folder: Option<String>,
}

async fn generate_jit_config(visitor: Visitor, body: Bytes) -> Answer {
    visitor.needs(Right::Runners(Level::Write))?;
    let wanted: WantedJit = json_body(&body)?;
    check_labels(&wanted.labels)?;
    check_name(&wanted.name)?;
    check_group(&visitor, wanted.runner_group_id)?;
    let hub = visitor.hub().clone();
    let registration = Registration {
        name: wanted.name,
        scope: visitor.scope.clone(),
        place: visitor.place,
        group: wanted.runner_group_id,
        // No label is added to those that were asked for.
        labels: wanted.labels,
        fixed_labels: Vec::new(),
        ephemeral: true,
        work_folder: wanted.work_folder.unwrap_or_else(|| "_work".to_owned()),
    };
    let runner = hub.change(|state, now| {
        let id = state.register(registration, now)?;
        Ok(state.runners[&id].clone())
    });
    let runner = runner.map_err(|_: super::super::state::NameTaken| {
        Refusal::conflict("Already exists - A runner with that name already exists in the runner group")
    })?;
    let body = json!({
        "runner": render::runner(&runner),
        "encoded_jit_config": jit::encode(&runner, &format!("{}/_standin", hub.url)),
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

fn check_labels(labels: &[String]) -> Result<(), Refusal> {
    if labels.is_empty() || labels.len() > 100 {
        return Err(Refusal::invalid("Invalid request.\n\nlabels must have between 1 and 100 items"));
    }
    // The runner's own limit for a label (`actions/runner src/Runner.Listener/Configuration`).
    if labels.iter().any(|label| label.is_empty() || label.len() > 256) {
        return Err(Refusal::invalid("Invalid request.\n\nlabels must have between 1 and 256 characters"));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let length = name.chars().count();
    if (1..=64).contains(&length) {
        Ok(())
    } else {
        Err(Refusal::invalid("Invalid request.\n\nname must have between 1 and 64 characters"))
    }
}

fn check_group(visitor: &Visitor, group: u64) -> Result<(), Refusal> {
    if group == HOSTED_GROUP && !matches!(visitor.place, Place::Repo(_)) {
        return Err(Refusal::forbidden("Runners cannot be registered in the group of GitHub-hosted runners"));
    }
    let known = visitor.hub().read(|state| state.directory.group(visitor.place, group).is_some());
    if known { Ok(()) } else { Err(Refusal::not_found()) }
}

async fn registration_token(visitor: Visitor) -> Answer {
    let purpose = Purpose::Registration(visitor.place);
    give_token(&visitor, purpose)
}

async fn removal_token(visitor: Visitor) -> Answer {
    let purpose = Purpose::Removal(visitor.place);
    give_token(&visitor, purpose)
}

fn give_token(visitor: &Visitor, purpose: Purpose) -> Answer {
    visitor.needs(Right::Runners(Level::Write))?;
    let (token, end) = visitor.hub().change(|state, now| {
        let end = now + TOKEN_LIFE;
        (state.tokens.mint("AABB", purpose, Some(end)), end)
    });
    Ok((StatusCode::CREATED, Json(json!({ "token": token, "expires_at": rfc3339(end) }))).into_response())
}
