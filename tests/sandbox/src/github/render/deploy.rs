//! Deployments, environments and commit statuses as GitHub's JSON.

use serde_json::{Value, json};

use super::node_id;
use super::people::{login, via};
use crate::clock::rfc3339;
use crate::github::deploy::{CommitStatus, Deployment, DeploymentStatus, Environment, StatusState};
use crate::github::directory::Repo;
use crate::github::state::State;

pub(crate) fn deployment(state: &State, deployment: &Deployment, repo: &Repo, base: &str) -> Value {
    let of_repo = format!("{base}/repos/{}", repo.full_name());
    let url = format!("{of_repo}/deployments/{}", deployment.id);
    json!({
        "id": deployment.id,
        "node_id": node_id("DE", deployment.id),
        "url": url,
        "statuses_url": format!("{url}/statuses"),
        "repository_url": of_repo,
        "sha": deployment.sha,
        "ref": deployment.reference,
        "task": deployment.task,
        "payload": deployment.payload,
        "environment": deployment.environment,
        "original_environment": deployment.environment,
        "description": deployment.description,
        "creator": login(state, &deployment.creator, base),
        "created_at": rfc3339(deployment.created_at),
        "updated_at": rfc3339(deployment.updated_at),
        "transient_environment": deployment.transient,
        "production_environment": deployment.production,
        "performed_via_github_app": via(state, deployment.app, base),
    })
}

pub(crate) fn deployment_status(
    state: &State,
    status: &DeploymentStatus,
    of: &Deployment,
    repo: &Repo,
    base: &str,
) -> Value {
    let of_repo = format!("{base}/repos/{}", repo.full_name());
    let deployment = format!("{of_repo}/deployments/{}", of.id);
    json!({
        "id": status.id,
        "node_id": node_id("DES", status.id),
        "url": format!("{deployment}/statuses/{}", status.id),
        "deployment_url": deployment,
        "repository_url": of_repo,
        "state": status.state,
        "description": status.description,
        "environment": of.environment,
        "environment_url": status.environment_url,
        "log_url": status.log_url,
        "target_url": status.log_url,
        "creator": login(state, &status.creator, base),
        "created_at": rfc3339(status.created_at),
        "updated_at": rfc3339(status.created_at),
        "performed_via_github_app": via(state, status.app, base),
    })
}

pub(crate) fn environment(environment: &Environment, repo: &Repo, base: &str) -> Value {
    let escaped = environment.name.replace('%', "%25").replace('/', "%2F").replace(' ', "%20");
    json!({
        "id": environment.id,
        "node_id": node_id("EN", environment.id),
        "name": environment.name,
        "url": format!("{base}/repos/{}/environments/{escaped}", repo.full_name()),
        "html_url": format!("{base}/{}/deployments/activity_log?environments_filter={escaped}", repo.full_name()),
        "created_at": rfc3339(environment.created_at),
        "updated_at": rfc3339(environment.created_at),
        "can_admins_bypass": true,
        "protection_rules": [],
        "deployment_branch_policy": Value::Null,
    })
}

pub(crate) fn status(state: &State, status: &CommitStatus, repo: &Repo, base: &str) -> Value {
    let creator = login(state, &status.creator, base);
    json!({
        "id": status.id,
        "node_id": node_id("SC", status.id),
        "url": format!("{base}/repos/{}/statuses/{}", repo.full_name(), status.sha),
        "avatar_url": creator["avatar_url"],
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": rfc3339(status.created_at),
        "updated_at": rfc3339(status.created_at),
        "creator": creator,
    })
}

/// GitHub: failure where any context failed, pending where one is or there is none, success where all succeeded.
fn combined_state(latest: &[&CommitStatus]) -> StatusState {
    let any = |wanted: &[StatusState]| latest.iter().any(|status| wanted.contains(&status.state));
    if any(&[StatusState::Failure, StatusState::Error]) {
        StatusState::Failure
    } else if latest.is_empty() || any(&[StatusState::Pending]) {
        StatusState::Pending
    } else {
        StatusState::Success
    }
}

pub(crate) fn combined(state: &State, sha: &str, repo: &Repo, base: &str) -> Value {
    let latest = state.latest_statuses(repo.id, sha);
    let url = format!("{base}/repos/{}/commits/{sha}", repo.full_name());
    let shown = |one: &&CommitStatus| {
        let mut shown = status(state, one, repo, base);
        if let Value::Object(members) = &mut shown {
            members.remove("creator");
        }
        shown
    };
    json!({
        "state": combined_state(&latest),
        "sha": sha,
        "total_count": latest.len(),
        "statuses": latest.iter().map(shown).collect::<Vec<_>>(),
        "repository": super::repository(repo, base),
        "commit_url": url,
        "url": format!("{url}/status"),
    })
}
