//! Tokens: who holds them, what they may do, when they end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::OffsetDateTime;
use uuid::Uuid;

use super::directory::{Place, Repo};
use super::people::{Access, Speaker};
use super::run::JobId;

/// How much of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// May look.
    Read,
    /// May change.
    Write,
}

impl Level {
    /// `read`, `write` or `admin`, as GitHub writes them; `admin` includes `write`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::Read),
            "write" | "admin" => Some(Self::Write),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Fine-grained permissions by GitHub's names, e.g. `administration` or `organization_self_hosted_runners`.
pub type Permissions = BTreeMap<String, Level>;

/// Which repositories a token or an installation reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of those of its owner.
    All,
    /// Only those with these ids.
    Selected(BTreeSet<u64>),
}

impl Reach {
    pub(crate) fn includes(&self, repo: u64) -> bool {
        match self {
            Self::All => true,
            Self::Selected(repos) => repos.contains(&repo),
        }
    }
}

/// Who speaks.
#[derive(Clone, Debug)]
pub(crate) enum Actor {
    /// A classic PAT, with its scopes.
    Classic(BTreeSet<String>),
    /// A fine-grained PAT of one owner.
    FineGrained(Grant),
    /// A GitHub App with its JWT.
    App(u64),
    /// An installation token.
    Installation(Grant),
    /// The `GITHUB_TOKEN` of a job.
    Job(Grant),
}

/// What fine-grained tokens have in common.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) owner_id: u64,
    pub(crate) permissions: Permissions,
    pub(crate) reach: Reach,
}

impl Grant {
    fn sees(&self, repo: &Repo) -> bool {
        repo.public || (repo.owner_id == self.owner_id && self.reach.includes(repo.id))
    }

    pub(crate) fn holds(&self, permission: &str, level: Level) -> bool {
        self.permissions.get(permission).is_some_and(|held| *held >= level)
    }
}

/// What a route asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Right {
    /// Self-hosted runners of the place: a different permission at each kind of place.
    Runners(Level),
    /// Workflow runs and jobs.
    Actions(Level),
    /// Issues, and what is said below them.
    Issues(Level),
    /// Pull requests.
    PullRequests(Level),
    /// What is said below a pull request: GitHub takes the permission for issues or the one for pull requests.
    Conversation(Level),
    /// Commits.
    Contents,
    /// Commit statuses.
    Statuses(Level),
    /// Deployments.
    Deployments(Level),
    /// To see environments.
    Environments,
    /// To change what only administrators may: environments are deleted with it.
    Administration,
    /// To know that the repository is there: everybody who can see it.
    Metadata,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The token may not know that the place exists.
    Invisible,
    /// It may see the place but not do this.
    Forbidden,
}

impl Actor {
    /// Whether this actor has a right at a place. `repo` is the place's repository, if it is one.
    pub(crate) fn check(&self, place: Place, repo: Option<&Repo>, right: Right) -> Result<(), Denied> {
        if repo.is_some_and(|repo| !self.sees(repo)) || self.is_foreign(place) {
            return Err(Denied::Invisible);
        }
        if right.is_everybodys(repo) && !matches!(self, Self::App(_)) {
            return Ok(());
        }
        let allowed = match self {
            Self::Classic(scopes) => scopes.iter().any(|held| classic_scopes(place, right).contains(&held.as_str())),
            Self::FineGrained(grant) | Self::Installation(grant) | Self::Job(grant) => holds(grant, place, right),
            Self::App(_) => false,
        };
        if allowed { Ok(()) } else { Err(Denied::Forbidden) }
    }

    fn sees(&self, repo: &Repo) -> bool {
        match self {
            Self::Classic(scopes) => repo.public || scopes.contains("repo"),
            Self::FineGrained(grant) | Self::Installation(grant) | Self::Job(grant) => grant.sees(repo),
            Self::App(_) => true,
        }
    }

    /// Fine-grained tokens know their owner's organisation and no other.
    fn is_foreign(&self, place: Place) -> bool {
        match (self, place) {
            (Self::FineGrained(grant) | Self::Installation(grant) | Self::Job(grant), Place::Org(id)) => {
                id != grant.owner_id
            }
            _ => false,
        }
    }

    /// GitHub's sentence for a missing permission.
    pub(crate) fn forbidden_text(&self) -> &'static str {
        match self {
            Self::Classic(_) => "Must have admin rights to Repository.",
            Self::FineGrained(_) => "Resource not accessible by personal access token",
            Self::App(_) | Self::Installation(_) | Self::Job(_) => "Resource not accessible by integration",
        }
    }
}

/// Classic scopes that give a right at a place; any of them is enough.
fn classic_scopes(place: Place, right: Right) -> &'static [&'static str] {
    match (place, right) {
        (Place::Repo(_), _) => &["repo"],
        (Place::Org(_), _) => &["admin:org"],
        (Place::Enterprise(_), Right::Runners(_)) => &["manage_runners:enterprise", "admin:enterprise"],
        (Place::Enterprise(_), _) => &["admin:enterprise"],
    }
}

fn holds(grant: &Grant, place: Place, right: Right) -> bool {
    match (place, right) {
        (Place::Repo(_), _) => right.permissions().iter().any(|(name, level)| grant.holds(name, *level)),
        (Place::Org(_), Right::Runners(level)) => grant.holds("organization_self_hosted_runners", level),
        // No fine-grained permission reaches an enterprise's runners: GitHub's description of the API says so.
        (Place::Org(_) | Place::Enterprise(_), _) => false,
    }
}

