//! Statuses of commits: the line beside the checks.

use serde_json::json;

use super::client::Call;
use super::runner::encode;
use super::{GitHub, GitHubError};

/// GitHub's states of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitState {
    /// Not known yet.
    Pending,
    /// Good.
    Success,
    /// Not good.
    Failure,
    /// It could not be found out.
    Error,
}

impl CommitState {
    /// GitHub's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
        }
    }
}

/// What is said of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitStatus {
    /// Which line it is.
    pub context: String,
    /// How it stands.
    pub state: CommitState,
    /// At most 140 characters.
    pub description: String,
    /// Where a click on it leads.
    pub target_url: Option<String>,
}

impl GitHub {
    /// Says something of a commit.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn tell_commit(&self, sha: &str, status: &CommitStatus) -> Result<(), GitHubError> {
        let path = self.repo_path(&format!("statuses/{}", encode(sha)))?;
        let mut sent = json!({
            "state": status.state.name(),
            "context": status.context,
            "description": status.description,
        });
        if let Some(url) = &status.target_url {
            sent["target_url"] = json!(url);
        }
        self.call(Call::state(path, sent.to_string())).await.map(|_| ())
    }
}
