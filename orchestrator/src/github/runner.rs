//! Runners: list, find, remove.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;

use super::client::Call;
use super::{GitHub, GitHubError};

/// The largest page that GitHub gives.
pub(super) const PAGE_SIZE: u32 = 100;

/// GitHub's number of a runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct RunnerId(pub u64);

impl fmt::Display for RunnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A runner as GitHub lists it. `status` and `busy` lag behind and are wrong at times: good for showing, never for deciding
/// about a removal. That is what [`GitHub::delete_runner`] is for.
#[derive(Clone, Debug, Deserialize)]
pub struct Runner {
    /// GitHub's number.
    pub id: RunnerId,
    /// Its name.
    pub name: String,
    /// Whether its Listener is connected.
    pub status: Status,
    /// Whether GitHub believes that a job runs.
    pub busy: bool,
    labels: Vec<Label>,
}

#[derive(Clone, Debug, Deserialize)]
struct Label {
    name: String,
}

impl Runner {
    /// Its labels. GitHub keeps them in lower case.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|label| label.name.as_str())
    }
}

/// Whether a runner's Listener is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Connected.
    Online,
    /// Not connected.
    Offline,
    /// What GitHub may come to say.
    #[serde(other)]
    Other,
}

/// What GitHub did about a removal: the only answer that can be trusted about whether a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It was idle, and is gone. No job can come to it any more.
    Gone,
    /// It was not there: removed before, or after its one job.
    WasGone,
    /// A job runs on it, or was just given to it.
    Busy,
}

#[derive(Deserialize)]
struct Page {
    runners: Vec<Runner>,
}

impl GitHub {
    /// All runners of the scope.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn runners(&self) -> Result<Vec<Runner>, GitHubError> {
        self.list("").await
    }

    /// The runner of that name.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn runner_by_name(&self, name: &str) -> Result<Option<Runner>, GitHubError> {
        let found = self.list(&format!("&name={}", encode(name))).await?;
        // GHES before 3.9 does not know the filter and lists all.
        Ok(found.into_iter().find(|runner| runner.name == name))
    }

    /// The runner of that number.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn runner(&self, id: RunnerId) -> Result<Option<Runner>, GitHubError> {
        match self.call(Call::get(self.path(&format!("runners/{id}")))).await {
            Ok(answer) => answer.read().map(Some),
            Err(fault @ GitHubError::NotFound { .. }) => self.missing(fault).await.map(|()| None),
            Err(fault) => Err(fault),
        }
    }

    /// Removes a runner, unless a job runs on it: GitHub decides.
    ///
    /// # Errors
    /// All other answers. None of them means that the runner is gone: 403 and 429 least of all.
    pub async fn delete_runner(&self, id: RunnerId) -> Result<Deleted, GitHubError> {
        match self.call(Call::delete(self.path(&format!("runners/{id}")))).await {
            Ok(_) => Ok(Deleted::Gone),
            Err(fault @ GitHubError::NotFound { .. }) => self.missing(fault).await.map(|()| Deleted::WasGone),
            Err(GitHubError::Unprocessable(refusal)) if refusal.status == 422 => Ok(Deleted::Busy),
            Err(fault) => Err(fault),
        }
    }

    /// Whether the credential may list runners at all: asked with the smallest page.
    ///
    /// # Errors
    /// Where the answer is neither yes nor no: an expired token, a rate limit, no connection.
    pub async fn can_read_runners(&self) -> Result<bool, GitHubError> {
        match self.call(Call::get(self.path("runners?per_page=1"))).await {
            Ok(_) => Ok(true),
            Err(GitHubError::Forbidden { .. } | GitHubError::NotFound { .. } | GitHubError::SingleSignOn { .. }) => {
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    /// GitHub answers 404 also for what the credential may not see. Only who may list the runners knows that one is gone.
    async fn missing(&self, fault: GitHubError) -> Result<(), GitHubError> {
        if self.can_read_runners().await? { Ok(()) } else { Err(fault) }
    }

    async fn list(&self, filter: &str) -> Result<Vec<Runner>, GitHubError> {
        let mut runners: Vec<Runner> = Vec::new();
        let mut known = HashSet::new();
        for page in 1.. {
            let path = self.path(&format!("runners?per_page={PAGE_SIZE}&page={page}{filter}"));
            let answer = self.call(Call::get(path)).await?;
            // A runner that comes while the pages are read moves others onto a page that was not read yet.
            runners.extend(answer.read::<Page>()?.runners.into_iter().filter(|runner| known.insert(runner.id)));
            if !answer.has_next() {
                break;
            }
        }
        Ok(runners)
    }
}

/// Percent-encodes all but the characters that are never special.
pub(super) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
