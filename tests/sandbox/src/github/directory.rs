//! Who and what exists: organisations, enterprises, repositories, runner groups.

use contract::Scope;

/// A place that runners can belong to, by GitHub's number for it: names are case-insensitive and may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A repository's id.
    Repo(u64),
    /// An organisation's id.
    Org(u64),
    /// An enterprise's id.
    Enterprise(u64),
}

/// Which form of `sub` a repository's OIDC tokens have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectForm {
    /// `repo:octo/demo:…`
    #[default]
    Classic,
    /// `repo:octo@77/demo@4242:…`: repositories made or renamed after 2026-07-15.
    Immutable,
}

/// A repository.
#[derive(Clone, Debug)]
pub struct Repo {
    /// GitHub's number.
    pub id: u64,
    /// Login of the owner.
    pub owner: String,
    /// The owner's number.
    pub owner_id: u64,
    /// Name without the owner.
    pub name: String,
    /// Whether everybody may see it.
    pub public: bool,
    /// How its OIDC tokens name it.
    pub subject: SubjectForm,
}

impl Repo {
    /// `OWNER/NAME`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// An organisation or an enterprise.
#[derive(Clone, Debug)]
pub struct Account {
    /// GitHub's number.
    pub id: u64,
    /// Login or slug.
    pub login: String,
}

/// Which repositories may use a group's runners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// All of the place.
    All,
    /// Only those with these ids.
    Selected(Vec<u64>),
}

/// A runner group.
#[derive(Clone, Debug)]
pub struct Group {
    /// GitHub's number: 1 is the default group, 2 the one of GitHub's own machines.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Which repositories see it.
    pub visibility: Visibility,
    /// Whether public repositories may use it.
    pub allows_public: bool,
}

/// The default group of each place.
pub(crate) const DEFAULT_GROUP: u64 = 1;
/// The group of GitHub's own machines: nobody may register a runner there.
pub(crate) const HOSTED_GROUP: u64 = 2;

/// Everything that has a name.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) repos: Vec<Repo>,
    pub(crate) orgs: Vec<Account>,
    pub(crate) enterprises: Vec<Account>,
    groups: Vec<(Place, Group)>,
}

impl Directory {
    pub(crate) fn repo(&self, owner: &str, name: &str) -> Option<&Repo> {
        self.repos.iter().find(|repo| repo.owner.eq_ignore_ascii_case(owner) && repo.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn repo_by_id(&self, id: u64) -> Option<&Repo> {
        self.repos.iter().find(|repo| repo.id == id)
    }

    pub(crate) fn org(&self, login: &str) -> Option<&Account> {
        self.orgs.iter().find(|org| org.login.eq_ignore_ascii_case(login))
    }

    pub(crate) fn enterprise(&self, slug: &str) -> Option<&Account> {
        self.enterprises.iter().find(|enterprise| enterprise.login.eq_ignore_ascii_case(slug))
    }

    pub(crate) fn place(&self, scope: &Scope) -> Option<Place> {
        match scope {
            Scope::Repo { owner, repo } => self.repo(owner, repo).map(|repo| Place::Repo(repo.id)),
            Scope::Org(org) => self.org(org).map(|org| Place::Org(org.id)),
            Scope::Enterprise(slug) => self.enterprise(slug).map(|enterprise| Place::Enterprise(enterprise.id)),
        }
    }

    pub(crate) fn add_group(&mut self, place: Place, group: Group) {
        self.groups.push((place, group));
    }

    /// The groups of a place. Each has a default one, and organisations and enterprises one for GitHub's own machines.
    pub(crate) fn groups(&self, place: Place) -> Vec<Group> {
        let built_in =
            |id, name: &str| Group { id, name: name.to_owned(), visibility: Visibility::All, allows_public: true };
        let own = self.groups.iter().filter(|(of, _)| *of == place).map(|(_, group)| group.clone());
        let mut groups = vec![built_in(DEFAULT_GROUP, "Default")];
        if !matches!(place, Place::Repo(_)) {
            groups.push(built_in(HOSTED_GROUP, "GitHub Actions"));
        }
        groups.extend(own);
        groups
    }

    pub(crate) fn group(&self, place: Place, id: u64) -> Option<Group> {
        self.groups(place).into_iter().find(|group| group.id == id)
    }

    /// Whether a repository may use runners that a place holds in a group.
    pub(crate) fn may_use(&self, repo: &Repo, place: Place, group: u64) -> bool {
        let belongs = match place {
            Place::Repo(id) => return id == repo.id,
            Place::Org(id) => id == repo.owner_id,
            // The sandbox has one enterprise at most that matters: all organisations belong to it.
            Place::Enterprise(_) => true,
        };
        let Some(group) = self.group(place, group) else { return false };
        let visible = match &group.visibility {
            Visibility::All => true,
            Visibility::Selected(repos) => repos.contains(&repo.id),
        };
        belongs && visible && (group.allows_public || !repo.public)
    }
}
