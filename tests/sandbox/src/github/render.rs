//! The model's things as GitHub's JSON.

mod deploy;
mod people;
mod thread;

use contract::Scope;
use serde_json::{Map, Value, json};

use super::app::App;
use super::directory::{Account, Group, Repo, Visibility};
use super::run::{Job, Run, Status};
use super::runner::Runner;
use super::token::{Permissions, Reach};
use crate::clock::rfc3339;

pub(crate) use deploy::{combined, deployment, deployment_status, environment, status};
pub(crate) use people::{permission, profile, user};
pub(crate) use thread::{comment, commit, issue, pull, pull_in_list, reaction};

/// When everything that was always there was made.
const MADE_AT: &str = "2026-01-01T00:00:00Z";

/// A stand-in for GitHub's opaque ids.
fn node_id(kind: &str, id: u64) -> String {
    format!("{kind}_{id}")
}

pub(crate) fn runner(runner: &Runner) -> Value {
    json!({
        "id": runner.id,
        "runner_group_id": runner.group,
        "name": runner.name,
        "os": if runner.version.is_some() { "Linux" } else { "unknown" },
        "status": if runner.online { "online" } else { "offline" },
        "busy": runner.busy(),
        "ephemeral": runner.ephemeral,
        "version": runner.version,
        "labels": labels(runner),
    })
    .without_nulls()
}

pub(crate) fn labels(runner: &Runner) -> Vec<Value> {
    let fixed = runner.fixed_labels.iter().map(|name| json!({ "id": 0, "name": name, "type": "read-only" }));
    let custom = runner.labels.iter().zip(1..).map(|(name, id)| json!({ "id": id, "name": name, "type": "custom" }));
    fixed.chain(custom).collect()
}

/// Optional members that GitHub leaves out rather than writing `null`.
trait WithoutNulls {
    fn without_nulls(self) -> Self;
}

impl WithoutNulls for Value {
    fn without_nulls(mut self) -> Self {
        if let Self::Object(members) = &mut self {
            members.retain(|_, value| !value.is_null());
        }
        self
    }
}

pub(crate) fn group(group: &Group, base: &str, scope: &Scope) -> Value {
    let url = format!("{base}/{}/actions/runner-groups/{}", scope.api_path(), group.id);
    json!({
        "id": group.id,
        "name": group.name,
        "visibility": if group.visibility == Visibility::All { "all" } else { "selected" },
        "default": group.id == super::directory::DEFAULT_GROUP,
        "selected_repositories_url": format!("{url}/repositories"),
        "runners_url": format!("{url}/runners"),
        "hosted_runners_url": format!("{url}/hosted-runners"),
        "inherited": false,
        "allows_public_repositories": group.allows_public,
        "restricted_to_workflows": false,
        "selected_workflows": [],
        "workflow_restrictions_read_only": false,
    })
}

pub(crate) fn job(job: &Job, run: &Run, repo: &Repo, base: &str) -> Value {
    let (name, runner) = (repo.full_name(), job.runner.as_ref());
    let url = format!("{base}/repos/{name}/actions/jobs/{}", job.id);
    let steps = job.steps.iter().zip(1..).map(|(step, number)| {
        json!({ "name": step.name, "status": "completed", "conclusion": step.conclusion, "number": number })
    });
    json!({
        "id": job.id,
        "run_id": job.run_id,
        "run_url": format!("{base}/repos/{name}/actions/runs/{}", job.run_id),
        "run_attempt": job.attempt,
        "node_id": node_id("CR", job.id),
        "head_sha": run.sha,
        "url": url,
        "html_url": format!("{base}/{name}/actions/runs/{}/job/{}", job.run_id, job.id),
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": rfc3339(job.created_at),
        // GitHub fills this in before a runner has the job, too.
        "started_at": rfc3339(job.started_at.unwrap_or(job.created_at)),
        "completed_at": job.completed_at.map(rfc3339),
        "name": job.spec.name,
        "steps": steps.collect::<Vec<_>>(),
        "check_run_url": format!("{base}/repos/{name}/check-runs/{}", job.id),
        "labels": job.spec.labels,
        "runner_id": runner.map(|runner| runner.id),
        "runner_name": runner.map(|runner| &runner.name),
        "runner_group_id": runner.map(|runner| runner.group),
        "runner_group_name": runner.map(|runner| &runner.group_name),
        "workflow_name": run.workflow,
        "head_branch": run.branch,
    })
}

