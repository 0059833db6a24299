//! Who somebody is, and what they may do where.

use super::State;
use crate::github::app::App;
use crate::github::directory::Repo;
use crate::github::issue::{Issue, Pull};
use crate::github::people::{ACTIONS_BOT, Access, Membership, OCTOCAT, Role, Speaker, User};

impl State {
    /// The account of a login: a user, an App's bot, or the bot of workflows.
    pub(crate) fn user(&self, login: &str) -> Option<User> {
        if login.eq_ignore_ascii_case(ACTIONS_BOT) {
            return Some(User::actions_bot());
        }
        let bots = self.apps.iter().map(|app| User::bot_of(app.id, &app.slug));
        self.people.find(login).cloned().or_else(|| bots.into_iter().find(|bot| bot.is_called(login)))
    }

    /// The account that a token speaks for.
    pub(crate) fn account_of(&self, speaker: &Speaker) -> Option<User> {
        match speaker {
            Speaker::User(login) => self.user(login),
            Speaker::App(id) => self.app(*id).map(|app| User::bot_of(app.id, &app.slug)),
            Speaker::Workflow => Some(User::actions_bot()),
        }
    }

    pub(crate) fn app(&self, id: u64) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    /// What somebody may do in a repository. `None`: nobody gave them anything there.
    pub(crate) fn role(&self, repo: &Repo, login: &str) -> Option<Role> {
        if let Some(role) = self.people.role(repo.id, login) {
            return Some(role.clone());
        }
        if login.eq_ignore_ascii_case(OCTOCAT) {
            return Some(Access::Admin.into());
        }
        // What organisations give to all of their members unless they say otherwise.
        let member = self.people.membership(repo.owner_id, login).is_some();
        (member || (repo.public && self.user(login).is_some())).then(|| Access::Read.into())
    }

    pub(crate) fn access(&self, repo: &Repo, login: &str) -> Access {
        self.role(repo, login).map_or(Access::None, |role| role.access)
    }

    /// `author_association`, with the flaw that the real one has: a private member counts as an outsider.
    pub(crate) fn association(&self, repo: &Repo, login: &str) -> &'static str {
        let merged = |issue: &Issue| {
            issue.id.repo == repo.id && issue.author == login && issue.pull.as_ref().is_some_and(Pull::is_merged)
        };
        if self.people.membership(repo.owner_id, login) == Some(Membership::Public) {
            return "MEMBER";
        }
        if self.people.role(repo.id, login).is_some_and(|role| role.access != Access::None) {
            return "COLLABORATOR";
        }
        if self.issues.values().any(merged) { "CONTRIBUTOR" } else { "NONE" }
    }
}
