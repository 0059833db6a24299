//! Workflow runs and jobs: look at them, cancel them, run them again.

use axum::extract::{OriginalUri, Path, Query};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::caller::Visitor;
use super::super::directory::Place;
use super::super::hub::Hub;
use super::super::paging::Paging;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::run::{Job, JobId, RunId};
use super::super::state::{Rerun, State};
use super::super::token::{Level, Right};

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/actions/jobs/{job_id}", get(job))
        .route("/actions/jobs/{job_id}/rerun", post(rerun_job))
        .route("/actions/runs", get(runs))
        .route("/actions/runs/{run_id}", get(run))
        .route("/actions/runs/{run_id}/jobs", get(jobs))
        .route("/actions/runs/{run_id}/attempts/{attempt}/jobs", get(attempt_jobs))
        .route("/actions/runs/{run_id}/rerun", post(rerun_all))
        .route("/actions/runs/{run_id}/rerun-failed-jobs", post(rerun_failed))
        .route("/actions/runs/{run_id}/cancel", post(cancel))
        .route("/actions/runs/{run_id}/force-cancel", post(cancel))
}

#[derive(Deserialize)]
struct RunPath {
    run_id: RunId,
}

#[derive(Deserialize)]
struct AttemptPath {
    run_id: RunId,
    attempt: u32,
}

#[derive(Deserialize)]
struct JobPath {
    job_id: JobId,
}

/// `filter=latest` (default) or `all`.
#[derive(Default, Deserialize)]
struct Filter {
    filter: Option<String>,
}

/// Filters of the list of runs.
#[derive(Default, Deserialize)]
struct RunFilter {
    status: Option<String>,
    event: Option<String>,
    branch: Option<String>,
}

async fn job(visitor: Visitor, Path(path): Path<JobPath>) -> Answer {
    visitor.needs(Right::Actions(Level::Read))?;
    let hub = visitor.hub();
    let body = hub.read(|state| {
        let job = state.jobs.get(&path.job_id)?;
        job_here(state, visitor.place, job).then(|| render_job(state, job, &hub.url))?
    });
    Ok(Json(body.ok_or_else(Refusal::not_found)?).into_response())
}

/// Whether a job belongs to the repository that is asked.
fn job_here(state: &State, place: Place, job: &Job) -> bool {
    run_here(state, place, job.run_id)
}

fn run_here(state: &State, place: Place, run: RunId) -> bool {
    state.runs.get(&run).is_some_and(|run| Place::Repo(run.repo) == place)
}

fn render_job(state: &State, job: &Job, base: &str) -> Option<Value> {
    Some(render::job(job, state.runs.get(&job.run_id)?, state.repo_of(job)?, base))
}

fn render_run(state: &State, run: RunId, base: &str) -> Option<Value> {
    let run = state.runs.get(&run)?;
    let jobs = state.attempt_jobs(run.id, run.attempt);
    Some(render::run(run, &jobs, state.directory.repo_by_id(run.repo)?, base))
}

async fn run(visitor: Visitor, Path(path): Path<RunPath>) -> Answer {
    visitor.needs(Right::Actions(Level::Read))?;
    let hub = visitor.hub();
    let body = hub
        .read(|state| run_here(state, visitor.place, path.run_id).then(|| render_run(state, path.run_id, &hub.url))?);
    Ok(Json(body.ok_or_else(Refusal::not_found)?).into_response())
}

async fn runs(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Query(paging): Query<Paging>,
    Query(filter): Query<RunFilter>,
) -> Answer {
    visitor.needs(Right::Actions(Level::Read))?;
    let hub = visitor.hub();
    let fits = |wanted: &Option<String>, run: &Value, keys: &[&str]| {
        wanted.as_ref().is_none_or(|wanted| keys.iter().any(|key| run[*key] == **wanted))
    };
    let mut runs: Vec<Value> = hub.read(|state| {
        let here = state.runs.keys().filter(|run| run_here(state, visitor.place, **run));
        here.filter_map(|run| render_run(state, *run, &hub.url)).collect()
    });
    // GitHub's `status` filter takes conclusions as well.
    runs.retain(|run| {
        fits(&filter.status, run, &["status", "conclusion"])
            && fits(&filter.event, run, &["event"])
            && fits(&filter.branch, run, &["head_branch"])
    });
    runs.reverse();
    Ok(paging.answer(hub, uri.path(), "workflow_runs", runs))
}

