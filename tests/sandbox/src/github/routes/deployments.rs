//! Deployments and their statuses.

use axum::extract::{OriginalUri, Path, Query};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::caller::Visitor;
use super::super::deploy::{Deployment, DeploymentState, DeploymentStatus};
use super::super::hub::Hub;
use super::super::paging::Paging;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::state::{Hindrance, State};
use super::super::token::{Level, Right};
use super::super::traffic::json_body;
use super::comments::created;

/// GitHub's limit for the one line of a status.
pub(super) const LONGEST_DESCRIPTION: usize = 140;

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/deployments", get(list).post(create))
        .route("/deployments/{deployment_id}", get(one).delete(remove))
        .route("/deployments/{deployment_id}/statuses", get(statuses).post(tell))
}

#[derive(Deserialize)]
struct DeploymentPath {
    deployment_id: u64,
}

#[derive(Default, Deserialize)]
struct Filter {
    sha: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    task: Option<String>,
    environment: Option<String>,
}

impl Filter {
    fn fits(&self, one: &Deployment) -> bool {
        let pairs = [
            (&self.sha, &one.sha),
            (&self.reference, &one.reference),
            (&self.task, &one.task),
            (&self.environment, &one.environment),
        ];
        // GitHub takes the word "none" for no filter.
        pairs.into_iter().all(|(wanted, held)| wanted.as_ref().is_none_or(|wanted| wanted == held || wanted == "none"))
    }
}

