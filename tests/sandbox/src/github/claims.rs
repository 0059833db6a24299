//! What GitHub says about a job in its OIDC tokens.

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::directory::{Repo, SubjectForm};
use super::fault::IdTokenFault;
use super::run::{Event, Job, Run};
use super::state::State;

/// Tokens live for five minutes, in seconds.
const LIFE: i64 = 300;

/// What a job asks for.
pub(crate) struct IdTokenRequest {
    pub(crate) issuer: String,
    pub(crate) audience: Option<String>,
    pub(crate) now: OffsetDateTime,
    pub(crate) fault: Option<IdTokenFault>,
}

/// All claims of a job's token. `None`: the job's run or repository is gone.
pub(crate) fn claims(state: &State, job: &Job, request: &IdTokenRequest) -> Option<Value> {
    let run = state.runs.get(&job.run_id)?;
    let repo = state.repo_of(job)?;
    let issued = match request.fault {
        Some(IdTokenFault::Expired) => request.now.unix_timestamp() - 600 - LIFE,
        _ => request.now.unix_timestamp(),
    };
    let workflow = format!("{}/.github/workflows/build.yml@{}", repo.full_name(), run.git_ref());
    let mut claims = json!({
        "jti": Uuid::new_v4().to_string(),
        "sub": subject(repo, run, job, request.fault),
        "aud": audience(repo, request),
        "iss": request.issuer,
        "nbf": issued - 600,
        "iat": issued,
        "exp": issued + LIFE,
        "ref": run.git_ref(),
        "ref_type": "branch",
        "ref_protected": "false",
        "sha": run.sha,
        "repository": repo.full_name(),
        "repository_id": repo.id.to_string(),
        "repository_owner": repo.owner,
        "repository_owner_id": repo.owner_id.to_string(),
        "repository_visibility": if repo.public { "public" } else { "private" },
        "run_id": run.id.to_string(),
        "run_number": run.number.to_string(),
        "run_attempt": job.attempt.to_string(),
        "actor": run.actor,
        "actor_id": "583231",
        "workflow": run.workflow,
        "workflow_ref": workflow,
        "workflow_sha": run.sha,
        "job_workflow_ref": workflow,
        "job_workflow_sha": run.sha,
        "head_ref": "",
        "base_ref": "",
        "event_name": run.event.name(),
        "runner_environment": runner_environment(job),
    });
    if matches!(run.event, Event::PullRequest(_)) {
        claims["head_ref"] = run.branch.clone().into();
        claims["base_ref"] = "main".into();
    }
    if let Some(environment) = &job.spec.environment {
        claims["environment"] = environment.clone().into();
        claims["environment_node_id"] = format!("EN_{environment}").into();
    }
    Some(claims)
}

fn runner_environment(job: &Job) -> &'static str {
    let hosted = job.runner.as_ref().is_some_and(super::run::JobRunner::is_hosted);
    if hosted { "github-hosted" } else { "self-hosted" }
}

fn audience(repo: &Repo, request: &IdTokenRequest) -> String {
    if request.fault == Some(IdTokenFault::WrongAudience) {
        return "https://another.example".to_owned();
    }
    request.audience.clone().unwrap_or_else(|| format!("https://github.com/{}", repo.owner))
}

/// `repo:…` and what the token is for: the environment wins, then the pull request, then the ref.
fn subject(repo: &Repo, run: &Run, job: &Job, fault: Option<IdTokenFault>) -> String {
    let name = match (fault, repo.subject) {
        (Some(IdTokenFault::WrongSubject), _) => "someone/else".to_owned(),
        (_, SubjectForm::Classic) => repo.full_name(),
        (_, SubjectForm::Immutable) => format!("{}@{}/{}@{}", repo.owner, repo.owner_id, repo.name, repo.id),
    };
    let context = match (&job.spec.environment, &run.event) {
        // A colon inside of a value is escaped, so that the parts stay apart.
        (Some(environment), _) => format!("environment:{}", environment.replace(':', "%3A")),
        (None, Event::PullRequest(_)) => "pull_request".to_owned(),
        (None, Event::WorkflowDispatch | Event::Push | Event::IssueComment) => format!("ref:{}", run.git_ref()),
    };
    format!("repo:{name}:{context}")
}
