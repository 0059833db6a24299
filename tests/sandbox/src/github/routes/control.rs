//! The sandbox's own switches over HTTP, for people with curl. Described in the package's README.

mod pulls;

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::fault::Fault;
use super::super::hub::Hub;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::run::{JobSpec, RunId, Step};
use super::super::runner::Misbehaviour;
use super::super::traffic::json_body;

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/jobs", post(queue_job))
        .route("/state", get(state))
        .route("/log", get(log))
        .route("/faults", post(plan_fault).delete(clear_faults))
        .route("/misbehaviours", post(misbehave))
        .route("/clock", post(move_clock))
        .merge(pulls::router())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedJob {
    /// Which run; none: the latest.
    run_id: Option<RunId>,
    #[serde(default = "default_name")]
    name: String,
    labels: Vec<String>,
    /// One script, for short.
    #[serde(default)]
    run: Option<String>,
    #[serde(default)]
    steps: Vec<Step>,
    #[serde(default)]
    environment: Option<String>,
}

fn default_name() -> String {
    "build".to_owned()
}

async fn queue_job(State(hub): State<Hub>, body: Bytes) -> Answer {
    let mut wanted: WantedJob = json_body(&body)?;
    wanted.steps.extend(wanted.run.take().map(|script| Step::new("run", &script)));
    let spec =
        JobSpec { name: wanted.name, labels: wanted.labels, steps: wanted.steps, environment: wanted.environment };
    let queued = hub.change(|state, now| {
        let run = wanted.run_id.or_else(|| state.runs.keys().next_back().copied())?;
        Some(json!({ "run_id": run, "job_id": state.queue_job(run, spec, now)? }))
    });
    Ok((StatusCode::CREATED, Json(queued.ok_or_else(Refusal::not_found)?)).into_response())
}

async fn state(State(hub): State<Hub>) -> Answer {
    let body = hub.read(|state| {
        let jobs = state.jobs.values().filter_map(|job| {
            let mut shown = render::job(job, state.runs.get(&job.run_id)?, state.repo_of(job)?, &hub.url);
            shown["output"] = json!(job.output);
            Some(shown)
        });
        let runners = state.runners.values().map(|runner| {
            let mut shown = render::runner(runner);
            shown["scope"] = runner.scope.to_string().into();
            shown
        });
        json!({ "runners": runners.collect::<Vec<_>>(), "jobs": jobs.collect::<Vec<_>>() })
    });
    let violations = hub.checker.as_ref().map(|checker| checker.violations());
    let mut body = body;
    body["violations"] = json!(violations.unwrap_or_default());
    Ok(Json(body).into_response())
}

/// What was asked and answered, without bodies: they hold tokens.
async fn log(State(hub): State<Hub>) -> Answer {
    let lines = hub.log.all().into_iter().map(|exchange| {
        json!({
            "at": crate::clock::rfc3339(exchange.at),
            "method": exchange.method,
            "path": exchange.path,
            "query": exchange.query,
            "status": exchange.status,
            "user_agent": exchange.user_agent,
            "request_id": exchange.request_id,
            "fault": exchange.fault,
        })
    });
    Ok(Json(Value::Array(lines.collect())).into_response())
}

async fn plan_fault(State(hub): State<Hub>, body: Bytes) -> Answer {
    hub.faults.plan(json_body::<Fault>(&body)?);
    Ok(StatusCode::CREATED.into_response())
}

async fn clear_faults(State(hub): State<Hub>) -> Answer {
    hub.faults.clear();
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
struct WantedMisbehaviour {
    runner: String,
    how: Misbehaviour,
}

async fn misbehave(State(hub): State<Hub>, body: Bytes) -> Answer {
    let wanted: WantedMisbehaviour = json_body(&body)?;
    hub.change(|state, _| state.misbehaviours.insert(wanted.runner, wanted.how));
    Ok(StatusCode::CREATED.into_response())
}

#[derive(Deserialize)]
struct WantedMove {
    advance_seconds: u64,
}

async fn move_clock(State(hub): State<Hub>, body: Bytes) -> Answer {
    let wanted: WantedMove = json_body(&body)?;
    hub.clock.advance(Duration::from_secs(wanted.advance_seconds));
    Ok(Json(json!({ "now": crate::clock::rfc3339(hub.now()) })).into_response())
}