/// A run's status and conclusion follow from the jobs of its attempt.
fn outcome(jobs: &[&Job]) -> (&'static str, Value) {
    if jobs.iter().any(|job| job.status == Status::InProgress) {
        return ("in_progress", Value::Null);
    }
    if jobs.iter().any(|job| job.status == Status::Queued) {
        return ("queued", Value::Null);
    }
    let worst = jobs.iter().find(|job| !job.succeeded()).or(jobs.first());
    ("completed", worst.map_or(Value::Null, |job| json!(job.conclusion)))
}

pub(crate) fn run(run: &Run, jobs: &[&Job], repo: &Repo, base: &str) -> Value {
    let name = repo.full_name();
    let url = format!("{base}/repos/{name}/actions/runs/{}", run.id);
    let (status, conclusion) = outcome(jobs);
    let owner = Account { id: repo.owner_id, login: repo.owner.clone() };
    json!({
        "id": run.id,
        "name": run.workflow,
        "node_id": node_id("WFR", run.id),
        "head_branch": run.branch,
        "head_sha": run.sha,
        "path": ".github/workflows/build.yml",
        "display_title": run.workflow,
        "run_number": run.number,
        "run_attempt": run.attempt,
        "event": run.event.name(),
        "status": status,
        "conclusion": conclusion,
        "workflow_id": 1,
        "url": url,
        "html_url": format!("{base}/{name}/actions/runs/{}", run.id),
        "pull_requests": [],
        "created_at": rfc3339(run.created_at),
        "updated_at": rfc3339(run.created_at),
        "run_started_at": rfc3339(run.created_at),
        "actor": account(&owner, base),
        "jobs_url": format!("{url}/jobs"),
        "logs_url": format!("{url}/logs"),
        "check_suite_url": format!("{base}/repos/{name}/check-suites/{}", run.id),
        "artifacts_url": format!("{url}/artifacts"),
        "cancel_url": format!("{url}/cancel"),
        "rerun_url": format!("{url}/rerun"),
        "workflow_url": format!("{base}/repos/{name}/actions/workflows/1"),
        "head_commit": Value::Null,
        "repository": repository(repo, base),
        "head_repository": repository(repo, base),
    })
}

pub(crate) fn account(account: &Account, base: &str) -> Value {
    let url = format!("{base}/users/{}", account.login);
    let mut body = json!({
        "login": account.login,
        "id": account.id,
        "node_id": node_id("O", account.id),
        "avatar_url": format!("{base}/avatars/{}", account.id),
        "gravatar_id": "",
        "url": url,
        "html_url": format!("{base}/{}", account.login),
        "type": "Organization",
        "site_admin": false,
    });
    add_links(&mut body, ACCOUNT_LINKS, &url);
    body
}

/// Links that clients follow and that GitHub's description asks for in each repository.
const REPOSITORY_LINKS: &str = "\
    archive assignees blobs branches collaborators comments commits compare contents contributors deployments \
    downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels \
    languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags \
    teams trees workflows";
/// The same of each account.
const ACCOUNT_LINKS: &str =
    "followers following gists starred subscriptions organizations repos events received_events";

pub(crate) fn repository(repo: &Repo, base: &str) -> Value {
    let url = format!("{base}/repos/{}", repo.full_name());
    let owner = Account { id: repo.owner_id, login: repo.owner.clone() };
    let mut body = json!({
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": repo.full_name(),
        "private": !repo.public,
        "owner": account(&owner, base),
        "html_url": format!("{base}/{}", repo.full_name()),
        "description": Value::Null,
        "fork": false,
        "url": url,
    });
    add_links(&mut body, REPOSITORY_LINKS, &url);
    body
}

