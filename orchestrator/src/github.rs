//! GitHub's REST API, as far as runners and previews need it. The only place that names octocrab.
//!
//! The answers are small types of our own and the errors are one enum with the fix in its text, so that nobody else has
//! to know how GitHub says things.

mod api_url;
mod auth;
mod client;
mod comment;
mod deployment;
mod download;
mod error;
mod group;
mod hint;
mod pages;
mod permission;
mod pull;
mod rate_limit;
mod reaction;
mod retry;
mod runner;
mod status;
mod token;
mod whoami;

use contract::{Credential, Scope};

pub use self::api_url::ApiUrl;
use self::auth::Auth;
use self::client::Client;
pub use self::comment::{Comment, CommentId};
pub use self::deployment::{Deployment, DeploymentId, DeploymentState, DeploymentStatus, NewDeployment};
pub use self::download::Download;
pub use self::error::{GitHubError, Refusal};
use self::hint::Purpose;
pub use self::permission::{Membership, Permission};
pub use self::pull::{PullRequest, PullState};
pub use self::rate_limit::{LimitKind, Limited};
pub use self::reaction::Reaction;
pub use self::runner::{Deleted, Runner, RunnerId, Status};
pub use self::status::{CommitState, CommitStatus};
pub use self::token::Minted;
use crate::http::Http;

/// GitHub, seen with one credential at one scope. Clones share the credential's cache.
#[derive(Clone, Debug)]
pub struct GitHub {
    client: Client,
    auth: Auth,
    scope: Scope,
}

impl GitHub {
    /// Prepares the client; sends nothing. Call it within the runtime.
    ///
    /// # Errors
    /// [`GitHubError::Credential`] where the credential cannot serve this scope, or an App's key cannot be read.
    pub fn new(http: Http, api_url: &ApiUrl, credential: Credential, scope: Scope) -> Result<Self, GitHubError> {
        Self::with_purpose(http, api_url, credential, scope, Purpose::Runners)
    }

    /// The client for a repository's pull requests. Sends nothing. Call it within the runtime.
    ///
    /// # Errors
    /// [`GitHubError::Credential`] where the scope is no repository, or as [`GitHub::new`] does.
    pub fn for_pull_requests(
        http: Http,
        api_url: &ApiUrl,
        credential: Credential,
        scope: Scope,
    ) -> Result<Self, GitHubError> {
        let github = Self::with_purpose(http, api_url, credential, scope, Purpose::PullRequests)?;
        github.repo_path("pulls").map(|_| github)
    }

    fn with_purpose(
        http: Http,
        api_url: &ApiUrl,
        credential: Credential,
        scope: Scope,
        purpose: Purpose,
    ) -> Result<Self, GitHubError> {
        let auth = Auth::new(credential, &scope, purpose)?;
        Ok(Self { client: Client::new(http, api_url), auth, scope })
    }

    /// Where runners or pull requests are looked for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    fn path(&self, rest: &str) -> String {
        format!("/{}/actions/{rest}", self.scope.api_path())
    }

    /// A path within the repository, which alone has pull requests.
    fn repo_path(&self, rest: &str) -> Result<String, GitHubError> {
        match &self.scope {
            Scope::Repo { .. } => Ok(format!("/{}/{rest}", self.scope.api_path())),
            other => {
                Err(GitHubError::Credential(format!("{other} has no pull requests; name a repository: OWNER/REPO")))
            }
        }
    }
}

#[cfg(test)]
mod tests;