impl Right {
    /// The fine-grained permissions that give it in a repository; any of them is enough.
    fn permissions(self) -> Vec<(&'static str, Level)> {
        match self {
            Self::Runners(level) => vec![("administration", level)],
            Self::Actions(level) => vec![("actions", level)],
            Self::Issues(level) => vec![("issues", level)],
            Self::PullRequests(level) => vec![("pull_requests", level)],
            Self::Conversation(level) => vec![("issues", level), ("pull_requests", level)],
            Self::Contents => vec![("contents", Level::Read)],
            Self::Statuses(level) => vec![("statuses", level)],
            Self::Deployments(level) => vec![("deployments", level)],
            Self::Environments => vec![("actions", Level::Read)],
            Self::Administration => vec![("administration", Level::Write)],
            Self::Metadata => Vec::new(),
        }
    }

    /// What a user needs to be in the repository, whatever their token may do.
    pub(crate) fn access(self) -> Access {
        match self {
            Self::Runners(_) | Self::Administration => Access::Admin,
            Self::Actions(Level::Write) | Self::Statuses(Level::Write) | Self::Deployments(Level::Write) => {
                Access::Write
            }
            _ => Access::Read,
        }
    }

    /// Whether whoever sees the repository has it. Of a public one everything can be read but its runners.
    fn is_everybodys(self, repo: Option<&Repo>) -> bool {
        let reading = match self {
            Self::Metadata => return repo.is_some(),
            Self::Runners(_) | Self::Actions(_) | Self::Administration => false,
            Self::Contents | Self::Environments => true,
            Self::Issues(level)
            | Self::PullRequests(level)
            | Self::Conversation(level)
            | Self::Statuses(level)
            | Self::Deployments(level) => level == Level::Read,
        };
        reading && repo.is_some_and(|repo| repo.public)
    }
}

/// What a token that is no API token is good for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// Speaks to the REST API, for somebody.
    Api(Actor, Speaker),
    /// Registers (and removes) runners at one place.
    Registration(Place),
    /// Removes runners at one place.
    Removal(Place),
    /// Fetches OIDC tokens for one job.
    IdToken(JobId),
}

/// One token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) purpose: Purpose,
    pub(crate) expires_at: Option<OffsetDateTime>,
}

/// All tokens that were ever given out.
#[derive(Default)]
pub(crate) struct Tokens(HashMap<String, Token>);

impl Tokens {
    /// Gives out a token whose text begins with `prefix`, as GitHub's do (`ghs_`, `github_pat_`).
    pub(crate) fn mint(&mut self, prefix: &str, purpose: Purpose, expires_at: Option<OffsetDateTime>) -> String {
        let text = format!("{prefix}{}", Uuid::new_v4().simple());
        self.0.insert(text.clone(), Token { purpose, expires_at });
        text
    }

    /// The token, if it was given out and has not ended.
    pub(crate) fn get(&self, text: &str, now: OffsetDateTime) -> Option<&Token> {
        self.0.get(text).filter(|token| token.expires_at.is_none_or(|end| now < end))
    }
}

#[cfg(test)]
mod tests {
    use super::{Actor, Denied, Grant, Level, Place, Reach, Repo, Right};

    fn repo() -> Repo {
        Repo {
            id: 4242,
            owner: "octo".to_owned(),
            owner_id: 77,
            name: "demo".to_owned(),
            public: false,
            subject: super::super::directory::SubjectForm::Classic,
        }
    }

    fn grant(permission: &str, level: Level, reach: Reach) -> Grant {
        Grant { owner_id: 77, permissions: [(permission.to_owned(), level)].into(), reach }
    }

    #[test]
    fn rights_at_each_place_ask_for_the_documented_permission() {
        let classic = |scope: &str| Actor::Classic([scope.to_owned()].into());
        let (place, write) = (Place::Repo(4242), Right::Runners(Level::Write));
        let cases = [
            (classic("repo"), place, Ok(())),
            (classic("admin:org"), place, Err(Denied::Invisible)),
            (classic("admin:org"), Place::Org(77), Ok(())),
            (classic("repo"), Place::Org(77), Err(Denied::Forbidden)),
            (classic("manage_runners:enterprise"), Place::Enterprise(1), Ok(())),
            (Actor::Installation(grant("administration", Level::Write, Reach::All)), place, Ok(())),
            (Actor::Installation(grant("administration", Level::Read, Reach::All)), place, Err(Denied::Forbidden)),
            (
                Actor::FineGrained(grant("administration", Level::Write, Reach::Selected([1].into()))),
                place,
                Err(Denied::Invisible),
            ),
            (Actor::Job(grant("actions", Level::Write, Reach::All)), place, Err(Denied::Forbidden)),
            (
                Actor::Installation(grant("organization_self_hosted_runners", Level::Write, Reach::All)),
                Place::Org(77),
                Ok(()),
            ),
            (
                Actor::Installation(grant("organization_self_hosted_runners", Level::Write, Reach::All)),
                Place::Org(78),
                Err(Denied::Invisible),
            ),
            (
                Actor::Installation(grant("administration", Level::Write, Reach::All)),
                Place::Enterprise(1),
                Err(Denied::Forbidden),
            ),
        ];
        for (actor, place, expected) in cases {
            let repo = repo();
            let repo = matches!(place, Place::Repo(_)).then_some(&repo);
            assert_eq!(actor.check(place, repo, write), expected, "{actor:?} at {place:?}");
        }
    }
}