async fn jobs(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Path(path): Path<RunPath>,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Answer {
    let all = filter.filter.as_deref() == Some("all");
    let latest = visitor.hub().read(|state| state.runs.get(&path.run_id).map(|run| run.attempt));
    let wanted = move |job: &Job| job.run_id == path.run_id && (all || Some(job.attempt) == latest);
    list_jobs(&visitor, path.run_id, uri.path(), &paging, wanted)
}

async fn attempt_jobs(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Path(path): Path<AttemptPath>,
    Query(paging): Query<Paging>,
) -> Answer {
    let known = visitor.hub().read(|state| state.runs.get(&path.run_id).is_some_and(|run| run.attempt >= path.attempt));
    if !known {
        visitor.needs(Right::Actions(Level::Read))?;
        return Err(Refusal::not_found());
    }
    let wanted = move |job: &Job| job.run_id == path.run_id && job.attempt == path.attempt;
    list_jobs(&visitor, path.run_id, uri.path(), &paging, wanted)
}

fn list_jobs(visitor: &Visitor, run: RunId, path: &str, paging: &Paging, wanted: impl Fn(&Job) -> bool) -> Answer {
    visitor.needs(Right::Actions(Level::Read))?;
    let hub = visitor.hub();
    let jobs = hub.read(|state| {
        let jobs = state.jobs.values().filter(|job| wanted(job));
        run_here(state, visitor.place, run).then(|| jobs.filter_map(|job| render_job(state, job, &hub.url)).collect())
    });
    Ok(paging.answer(hub, path, "jobs", jobs.ok_or_else(Refusal::not_found)?))
}

async fn cancel(visitor: Visitor, Path(path): Path<RunPath>) -> Answer {
    visitor.needs(Right::Actions(Level::Write))?;
    let cancelled = visitor
        .hub()
        .change(|state, now| run_here(state, visitor.place, path.run_id).then(|| state.cancel_run(path.run_id, now)));
    match cancelled {
        None => Err(Refusal::not_found()),
        Some(false) => Err(Refusal::conflict("Cannot cancel a workflow run that is completed.")),
        Some(true) => Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response()),
    }
}

async fn rerun_all(visitor: Visitor, Path(path): Path<RunPath>) -> Answer {
    rerun(&visitor, path.run_id, Rerun::All)
}

async fn rerun_failed(visitor: Visitor, Path(path): Path<RunPath>) -> Answer {
    rerun(&visitor, path.run_id, Rerun::Failed)
}

async fn rerun_job(visitor: Visitor, Path(path): Path<JobPath>) -> Answer {
    let run = visitor.hub().read(|state| state.jobs.get(&path.job_id).map(|job| job.run_id));
    rerun(&visitor, run.unwrap_or_default(), Rerun::Only(path.job_id))
}

fn rerun(visitor: &Visitor, run: RunId, which: Rerun) -> Answer {
    visitor.needs(Right::Actions(Level::Write))?;
    visitor.hub().change(|state, now| {
        if !run_here(state, visitor.place, run) {
            return Err(Refusal::not_found());
        }
        if !is_over(state, run) {
            return Err(Refusal::forbidden("This workflow is already running"));
        }
        state.rerun(run, which, now).ok_or_else(Refusal::not_found)?;
        Ok((StatusCode::CREATED, Json(json!({}))).into_response())
    })
}

fn is_over(state: &State, run: RunId) -> bool {
    let attempt = state.runs.get(&run).map_or(0, |run| run.attempt);
    state.attempt_jobs(run, attempt).iter().all(|job| job.completed_at.is_some())
}
