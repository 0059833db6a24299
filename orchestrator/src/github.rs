//! GitHub's REST API, as far as runners need it. The only place that names octocrab.
//!
//! The answers are small types of our own and the errors are one enum with the fix in its text, so that nobody else has
//! to know how GitHub says things.

mod api_url;
mod auth;
mod client;
mod download;
mod error;
mod group;
mod hint;
mod rate_limit;
mod retry;
mod runner;
mod token;

use contract::{Credential, Scope};

pub use self::api_url::ApiUrl;
use self::auth::Auth;
use self::client::Client;
pub use self::download::Download;
pub use self::error::{GitHubError, Refusal};
pub use self::rate_limit::{LimitKind, Limited};
pub use self::runner::{Deleted, Runner, RunnerId, Status};
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
        let auth = Auth::new(credential, &scope)?;
        Ok(Self { client: Client::new(http, api_url), auth, scope })
    }

    /// Where runners are looked for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    fn path(&self, rest: &str) -> String {
        format!("/{}/actions/{rest}", self.scope.api_path())
    }
}

#[cfg(test)]
mod tests;