fn owner(repo: &Repo, base: &str) -> Value {
    account(&Account { id: repo.owner_id, login: repo.owner.clone() }, base)
}

/// Members of a whole repository that the stand-in knows nothing of, and their values.
const REPOSITORY_CONSTANTS: [(&str, &str); 5] = [
    ("forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count", "0"),
    ("homepage language mirror_url license", "null"),
    ("archived disabled has_pages has_wiki is_template web_commit_signoff_required has_discussions", "false"),
    ("has_downloads has_issues has_projects allow_forking", "true"),
    ("topics", "[]"),
];

/// With the members that GitHub leaves out of lists of runs, and writes in pull requests and webhooks.
pub(crate) fn whole_repository(repo: &Repo, base: &str) -> Value {
    let mut body = repository(repo, base);
    let page = format!("{base}/{}", repo.full_name());
    for name in ["clone_url", "git_url", "ssh_url"] {
        body[name] = format!("{page}.git").into();
    }
    body["svn_url"] = page.into();
    body["default_branch"] = "main".into();
    body["visibility"] = if repo.public { "public" } else { "private" }.into();
    for (names, value) in REPOSITORY_CONSTANTS {
        for name in names.split_whitespace() {
            body[name] = serde_json::from_str(value).expect("each constant is JSON");
        }
    }
    for name in ["created_at", "updated_at", "pushed_at"] {
        body[name] = MADE_AT.into();
    }
    body
}

fn add_links(body: &mut Value, names: &str, base: &str) {
    for name in names.split_whitespace() {
        body[format!("{name}_url")] = format!("{base}/{}", name.replace('_', "/")).into();
    }
}

pub(crate) fn app(app: &App, base: &str) -> Value {
    let installation = &app.installation;
    json!({
        "id": app.id,
        "client_id": app.client_id,
        "slug": app.slug,
        "node_id": node_id("A", app.id),
        "owner": account(&installation.account, base),
        "name": app.slug,
        "description": "A stand-in",
        "external_url": base,
        "html_url": format!("{base}/apps/{}", app.slug),
        "created_at": MADE_AT,
        "updated_at": MADE_AT,
        "permissions": permissions(&installation.permissions),
        "events": [],
        "installations_count": 1,
    })
}

/// GitHub's description asks in the list of installations for the members of a user and of an enterprise at once.
fn installed_at(at: &Account, base: &str) -> Value {
    let mut body = account(at, base);
    let enterprise =
        [("name", at.login.as_str()), ("slug", &at.login), ("created_at", MADE_AT), ("updated_at", MADE_AT)];
    for (name, value) in enterprise {
        body[name] = value.into();
    }
    body
}

pub(crate) fn installation(app: &App, base: &str) -> Value {
    let installation = &app.installation;
    let url = format!("{base}/app/installations/{}", installation.id);
    json!({
        "id": installation.id,
        "account": installed_at(&installation.account, base),
        "repository_selection": selection(&installation.reach),
        "access_tokens_url": format!("{url}/access_tokens"),
        "repositories_url": format!("{base}/installation/repositories"),
        "html_url": format!("{base}/organizations/{}/settings/installations/1", installation.account.login),
        "app_id": app.id,
        "client_id": app.client_id,
        "app_slug": app.slug,
        "target_id": installation.account.id,
        "target_type": "Organization",
        "permissions": permissions(&installation.permissions),
        "events": [],
        "created_at": MADE_AT,
        "updated_at": MADE_AT,
        "single_file_name": Value::Null,
        "suspended_by": Value::Null,
        "suspended_at": Value::Null,
    })
}

pub(crate) fn permissions(permissions: &Permissions) -> Value {
    let members: Map<String, Value> =
        permissions.iter().map(|(name, level)| (name.clone(), level.name().into())).collect();
    Value::Object(members)
}

pub(crate) fn selection(reach: &Reach) -> &'static str {
    match reach {
        Reach::All => "all",
        Reach::Selected(_) => "selected",
    }
}
