//! Deployments, environments and commit statuses.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// Where a deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// It could not be done.
    Error,
    /// It was done and failed.
    Failure,
    /// It is no more.
    Inactive,
    /// It is being done.
    InProgress,
    /// It waits.
    Queued,
    /// It has not begun.
    Pending,
    /// It is there.
    Success,
}

impl DeploymentState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Inactive => "inactive",
            Self::InProgress => "in_progress",
            Self::Queued => "queued",
            Self::Pending => "pending",
            Self::Success => "success",
        }
    }
}

/// One status of a deployment.
#[derive(Clone, Debug)]
pub struct DeploymentStatus {
    /// GitHub's number.
    pub id: u64,
    /// Where it stands.
    pub state: DeploymentState,
    /// One line.
    pub description: String,
    /// Where the deployed thing is reached; empty: not told.
    pub environment_url: String,
    /// Where its output is; empty: not told.
    pub log_url: String,
    /// Login of who said so.
    pub creator: String,
    /// When.
    pub created_at: OffsetDateTime,
    pub(crate) app: Option<u64>,
}

/// A deployment.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// GitHub's number.
    pub id: u64,
    /// The repository's number.
    pub repo: u64,
    /// What is deployed, as it was named.
    pub reference: String,
    /// The commit of [`Self::reference`].
    pub sha: String,
    /// `deploy`, unless said otherwise.
    pub task: String,
    /// Where to.
    pub environment: String,
    /// Whether the environment will be gone one day. A mere hint: GitHub deletes nothing for it.
    pub transient: bool,
    /// Whether users see it.
    pub production: bool,
    /// One line.
    pub description: String,
    /// What its maker wants to find again: an object or a text.
    pub payload: Value,
    /// Login of who made it.
    pub creator: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// Its statuses, oldest first.
    pub statuses: Vec<DeploymentStatus>,
    pub(crate) app: Option<u64>,
}

impl Deployment {
    /// What its last status says. `None`: it has none yet.
    pub fn state(&self) -> Option<DeploymentState> {
        self.statuses.last().map(|status| status.state)
    }

    /// The word on GitHub's pages: a transient one that is inactive is called destroyed there.
    pub fn shown_state(&self) -> &'static str {
        match self.state() {
            Some(DeploymentState::Inactive) if self.transient => "destroyed",
            Some(state) => state.name(),
            None => "pending",
        }
    }

    /// Where it is reached, by the last status that tells.
    pub fn url(&self) -> Option<&str> {
        let told = self.statuses.iter().rev().map(|status| status.environment_url.as_str());
        told.into_iter().find(|url| !url.is_empty())
    }

    /// GitHub deletes only what "any non-successful deployment status" ended. What has not come so far counts as active.
    pub(crate) fn is_over(&self) -> bool {
        let ended = [DeploymentState::Inactive, DeploymentState::Failure, DeploymentState::Error];
        self.state().is_some_and(|state| ended.contains(&state))
    }
}

/// An environment of a repository: made by the first deployment to it, and there until somebody deletes it.
#[derive(Clone, Debug)]
pub struct Environment {
    /// GitHub's number.
    pub id: u64,
    /// The repository's number.
    pub repo: u64,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// What a commit status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    /// It could not be told.
    Error,
    /// No.
    Failure,
    /// Not yet.
    Pending,
    /// Yes.
    Success,
}

impl StatusState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Pending => "pending",
            Self::Success => "success",
        }
    }
}

/// A commit status. Nobody can change one; the latest of a context counts.
#[derive(Clone, Debug)]
pub struct CommitStatus {
    /// GitHub's number.
    pub id: u64,
    /// The repository's number.
    pub repo: u64,
    /// Of which commit.
    pub sha: String,
    /// What it says.
    pub state: StatusState,
    /// One line.
    pub description: Option<String>,
    /// Where there is more.
    pub target_url: Option<String>,
    /// What it is about: the name that people see.
    pub context: String,
    /// Login of who said so.
    pub creator: String,
    /// When.
    pub created_at: OffsetDateTime,
}
