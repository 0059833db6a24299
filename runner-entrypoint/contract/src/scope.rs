//! Where a runner registers.

use std::fmt;
use std::str::FromStr;

/// A place at GitHub that runners can belong to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One repository.
    Repo {
        /// User or organisation.
        owner: String,
        /// Repository name.
        repo: String,
    },
    /// One organisation.
    Org(String),
    /// One enterprise.
    Enterprise(String),
}

impl Scope {
    /// Reads `OWNER/REPO`.
    ///
    /// # Errors
    /// A text that says what a right one looks like.
    pub fn repo(text: &str) -> Result<Self, String> {
        let fault = || format!("\"{text}\" is not a repository; write OWNER/REPO");
        let (owner, repo) = text.split_once('/').ok_or_else(fault)?;
        if !is_name(owner) || !is_name(repo) {
            return Err(fault());
        }
        Ok(Self::Repo { owner: owner.to_owned(), repo: repo.to_owned() })
    }

    /// The scope's path within the REST API, without slashes around: `repos/OWNER/REPO`.
    pub fn api_path(&self) -> String {
        self.to_string()
    }

    /// The scope's page: what `Runner.Listener configure --url` takes.
    pub fn page(&self, server_url: &str) -> String {
        let server_url = server_url.trim_end_matches('/');
        match self {
            Self::Repo { owner, repo } => format!("{server_url}/{owner}/{repo}"),
            Self::Org(org) => format!("{server_url}/{org}"),
            Self::Enterprise(enterprise) => format!("{server_url}/enterprises/{enterprise}"),
        }
    }
}

/// Owner, repository and enterprise names: GitHub allows letters, digits, `-`, `_` and `.`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text != "."
        && text != ".."
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repo { owner, repo } => write!(f, "repos/{owner}/{repo}"),
            Self::Org(org) => write!(f, "orgs/{org}"),
            Self::Enterprise(enterprise) => write!(f, "enterprises/{enterprise}"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("\"{text}\" is not a scope; write repos/OWNER/REPO, orgs/ORG or enterprises/ENTERPRISE");
        let (kind, name) = text.split_once('/').ok_or_else(fault)?;
        match kind {
            "repos" => Self::repo(name),
            "orgs" if is_name(name) => Ok(Self::Org(name.to_owned())),
            "enterprises" if is_name(name) => Ok(Self::Enterprise(name.to_owned())),
            _ => Err(fault()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn scopes_are_read_back_as_they_are_written() {
        for text in ["repos/octo/mayfly", "orgs/octo", "enterprises/big-co"] {
            assert_eq!(text.parse::<Scope>().map(|scope| scope.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn names_that_would_leave_their_path_segment_are_refused() {
        for text in ["repos/octo", "repos/octo/may/fly", "repos/../x", "orgs/", "orgs/a?b", "teams/x", "repos/a b/c"] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
    }

    #[test]
    fn page_of_a_scope_is_what_people_open_in_a_browser() {
        let scope: Scope = "enterprises/big-co".parse().expect("a valid scope");
        assert_eq!(scope.page("https://ghe.example/"), "https://ghe.example/enterprises/big-co");
    }
}
