//! Who asks, and what that kind of credential needs: the fixes in the errors.

use contract::{Credential, Scope};

/// A credential's kind and the scope that it is used at.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    kind: Kind,
    scope: Scope,
    purpose: Purpose,
}

/// What the credential is used for: each needs other rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Runners of a scope.
    Runners,
    /// Pull requests of a repository: comments, deployments, statuses.
    PullRequests,
}

/// What a token's prefix tells (docs.github.com "About authentication to GitHub", token prefixes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Classic,
    FineGrained,
    Installation,
    App,
    Unknown,
}

impl Asker {
    pub(super) fn new(credential: &Credential, scope: &Scope, purpose: Purpose) -> Self {
        let kind = match credential {
            Credential::App { .. } => Kind::App,
            Credential::Token(token) if token.expose().starts_with("ghp_") => Kind::Classic,
            Credential::Token(token) if token.expose().starts_with("github_pat_") => Kind::FineGrained,
            Credential::Token(token) if token.expose().starts_with("ghs_") => Kind::Installation,
            Credential::Token(_) | Credential::RegistrationToken(_) => Kind::Unknown,
        };
        Self { kind, scope: scope.clone(), purpose }
    }

    /// Whether it is an installation token, which has no user behind it.
    pub(super) fn is_installation(&self) -> bool {
        self.kind == Kind::Installation
    }

    /// The fix for 401.
    pub(super) fn renew(&self) -> String {
        match self.kind {
            Kind::App => {
                "check that the App's id and its private key belong together, that the key was not deleted, and \
                 this machine's clock"
                    .to_owned()
            }
            Kind::Installation => "installation tokens end after one hour: mint a new one".to_owned(),
            _ => "the token is wrong, expired or revoked: make a new one and store it again".to_owned(),
        }
    }

    /// The fix for 403.
    pub(super) fn permit(&self) -> String {
        let needed = self.needed();
        match self.kind {
            Kind::Installation if self.purpose == Purpose::Runners => {
                format!("a workflow's GITHUB_TOKEN can never manage runners; use a GitHub App or a PAT: {needed}")
            }
            _ => format!("it needs {needed}"),
        }
    }

    /// The fix for 404: GitHub hides what a credential may not see.
    pub(super) fn find(&self) -> String {
        let place = match &self.scope {
            Scope::Repo { owner, repo } => format!("repository {owner}/{repo}"),
            Scope::Org(org) => format!("organisation {org}"),
            Scope::Enterprise(enterprise) => format!("enterprise {enterprise}"),
        };
        let reach = match self.kind {
            Kind::App => "the App is installed there",
            Kind::FineGrained => "the token's resource owner and repositories include it",
            _ => "the token may see it",
        };
        format!("check the name of the {place} and that {reach}: {}", self.needed())
    }

    /// Source: docs.github.com, REST API "self-hosted runners", the section on tokens of each endpoint.
    fn needed(&self) -> &'static str {
        if self.purpose == Purpose::PullRequests {
            return self.needed_by_pull_requests();
        }
        match (&self.scope, self.kind) {
            (Scope::Repo { .. }, Kind::Classic) => "the scope \"repo\"",
            (Scope::Repo { .. }, Kind::FineGrained | Kind::App) => {
                "the repository permission \"Administration\": read and write"
            }
            (Scope::Repo { .. }, _) => {
                "the repository permission \"Administration\": read and write (a classic PAT: the scope \"repo\")"
            }
            (Scope::Org(_), Kind::Classic) => "the scope \"admin:org\"",
            (Scope::Org(_), Kind::FineGrained | Kind::App) => {
                "the organisation permission \"Self-hosted runners\": read and write"
            }
            (Scope::Org(_), _) => {
                "the organisation permission \"Self-hosted runners\": read and write (a classic PAT: the scope \"admin:org\")"
            }
            (Scope::Enterprise(_), _) => "a classic PAT with the scope \"manage_runners:enterprise\"",
        }
    }

    /// Source: docs.github.com, REST API "issue comments", "deployments" and "commit statuses"; `permissions` of a workflow.
    fn needed_by_pull_requests(&self) -> &'static str {
        match self.kind {
            Kind::Classic => "the scope \"repo\"",
            Kind::Installation => {
                "in the workflow's `permissions`: issues, pull-requests, deployments and statuses, all of them `write`"
            }
            _ => {
                "the repository permissions \"Issues\", \"Pull requests\", \"Deployments\" and \"Commit statuses\": read and \
                 write (membership of an organisation: \"Members\", read)"
            }
        }
    }
}
