//! Users, and what they are where.

use crate::github::GitHub;
use crate::github::people::{Membership, Role, User};

/// Numbers of users that were made up begin here.
pub(crate) const FIRST_USER: u64 = 10_000_000;

impl GitHub {
    /// Adds a user, or finds the one of that name. A login that ends in `[bot]` makes a bot.
    pub fn add_user(&self, login: &str) -> User {
        self.model(|state| {
            let id = FIRST_USER + state.fresh_id();
            state.people.add(User::of(id, login));
            state.user(login).expect("a user that was just added is there")
        })
    }

    /// Makes a user a member of an organisation.
    ///
    /// # Panics
    /// Where there is no such organisation.
    pub fn set_member(&self, org: &str, login: &str, membership: Membership) {
        self.model(|state| {
            let org = state.directory.org(org).expect("the organisation of a member was added before").id;
            state.people.forget_member(org, login);
            state.people.set_member(org, login, membership);
        });
    }

    /// Lets a user leave an organisation.
    ///
    /// # Panics
    /// Where there is no such organisation.
    pub fn forget_member(&self, org: &str, login: &str) {
        self.model(|state| {
            let org = state.directory.org(org).expect("the organisation of a member was added before").id;
            state.people.forget_member(org, login);
        });
    }

    /// Gives a user a role in a repository, `OWNER/NAME`. [`Access::None`](super::super::Access::None) makes GitHub say
    /// so; who was never given a role in a private repository is not found there.
    ///
    /// # Panics
    /// Where there is no such repository.
    pub fn set_role(&self, repo: &str, login: &str, role: impl Into<Role>) {
        let role = role.into();
        self.model(|state| {
            let id = state.repo_called(repo);
            state.people.set_role(id, login, role);
        });
    }
}
