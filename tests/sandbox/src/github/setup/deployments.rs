//! What was deployed and said of commits.

use crate::github::GitHub;
use crate::github::deploy::{CommitStatus, Deployment, Environment};

impl GitHub {
    /// All deployments, oldest first.
    pub fn deployments(&self) -> Vec<Deployment> {
        self.hub.read(|state| state.deployments.values().cloned().collect())
    }

    /// All environments, oldest first.
    pub fn environments(&self) -> Vec<Environment> {
        self.hub.read(|state| state.environments.clone())
    }

    /// Everything that was said of a commit, oldest first.
    pub fn statuses(&self, sha: &str) -> Vec<CommitStatus> {
        self.hub.read(|state| state.statuses.iter().filter(|status| status.sha == sha).cloned().collect())
    }
}
