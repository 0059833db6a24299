//! Workflow runs and their jobs.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::runner::RunnerId;

/// GitHub's number for a job.
pub type JobId = u64;
/// GitHub's number for a workflow run.
pub type RunId = u64;

/// One step: a script for `bash -e`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// The script.
    pub run: String,
    /// Runs also after a failure or a cancel: `if: always()`.
    #[serde(default)]
    pub always: bool,
}

impl Step {
    /// A step that runs while all before it succeeded.
    pub fn new(name: &str, run: &str) -> Self {
        Self { name: name.to_owned(), run: run.to_owned(), always: false }
    }
}

/// What the workflow file says about a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    /// Its name.
    pub name: String,
    /// `runs-on`: all of these labels.
    pub labels: Vec<String>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// `environment:`.
    #[serde(default)]
    pub environment: Option<String>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a runner.
    Queued,
    /// A runner has it.
    InProgress,
    /// It ended.
    Completed,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// All steps succeeded.
    Success,
    /// A step failed, or the runner was lost.
    Failure,
    /// Somebody cancelled it.
    Cancelled,
    /// It waited longer than a day.
    TimedOut,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    /// Its name.
    pub name: String,
    /// `success`, `failure`, `cancelled` or `skipped`.
    pub conclusion: String,
}

/// The machine that a job runs or ran on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRunner {
    /// The runner's number.
    pub id: RunnerId,
    /// Its name.
    pub name: String,
    /// Its group's number.
    pub group: u64,
    /// Its group's name.
    pub group_name: String,
}

/// One job of one attempt of a run.
#[derive(Clone, Debug)]
pub struct Job {
    /// GitHub's number: another in each attempt.
    pub id: JobId,
    /// Its run.
    pub run_id: RunId,
    /// Its attempt, from 1.
    pub attempt: u32,
    /// What the workflow file says.
    pub spec: JobSpec,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// Where it runs or ran.
    pub runner: Option<JobRunner>,
    /// When it was queued.
    pub created_at: OffsetDateTime,
    /// When a runner took it.
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    pub completed_at: Option<OffsetDateTime>,
    /// Its finished steps.
    pub steps: Vec<StepResult>,
    /// What its steps printed.
    pub output: Vec<String>,
    /// Whether somebody asked to cancel it and its runner was not told yet.
    pub cancel_requested: bool,
    /// Whether its runner was heard of since it took the job.
    pub(crate) begun: bool,
}

/// What started a run: decides the `sub` of its OIDC tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody pressed the button, on this branch.
    WorkflowDispatch,
    /// A push to this branch.
    Push,
    /// The pull request with this number.
    PullRequest(u64),
    /// Somebody commented, on an issue or a pull request. Such runs are the default branch's.
    IssueComment,
}

impl Event {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::WorkflowDispatch => "workflow_dispatch",
            Self::Push => "push",
            Self::PullRequest(_) => "pull_request",
            Self::IssueComment => "issue_comment",
        }
    }
}

/// One run of a workflow.
#[derive(Clone, Debug)]
pub struct Run {
    /// GitHub's number.
    pub id: RunId,
    /// The repository's number.
    pub repo: u64,
    /// The latest attempt, from 1.
    pub attempt: u32,
    /// Count of runs of this workflow.
    pub number: u64,
    /// The workflow's name.
    pub workflow: String,
    /// What started it.
    pub event: Event,
    /// Branch without `refs/heads/`.
    pub branch: String,
    /// Commit.
    pub sha: String,
    /// Who started it.
    pub actor: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl Run {
    /// `refs/heads/main` or `refs/pull/5/merge`.
    pub fn git_ref(&self) -> String {
        match self.event {
            Event::PullRequest(number) => format!("refs/pull/{number}/merge"),
            Event::WorkflowDispatch | Event::Push | Event::IssueComment => format!("refs/heads/{}", self.branch),
        }
    }
}

impl Job {
    pub(crate) fn queued(id: JobId, run: &Run, spec: JobSpec, now: OffsetDateTime) -> Self {
        Self {
            id,
            run_id: run.id,
            attempt: run.attempt,
            spec,
            status: Status::Queued,
            conclusion: None,
            runner: None,
            created_at: now,
            started_at: None,
            completed_at: None,
            steps: Vec::new(),
            output: Vec::new(),
            cancel_requested: false,
            begun: false,
        }
    }

    pub(crate) fn complete(&mut self, conclusion: Conclusion, now: OffsetDateTime) {
        self.status = Status::Completed;
        self.conclusion = Some(conclusion);
        self.completed_at = Some(now);
    }

    /// A job of a later attempt that is not run again: GitHub shows it with its earlier result.
    pub(crate) fn kept(&self, id: JobId, attempt: u32) -> Self {
        Self { id, attempt, ..self.clone() }
    }

    /// Back into the queue, where its runner left before it did anything: GitHub gives a runner 60 s to begin.
    pub(crate) fn requeue_if_unbegun(&mut self) {
        if self.status == Status::InProgress && !self.begun {
            self.status = Status::Queued;
            self.runner = None;
            self.started_at = None;
        }
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.conclusion == Some(Conclusion::Success)
    }
}
