//! Who writes: the login that what we create is signed with.

use serde::Deserialize;

use super::client::Call;
use super::pull::User;
use super::{GitHub, GitHubError};

/// The author of what a workflow's `GITHUB_TOKEN` creates.
const WORKFLOW: &str = "github-actions[bot]";

#[derive(Deserialize)]
struct App {
    slug: String,
}

impl GitHub {
    /// The login of the credential's author: `<slug>[bot]` for an App, `github-actions[bot]` for a workflow's token, else the
    /// user.
    ///
    /// A ready-made installation token (`ghs_…`) cannot ask who it is: it is taken for the workflow's own. Whoever mints
    /// tokens of another App gives the App itself, or names the author.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn whoami(&self) -> Result<String, GitHubError> {
        if let Some(answer) = self.call_as_app(Call::get("/app".to_owned())).await {
            return Ok(format!("{}[bot]", answer?.read::<App>()?.slug));
        }
        if self.auth.asker.is_installation() {
            return Ok(WORKFLOW.to_owned());
        }
        Ok(self.call(Call::get("/user".to_owned())).await?.read::<User>()?.login)
    }
}
