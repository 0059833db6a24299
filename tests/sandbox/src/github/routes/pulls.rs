//! Pull requests, issues and commits, for reading.

use axum::extract::{OriginalUri, Path, Query};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::super::caller::Visitor;
use super::super::hub::Hub;
use super::super::issue::{Issue, IssueId};
use super::super::paging::Paging;
use super::super::refusal::{Answer, Refusal};
use super::super::render;
use super::super::token::{Level, Right};

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/pulls", get(list))
        .route("/pulls/{number}", get(one))
        .route("/pulls/{number}/commits", get(commits))
        .route("/issues/{number}", get(issue))
        .route("/commits/{reference}", get(commit))
}

/// The number in the path of an issue or a pull request.
#[derive(Deserialize)]
pub(super) struct NumberPath {
    pub(super) number: u64,
}

/// What a list of pull requests is narrowed and ordered by.
#[derive(Default, Deserialize)]
struct Filter {
    state: Option<String>,
    /// `OWNER:BRANCH`.
    head: Option<String>,
    base: Option<String>,
    sort: Option<String>,
    direction: Option<String>,
}

impl Filter {
    fn fits(&self, pull: &Value) -> bool {
        let state = self.state.as_deref().unwrap_or("open");
        (state == "all" || pull["state"] == state)
            && self.head.as_ref().is_none_or(|head| pull["head"]["label"] == **head)
            && self.base.as_ref().is_none_or(|base| pull["base"]["ref"] == **base)
    }

    /// GitHub: newest first, where it is sorted by nothing else.
    fn order(&self, pulls: &mut [Value]) {
        let key = if self.sort.as_deref() == Some("updated") { "updated_at" } else { "number" };
        let text = |pull: &Value| (pull[key].as_u64(), pull[key].as_str().map(str::to_owned));
        pulls.sort_by_key(|pull| text(pull));
        let ascending_unless_told = self.sort.is_some() && self.sort.as_deref() != Some("created");
        let ascending = self.direction.as_deref().map_or(ascending_unless_told, |direction| direction == "asc");
        if !ascending {
            pulls.reverse();
        }
    }
}

async fn list(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Answer {
    visitor.needs(Right::PullRequests(Level::Read))?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let mut pulls: Vec<Value> = hub.read(|state| {
        let here = state.issues.values().filter(|issue| issue.id.repo == repo.id);
        here.filter_map(|issue| render::pull_in_list(state, issue, repo, &hub.url)).collect()
    });
    pulls.retain(|pull| filter.fits(pull));
    filter.order(&mut pulls);
    Ok(paging.array(hub, &uri, pulls))
}

async fn one(visitor: Visitor, Path(path): Path<NumberPath>) -> Answer {
    visitor.needs(Right::PullRequests(Level::Read))?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let id = IssueId { repo: repo.id, number: path.number };
    let body = hub.read(|state| render::pull(state, state.issues.get(&id)?, repo, &hub.url));
    Ok(Json(body.ok_or_else(Refusal::not_found)?).into_response())
}

async fn commits(
    visitor: Visitor,
    OriginalUri(uri): OriginalUri,
    Path(path): Path<NumberPath>,
    Query(paging): Query<Paging>,
) -> Answer {
    visitor.needs(Right::PullRequests(Level::Read))?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let id = IssueId { repo: repo.id, number: path.number };
    let commits = hub.read(|state| {
        let pull = state.issues.get(&id)?.pull.as_ref()?;
        let found = pull.commits.iter().filter_map(|sha| state.find_commit(repo.id, sha));
        Some(found.map(|commit| render::commit(state, &commit, repo, &hub.url)).collect())
    });
    Ok(paging.array(hub, &uri, commits.ok_or_else(Refusal::not_found)?))
}

async fn issue(visitor: Visitor, Path(path): Path<NumberPath>) -> Answer {
    let found = conversation(&visitor, path.number, Level::Read)?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    Ok(Json(hub.read(|state| render::issue(state, &found, repo, &hub.url))).into_response())
}

/// An issue for who may read or write below it. Where it is a pull request, the permission for either is enough.
pub(super) fn conversation(visitor: &Visitor, number: u64, level: Level) -> Result<Issue, Refusal> {
    visitor.needs(Right::Metadata)?;
    let id = IssueId { repo: visitor.repo()?.id, number };
    let found = visitor.hub().read(|state| state.issues.get(&id).cloned());
    let is_pull = found.as_ref().is_some_and(|issue| issue.pull.is_some());
    visitor.needs(if is_pull { Right::Conversation(level) } else { Right::Issues(level) })?;
    found.ok_or_else(Refusal::not_found)
}

#[derive(Deserialize)]
pub(super) struct ReferencePath {
    pub(super) reference: String,
}

async fn commit(visitor: Visitor, Path(path): Path<ReferencePath>) -> Answer {
    visitor.needs(Right::Contents)?;
    let (hub, repo) = (visitor.hub(), visitor.repo()?);
    let body = hub.read(|state| {
        let commit = state.find_commit(repo.id, &state.resolve(repo, &path.reference)?)?;
        Some(render::commit(state, &commit, repo, &hub.url))
    });
    Ok(Json(body.ok_or_else(|| no_commit(&path.reference))?).into_response())
}

pub(super) fn no_commit(reference: &str) -> Refusal {
    Refusal::invalid(format!("No commit found for SHA: {reference}"))
}
