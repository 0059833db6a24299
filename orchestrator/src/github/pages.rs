//! Lists that come in pages.

use serde::de::DeserializeOwned;

use super::client::Call;
use super::runner::PAGE_SIZE;
use super::{GitHub, GitHubError};

impl GitHub {
    /// All entries of a list that GitHub gives as a plain array. `path` has its own `?…` already, or none.
    pub(super) async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, GitHubError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1.. {
            let answer = self.call(Call::get(format!("{path}{joint}per_page={PAGE_SIZE}&page={page}"))).await?;
            all.extend(answer.read::<Vec<T>>()?);
            if !answer.has_next() {
                break;
            }
        }
        Ok(all)
    }
}
