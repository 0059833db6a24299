//! What a person may do in the repository, and whether they belong to an organisation.

use serde::Deserialize;

use super::client::Call;
use super::runner::encode;
use super::{GitHub, GitHubError};

/// A person's permission, computed by GitHub over repository, teams, organisation and enterprise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Permission {
    /// `admin`, `write`, `read` or `none`: here `maintain` is `write`, and `triage` is `read`.
    pub permission: String,
    /// The role as it is called: also `maintain`, `triage`, or a name of the organisation's own.
    pub role_name: String,
}

/// Whether a person belongs to an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// They do.
    Member,
    /// They do not, as far as the credential may see.
    NotMember,
    /// 302: the credential is not in the organisation itself and sees public members only.
    Unknown,
}

impl GitHub {
    /// What `login` may do. Who is no collaborator may do nothing.
    ///
    /// # Errors
    /// All answers but yes and no: none of them means "nothing", and none means "anything".
    pub async fn permission(&self, login: &str) -> Result<Permission, GitHubError> {
        let path = self.repo_path(&format!("collaborators/{}/permission", encode(login)))?;
        match self.call(Call::get(path)).await {
            Ok(answer) => answer.read(),
            Err(GitHubError::NotFound { .. }) => {
                Ok(Permission { permission: "none".to_owned(), role_name: "none".to_owned() })
            }
            Err(fault) => Err(fault),
        }
    }

    /// Whether `login` belongs to the organisation `org`.
    ///
    /// # Errors
    /// All answers but 204, 404 and 302.
    pub async fn membership(&self, org: &str, login: &str) -> Result<Membership, GitHubError> {
        let path = format!("/orgs/{}/members/{}", encode(org), encode(login));
        match self.call(Call::get(path)).await {
            Ok(_) => Ok(Membership::Member),
            Err(GitHubError::NotFound { .. }) => Ok(Membership::NotMember),
            Err(GitHubError::Moved(refusal)) if refusal.status == 302 => Ok(Membership::Unknown),
            Err(fault) => Err(fault),
        }
    }
}
