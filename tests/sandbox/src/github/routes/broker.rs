//! The stand-in runner's side: sessions, the long poll for jobs, reports. Not GitHub's own protocol.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::caller::bearer;
use super::super::hub::{Hub, Shared};
use super::super::job_message;
use super::super::refusal::{Answer, Refusal};
use super::super::run::{Conclusion, JobId};
use super::super::runner::{Misbehaviour, Runner, Session};
use super::super::state::State as Model;
use super::super::token::Purpose;
use super::configure;
use crate::distribution;
use crate::wire::{Message, OpenSession, Report, SessionOpened, TaskResult};

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/behaviour", get(behaviour))
        .route("/registrations", post(configure::configure))
        .route("/removals", post(configure::remove))
        .route("/sessions", post(open_session))
        .route("/sessions/{session}", delete(close_session))
        .route("/sessions/{session}/message", get(next_message))
        .route("/jobs/{job}/report", post(report))
        .route("/dist/{name}", get(archive))
}

#[derive(Deserialize)]
struct Named {
    runner: String,
}

/// How the sandbox wants a runner to misbehave. An update happens once: a runner that was updated works.
async fn behaviour(State(hub): State<Hub>, Query(named): Query<Named>) -> Answer {
    let how = hub.read(|state| state.misbehaviours.get(&named.runner).cloned().unwrap_or_default());
    if let Misbehaviour::Update(_) = how {
        hub.change(|state, _| state.misbehaviours.remove(&named.runner));
    }
    Ok(Json(how).into_response())
}

async fn open_session(State(hub): State<Hub>, Json(wanted): Json<OpenSession>) -> Answer {
    if !distribution::is_accepted(&wanted.version) {
        let text = format!("Runner version v{} is deprecated and cannot receive messages.", wanted.version);
        return Err(Refusal::new(StatusCode::BAD_REQUEST, text));
    }
    hub.change(|state, now| {
        let runner = state.runner_of_client(&wanted.client_id, &wanted.client_secret).ok_or_else(Refusal::not_found)?;
        if runner.online {
            return Err(Refusal::conflict("A session for this runner already exists."));
        }
        let id = Uuid::new_v4().to_string();
        runner.session = Some(Session { id: id.clone(), polls: 0 });
        runner.version = Some(wanted.version);
        runner.last_seen = Some(now);
        runner.online = true;
        Ok((StatusCode::CREATED, Json(SessionOpened { session_id: id })).into_response())
    })
}

/// The session ends; the registration stays. A job that was handed out and never begun goes back into the queue.
async fn close_session(State(hub): State<Hub>, Path(session): Path<String>) -> Answer {
    hub.change(|state, _| {
        let runner = state.runner_of_session(&session).ok_or_else(Refusal::not_found)?;
        runner.session = None;
        runner.online = false;
        let unbegun = runner.job.take();
        if let Some(job) = unbegun.and_then(|job| state.jobs.get_mut(&job)) {
            job.requeue_if_unbegun();
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// Counts an open poll, also when the runner hangs up in the middle of it.
struct OpenPoll<'a> {
    hub: &'a Shared,
    session: &'a str,
}

impl<'a> OpenPoll<'a> {
    fn begin(hub: &'a Shared, session: &'a str) -> Self {
        hub.change(|state, now| heard(state, session, now).map(|open| open.polls += 1));
        Self { hub, session }
    }

    /// The runner waited to the end: it is there.
    fn finish(self) {
        self.hub.change(|state, now| _ = heard(state, self.session, now));
    }
}

impl Drop for OpenPoll<'_> {
    fn drop(&mut self) {
        // Hanging up is no sign of life, so the time that it was last heard of stays.
        self.hub.change(|state, _| {
            let open = state.runner_of_session(self.session).and_then(|runner| runner.session.as_mut());
            open.map(|open| open.polls -= 1)
        });
    }
}

/// Notes a sign of life of a session's runner.
fn heard<'a>(state: &'a mut Model, session: &str, now: OffsetDateTime) -> Option<&'a mut Session> {
    let runner = state.runner_of_session(session)?;
    runner.last_seen = Some(now);
    runner.session.as_mut()
}

async fn next_message(State(hub): State<Hub>, Path(session): Path<String>) -> Answer {
    let poll = OpenPoll::begin(&hub, &session);
    let news = hub.wait_for(hub.limits.poll, || look_for_message(&hub, &session)).await;
    poll.finish();
    match news {
        None => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(None) => Err(Refusal::not_found()),
        Some(Some(message)) => Ok(Json(message).into_response()),
    }
}

/// `None`: nothing yet. `Some(None)`: the registration is gone.
fn look_for_message(hub: &Hub, session: &str) -> Option<Option<Message>> {
    let quiet = hub.read(|state| nothing_for(state, session));
    if quiet {
        return None;
    }
    hub.change(|state, now| {
        let Some(runner) = state.runner_of_session(session) else { return Some(None) };
        runner.last_seen = Some(now);
        let (id, busy) = (runner.id, runner.job);
        if let Some(job) = busy {
            let asked = state.jobs.get_mut(&job).is_some_and(|job| std::mem::take(&mut job.cancel_requested));
            return asked.then_some(Some(Message::Cancel));
        }
        let job = state.assign(id, now)?;
        let message = job_message::message(state, job, &hub.url)?;
        Some(Some(Message::Job(Box::new(message))))
    })
}

/// Whether a change of the model would be for nothing: each change wakes everybody who waits.
fn nothing_for(state: &Model, session: &str) -> bool {
    let of_session = |runner: &&Runner| runner.session.as_ref().is_some_and(|open| open.id == session);
    let Some(runner) = state.runners.values().find(of_session) else { return false };
    match runner.job {
        Some(job) => state.jobs.get(&job).is_none_or(|job| !job.cancel_requested),
        None => !state.jobs.values().any(|job| job.is_queued()),
    }
}

async fn report(
    State(hub): State<Hub>,
    Path(job): Path<JobId>,
    headers: HeaderMap,
    Json(report): Json<Report>,
) -> Answer {
    let allowed = hub.read(|state| {
        let token = bearer(&headers).and_then(|token| state.tokens.get(token, hub.now()));
        token.is_some_and(|token| matches!(token.purpose, Purpose::IdToken(of) if of == job))
    });
    if !allowed {
        return Err(Refusal::bad_credentials());
    }
    hub.change(|state, now| {
        if let Some(runner) = state.runners.values_mut().find(|runner| runner.job == Some(job)) {
            runner.last_seen = Some(now);
        }
        let Some(known) = state.jobs.get_mut(&job) else { return };
        known.begun = true;
        known.output.extend(report.lines);
        known.steps.extend(report.steps);
        if let Some(result) = report.result {
            state.finish_job(job, conclusion(result), now);
        }
    });
    Ok(Json(json!({})).into_response())
}

fn conclusion(result: TaskResult) -> Conclusion {
    match result {
        TaskResult::Succeeded => Conclusion::Success,
        TaskResult::Failed => Conclusion::Failure,
        TaskResult::Canceled => Conclusion::Cancelled,
    }
}

async fn archive(State(hub): State<Hub>, Path(name): Path<String>) -> Answer {
    if name != distribution::archive_name() {
        return Err(Refusal::not_found());
    }
    let archive = hub.archive().await.map_err(|fault| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, fault))?;
    Ok(archive.bytes.clone().into_response())
}