async fn list(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Answer {
    visitor.needs(Right::Deployments(Level::Read))?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let shown = hub.read(|state| {
        let here = state.deployments.values().rev().filter(|one| one.repo == repo.id && filter.fits(one));
        here.map(|one| render::deployment(state, one, repo, &hub.url)).collect()
    });
    Ok(paging.array(hub, &uri, shown))
}

fn find(visitor: &Visitor, id: u64, level: Level) -> Result<Deployment, Refusal> {
    visitor.needs(Right::Deployments(level))?;
    let repo = visitor.repo()?.id;
    let found = visitor.hub().read(|state| state.deployments.get(&id).filter(|one| one.repo == repo).cloned());
    found.ok_or_else(Refusal::not_found)
}

async fn one(visitor: Visitor, Path(path): Path<DeploymentPath>) -> Answer {
    let found = find(&visitor, path.deployment_id, Level::Read)?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    Ok(Json(hub.read(|state| render::deployment(state, &found, repo, &hub.url))).into_response())
}

/// The body, with the defaults that bite: merge first, all checks, production.
#[derive(Deserialize)]
struct Wanted {
    #[serde(rename = "ref")]
    reference: String,
    task: Option<String>,
    auto_merge: Option<bool>,
    required_contexts: Option<Vec<String>>,
    payload: Option<Value>,
    environment: Option<String>,
    description: Option<String>,
    transient_environment: Option<bool>,
    production_environment: Option<bool>,
}

async fn create(visitor: Visitor, body: Bytes) -> Answer {
    visitor.needs(Right::Deployments(Level::Write))?;
    let wanted: Wanted = json_body(&body)?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    hub.change(|state, now| {
        let reference = &wanted.reference;
        let no_ref = || Refusal::invalid(format!("No ref found for: {reference}"));
        let sha = state.resolve(repo, reference).ok_or_else(no_ref)?;
        let merged = || wanted.auto_merge.unwrap_or(true);
        let hindrance = if merged() { state.auto_merge(repo, reference, &sha, now) } else { None };
        let contexts = wanted.required_contexts.as_deref();
        match hindrance.or_else(|| state.check_contexts(repo.id, reference, &sha, contexts)) {
            Some(Hindrance::Merged(text)) => {
                Ok((StatusCode::ACCEPTED, Json(json!({ "message": text }))).into_response())
            }
            Some(Hindrance::Conflict(text) | Hindrance::Checks(text)) => Err(Refusal::conflict(text)),
            None => {
                let made = make(state, &visitor, wanted, sha, now).ok_or_else(Refusal::not_found)?;
                Ok(created(render::deployment(state, &made, repo, &hub.url)))
            }
        }
    })
}

fn make(
    state: &mut State,
    visitor: &Visitor,
    wanted: Wanted,
    sha: String,
    now: time::OffsetDateTime,
) -> Option<Deployment> {
    let speaker = &visitor.caller.speaker;
    let environment = wanted.environment.unwrap_or_else(|| "production".to_owned());
    let deployment = Deployment {
        id: state.fresh_id(),
        repo: visitor.repo().ok()?.id,
        reference: wanted.reference,
        sha,
        task: wanted.task.unwrap_or_else(|| "deploy".to_owned()),
        transient: wanted.transient_environment.unwrap_or_default(),
        production: wanted.production_environment.unwrap_or(environment == "production"),
        environment,
        description: wanted.description.unwrap_or_default(),
        payload: wanted.payload.unwrap_or_else(|| json!({})),
        creator: state.account_of(speaker)?.login,
        created_at: now,
        updated_at: now,
        statuses: Vec::new(),
        app: speaker.app(),
    };
    state.add_deployment(deployment.clone());
    Some(deployment)
}

/// Where there are several, only what is over can be deleted.
async fn remove(visitor: Visitor, Path(path): Path<DeploymentPath>) -> Answer {
    let found = find(&visitor, path.deployment_id, Level::Write)?;
    visitor.hub().change(|state, _| {
        let others = state.deployments.values().any(|one| one.repo == found.repo && one.id != found.id);
        if others && !found.is_over() {
            let text = "We cannot delete an active deployment unless it is the only deployment in a given environment.";
            return Err(Refusal::invalid(text));
        }
        state.deployments.remove(&found.id);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

async fn statuses(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Path(path): Path<DeploymentPath>,
    Query(paging): Query<Paging>,
) -> Answer {
    let found = find(&visitor, path.deployment_id, Level::Read)?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let newest_first = found.statuses.iter().rev();
    let shown = hub.read(|state| {
        newest_first.map(|status| render::deployment_status(state, status, &found, repo, &hub.url)).collect()
    });
    Ok(paging.array(hub, &uri, shown))
}

#[derive(Deserialize)]
struct Told {
    state: DeploymentState,
    target_url: Option<String>,
    log_url: Option<String>,
    description: Option<String>,
    environment: Option<String>,
    environment_url: Option<String>,
    auto_inactive: Option<bool>,
}

async fn tell(visitor: Visitor, Path(path): Path<DeploymentPath>, body: Bytes) -> Answer {
    let found = find(&visitor, path.deployment_id, Level::Write)?;
    let told: Told = json_body(&body)?;
    let description = told.description.unwrap_or_default();
    check_description("DeploymentStatus", &description)?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let shown = hub.change(|state, now| {
        let status = DeploymentStatus {
            id: state.fresh_id(),
            state: told.state,
            description,
            environment_url: told.environment_url.unwrap_or_default(),
            log_url: told.log_url.or(told.target_url).unwrap_or_default(),
            creator: state.account_of(&visitor.caller.speaker)?.login,
            created_at: now,
            app: visitor.caller.speaker.app(),
        };
        if let (Some(name), Some(deployment)) = (told.environment, state.deployments.get_mut(&found.id)) {
            deployment.environment = name;
        }
        state.tell_deployment(found.id, status.clone(), told.auto_inactive.unwrap_or(true));
        Some(render::deployment_status(state, &status, state.deployments.get(&found.id)?, repo, &hub.url))
    });
    Ok(created(shown.ok_or_else(Refusal::not_found)?))
}

pub(super) fn check_description(resource: &str, description: &str) -> Result<(), Refusal> {
    if description.chars().count() <= LONGEST_DESCRIPTION {
        return Ok(());
    }
    let reason = format!("description is too long (maximum is {LONGEST_DESCRIPTION} characters)");
    Err(Refusal::validation(resource, "description", &reason))
}
