//! Runner groups: an organisation's or enterprise's, by name.

use contract::Scope;
use serde::Deserialize;

use super::client::Call;
use super::runner::PAGE_SIZE;
use super::{GitHub, GitHubError};

#[derive(Deserialize)]
struct Page {
    runner_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    id: u64,
    name: String,
}

impl GitHub {
    /// The number of the runner group called `name`.
    ///
    /// # Errors
    /// [`GitHubError::Credential`] where the scope has no groups or none of that name, with the names that there are.
    pub async fn runner_group_id(&self, name: &str) -> Result<u64, GitHubError> {
        if let Scope::Repo { owner, .. } = &self.scope {
            let fix = format!("register at the organisation instead (--org {owner}), or leave the group out");
            return Err(GitHubError::Credential(format!("a repository has no runner groups; {fix}")));
        }
        let groups = self.runner_groups().await?;
        if let Some(group) = groups.iter().find(|group| group.name == name) {
            return Ok(group.id);
        }
        let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        let names = names.join(", ");
        Err(GitHubError::Credential(format!(
            "there is no runner group \"{name}\" at {}; there are: {names}",
            self.scope
        )))
    }

    async fn runner_groups(&self) -> Result<Vec<Group>, GitHubError> {
        let mut groups = Vec::new();
        for page in 1.. {
            let path = self.path(&format!("runner-groups?per_page={PAGE_SIZE}&page={page}"));
            let answer = self.call(Call::get(path)).await?;
            groups.extend(answer.read::<Page>()?.runner_groups);
            if !answer.has_next() {
                break;
            }
        }
        Ok(groups)
    }
}
