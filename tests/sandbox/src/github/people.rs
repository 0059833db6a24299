//! Users and bots, what they are in organisations and repositories, and who it is that a token speaks for.

/// The user whom tokens belong to that were made for nobody else. May do everything everywhere.
pub(crate) const OCTOCAT: &str = "octocat";
/// Whom the `GITHUB_TOKEN` of a job speaks for.
pub(crate) const ACTIONS_BOT: &str = "github-actions[bot]";
/// GitHub's number of the App behind [`ACTIONS_BOT`].
pub(crate) const ACTIONS_APP: u64 = 15_368;
/// Numbers of the bots of Apps begin here, those of users below it.
const FIRST_BOT: u64 = 100_000_000;

/// What kind of account it is: GitHub's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person.
    User,
    /// An App's, or GitHub's own.
    Bot,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Bot => "Bot",
        }
    }
}

/// An account that can write comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// GitHub's number.
    pub id: u64,
    /// Its name. Those of bots end in `[bot]`.
    pub login: String,
    /// What kind it is.
    pub kind: Kind,
}

impl User {
    pub(crate) fn of(id: u64, login: &str) -> Self {
        let kind = if login.ends_with("[bot]") { Kind::Bot } else { Kind::User };
        Self { id, login: login.to_owned(), kind }
    }

    /// The bot of an App.
    pub(crate) fn bot_of(app: u64, slug: &str) -> Self {
        Self::of(FIRST_BOT + app, &format!("{slug}[bot]"))
    }

    /// The bot of workflows, with the number that it has at GitHub.
    pub(crate) fn actions_bot() -> Self {
        Self::of(41_898_282, ACTIONS_BOT)
    }

    pub(crate) fn is_called(&self, login: &str) -> bool {
        self.login.eq_ignore_ascii_case(login)
    }
}

/// How much somebody may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing.
    None,
    /// Look and comment.
    Read,
    /// Also manage issues.
    Triage,
    /// Also push.
    Write,
    /// Also manage the repository, without what is dangerous.
    Maintain,
    /// Everything.
    Admin,
}

impl Access {
    /// The name of the role that is built in for it: GitHub's `role_name`.
    pub(crate) fn role_name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// GitHub's older `permission`, which has only four values: maintain is told as write, triage as read.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read | Self::Triage => "read",
            Self::Write | Self::Maintain => "write",
            Self::Admin => "admin",
        }
    }
}

/// Somebody's role in a repository: one that is built in, or an organisation's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// GitHub's `role_name`.
    pub name: String,
    /// What it lets do.
    pub access: Access,
}

impl Role {
    /// An organisation's own role, made on top of one that is built in.
    pub fn custom(name: &str, access: Access) -> Self {
        Self { name: name.to_owned(), access }
    }
}

impl From<Access> for Role {
    fn from(access: Access) -> Self {
        Self::custom(access.role_name(), access)
    }
}

/// Whether everybody may know that somebody belongs to an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Everybody.
    Public,
    /// Only other members.
    Private,
}

/// Whom a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The user with this login.
    User(String),
    /// The App with this number.
    App(u64),
    /// A job of a workflow.
    Workflow,
}

impl Speaker {
    /// The App in `performed_via_github_app`.
    pub(crate) fn app(&self) -> Option<u64> {
        match self {
            Self::User(_) => None,
            Self::App(id) => Some(*id),
            Self::Workflow => Some(ACTIONS_APP),
        }
    }
}

/// Everybody, and what they are where.
pub(crate) struct People {
    users: Vec<User>,
    members: Vec<(u64, String, Membership)>,
    roles: Vec<(u64, String, Role)>,
}

impl Default for People {
    fn default() -> Self {
        let octocat = User::of(583_231, OCTOCAT);
        Self { users: vec![octocat], members: Vec::new(), roles: Vec::new() }
    }
}

impl People {
    pub(crate) fn find(&self, login: &str) -> Option<&User> {
        self.users.iter().find(|user| user.is_called(login))
    }

    pub(crate) fn add(&mut self, user: User) {
        if self.find(&user.login).is_none() {
            self.users.push(user);
        }
    }

    pub(crate) fn set_member(&mut self, org: u64, login: &str, membership: Membership) {
        self.members.push((org, login.to_owned(), membership));
    }

    pub(crate) fn forget_member(&mut self, org: u64, login: &str) {
        self.members.retain(|(at, member, _)| *at != org || !member.eq_ignore_ascii_case(login));
    }

    pub(crate) fn membership(&self, org: u64, login: &str) -> Option<Membership> {
        let found = self.members.iter().find(|(at, member, _)| *at == org && member.eq_ignore_ascii_case(login));
        found.map(|(_, _, membership)| *membership)
    }

    pub(crate) fn set_role(&mut self, repo: u64, login: &str, role: Role) {
        self.roles.retain(|(at, holder, _)| *at != repo || !holder.eq_ignore_ascii_case(login));
        self.roles.push((repo, login.to_owned(), role));
    }

    pub(crate) fn role(&self, repo: u64, login: &str) -> Option<&Role> {
        let found = self.roles.iter().find(|(at, holder, _)| *at == repo && holder.eq_ignore_ascii_case(login));
        found.map(|(_, _, role)| role)
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Role};

    #[test]
    fn older_permission_has_four_values_and_the_role_name_says_more() {
        let told = [Access::Maintain, Access::Triage, Access::None].map(|access| {
            let role = Role::from(access);
            (role.access.permission(), role.name)
        });
        let expected = [("write", "maintain"), ("read", "triage"), ("none", "none")];
        assert_eq!(told, expected.map(|(permission, name)| (permission, name.to_owned())));
    }
}
