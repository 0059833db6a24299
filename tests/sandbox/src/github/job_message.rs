//! A job as its runner gets it: steps, variables, tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use super::people::Speaker;
use super::run::{Job, JobId};
use super::state::State;
use super::token::{Actor, Grant, Permissions, Purpose, Reach};
use crate::wire::JobMessage;

/// The job token ends with the job, or after a day.
const TOKEN_LIFE: Duration = Duration::from_hours(24);

/// What a job's steps see, with tokens of its own.
pub(crate) fn message(state: &mut State, job: JobId, base: &str) -> Option<JobMessage> {
    let job = state.jobs.get(&job)?.clone();
    let variables = variables(state, &job, base)?;
    let token = variables.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN").cloned()?;
    Some(JobMessage {
        job_id: job.id,
        name: job.spec.name.clone(),
        steps: job.spec.steps.clone(),
        variables,
        report_url: format!("{base}/_standin/jobs/{}/report", job.id),
        token,
    })
}

/// The variables that GitHub gives to each step of a job, its tokens included.
pub(crate) fn variables(state: &mut State, job: &Job, base: &str) -> Option<BTreeMap<String, String>> {
    let run = state.runs.get(&job.run_id)?.clone();
    let repo = state.repo_of(job)?.clone();
    let end = Some(job.started_at? + TOKEN_LIFE);
    let id_token = state.tokens.mint("eyJ0", Purpose::IdToken(job.id), end);
    let pairs = [
        ("CI", "true".to_owned()),
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_API_URL", base.to_owned()),
        ("GITHUB_SERVER_URL", base.to_owned()),
        ("GITHUB_REPOSITORY", repo.full_name()),
        ("GITHUB_REPOSITORY_ID", repo.id.to_string()),
        ("GITHUB_REPOSITORY_OWNER", repo.owner.clone()),
        ("GITHUB_REPOSITORY_OWNER_ID", repo.owner_id.to_string()),
        ("GITHUB_RUN_ID", run.id.to_string()),
        ("GITHUB_RUN_NUMBER", run.number.to_string()),
        ("GITHUB_RUN_ATTEMPT", job.attempt.to_string()),
        ("GITHUB_JOB", job.spec.name.clone()),
        ("GITHUB_WORKFLOW", run.workflow.clone()),
        ("GITHUB_EVENT_NAME", run.event.name().to_owned()),
        ("GITHUB_ACTOR", run.actor.clone()),
        ("GITHUB_SHA", run.sha.clone()),
        ("GITHUB_REF", run.git_ref()),
        ("GITHUB_REF_NAME", run.branch.clone()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{base}/oidc/token?api-version=2&run={}&job={}", run.id, job.id)),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", id_token),
    ];
    Some(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The job's `GITHUB_TOKEN`. GitHub does not put it into the environment of steps: the workflow file has to.
pub(crate) fn github_token(state: &mut State, job: JobId, permissions: Permissions) -> Option<String> {
    let job = state.jobs.get(&job)?;
    let (end, repo) = (job.started_at? + TOKEN_LIFE, state.repo_of(job)?);
    let grant = Grant { owner_id: repo.owner_id, permissions, reach: Reach::Selected([repo.id].into()) };
    Some(state.tokens.mint("ghs_", Purpose::Api(Actor::Job(grant), Speaker::Workflow), Some(end)))
}
