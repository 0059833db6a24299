//! Pull requests: read only.

use std::time::SystemTime;

use serde::Deserialize;

use super::client::Call;
use super::token::read_time;
use super::{GitHub, GitHubError};

/// A pull request, as far as a preview of it needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its title: text of a stranger.
    pub title: String,
    /// Whether it is open.
    pub state: PullState,
    /// Whether it is a draft.
    pub draft: bool,
    /// The commit at its head, in full.
    pub head_sha: String,
    /// `OWNER/REPO` of the head; none where the fork was deleted.
    pub head_repo: Option<String>,
    /// When anything was last pushed to the head's repository, to whichever branch: by GitHub's clock.
    pub head_pushed: Option<SystemTime>,
    /// Whether the head is in another repository than the base.
    pub is_fork: bool,
    /// `OWNER/REPO` of the base.
    pub base_repo: String,
    /// Who opened it; none where the account was deleted.
    pub author: Option<String>,
    /// When anything about it last changed (a push, a comment, a label): by GitHub's clock.
    pub updated: SystemTime,
}

/// Where a pull request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullState {
    /// Open, draft or not.
    Open,
    /// Closed without having been merged.
    Closed,
    /// Merged.
    Merged,
}

#[derive(Deserialize)]
struct Wire {
    number: u64,
    title: String,
    state: String,
    // The list leaves `merged` out; both forms have `merged_at`.
    merged_at: Option<String>,
    draft: Option<bool>,
    head: End,
    base: End,
    user: Option<User>,
    #[serde(deserialize_with = "read_time")]
    updated_at: SystemTime,
}

#[derive(Deserialize)]
struct End {
    sha: String,
    repo: Option<Repo>,
}

#[derive(Deserialize)]
struct Repo {
    full_name: String,
    pushed_at: Option<String>,
}

/// Whoever GitHub names: accounts that were deleted are not named.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

impl From<Wire> for PullRequest {
    fn from(wire: Wire) -> Self {
        let state = match (wire.state.as_str(), &wire.merged_at) {
            (_, Some(_)) => PullState::Merged,
            ("open", None) => PullState::Open,
            _ => PullState::Closed,
        };
        let base_repo = wire.base.repo.map(|repo| repo.full_name).unwrap_or_default();
        let head_pushed = wire.head.repo.as_ref().and_then(|repo| crate::stamp::parse(repo.pushed_at.as_deref()?));
        let head_repo = wire.head.repo.map(|repo| repo.full_name);
        let is_fork = head_repo.as_ref().is_none_or(|head| !head.eq_ignore_ascii_case(&base_repo));
        Self {
            number: wire.number,
            title: wire.title,
            state,
            draft: wire.draft.unwrap_or(false),
            head_sha: wire.head.sha,
            head_repo,
            head_pushed,
            is_fork,
            base_repo,
            author: wire.user.map(|user| user.login),
            updated: wire.updated_at,
        }
    }
}

impl GitHub {
    /// The pull request of that number.
    ///
    /// # Errors
    /// What GitHub refuses; [`GitHubError::NotFound`] where there is none.
    pub async fn pull(&self, number: u64) -> Result<PullRequest, GitHubError> {
        let path = self.repo_path(&format!("pulls/{number}"))?;
        self.call(Call::get(path)).await?.read::<Wire>().map(PullRequest::from)
    }

    /// All open pull requests of the repository.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn open_pulls(&self) -> Result<Vec<PullRequest>, GitHubError> {
        let mut pulls: Vec<PullRequest> =
            self.all::<Wire>(&self.repo_path("pulls?state=open")?).await?.into_iter().map(PullRequest::from).collect();
        // One that is opened while the pages are read moves others onto a page that was not read yet.
        pulls.sort_by_key(|pull| pull.number);
        pulls.dedup_by_key(|pull| pull.number);
        Ok(pulls)
    }
}
