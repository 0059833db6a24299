//! Issues, pull requests and comments, as people make them.

use serde_json::Value;
use time::OffsetDateTime;

use crate::github::GitHub;
use crate::github::event::{self, CommentAction};
use crate::github::issue::{Comment, CommentId, Issue, IssueId, Origin, Pull, Standing};
use crate::github::people::Speaker;
use crate::github::state::{Draft, State};

/// A pull request to be opened.
#[derive(Clone, Debug)]
pub struct PullSpec {
    /// `OWNER/REPO` that it is for.
    pub repo: String,
    /// Login of who opens it.
    pub author: String,
    /// Its title.
    pub title: String,
    /// What its author says.
    pub body: String,
    /// Branch that is to be merged.
    pub branch: String,
    /// Where that branch is.
    pub origin: Origin,
    /// Branch that it is to be merged into.
    pub base: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// Its first commit; none: one is made up.
    pub sha: Option<String>,
}

impl PullSpec {
    /// From the branch `topic` of the repository itself.
    pub fn of(repo: &str, author: &str) -> Self {
        Self {
            repo: repo.to_owned(),
            author: author.to_owned(),
            title: "Change something".to_owned(),
            body: String::new(),
            branch: "topic".to_owned(),
            origin: Origin::Here,
            base: "main".to_owned(),
            draft: false,
            sha: None,
        }
    }

    /// The same from a fork.
    pub fn from_fork(repo: &str, author: &str) -> Self {
        let name = repo.split('/').next_back().unwrap_or(repo);
        Self { origin: Origin::Fork(format!("{author}/{name}")), ..Self::of(repo, author) }
    }
}

impl State {
    /// The number of a repository that a test names.
    pub(crate) fn repo_called(&self, full_name: &str) -> u64 {
        let (owner, name) = full_name.split_once('/').expect("a repository is written OWNER/REPO");
        self.directory.repo(owner, name).expect("the repository was added before").id
    }

    /// Opens a pull request as a person does.
    pub(crate) fn open_pull(&mut self, spec: PullSpec, now: OffsetDateTime) -> IssueId {
        let repo = self.repo_called(&spec.repo);
        let sha = self.add_commit(repo, spec.sha.as_deref(), &spec.author, now);
        let pull = Pull { draft: spec.draft, ..Pull::from_commit(sha, spec.branch, spec.origin, spec.base) };
        let draft = Draft { title: spec.title, body: spec.body, author: spec.author, pull: Some(pull) };
        self.open(repo, draft, now)
    }

    /// Makes a commit and puts it on top of a pull request. `None`: it is no pull request.
    pub(crate) fn push_new(&mut self, id: IssueId, sha: Option<&str>, now: OffsetDateTime) -> Option<String> {
        let author = self.issues.get(&id)?.author.clone();
        let sha = self.add_commit(id.repo, sha, &author, now);
        self.push(id, &sha, now).then_some(sha)
    }
}

impl GitHub {
    /// Opens a pull request.
    ///
    /// # Panics
    /// Where there is no such repository.
    pub fn open_pull(&self, spec: PullSpec) -> IssueId {
        self.hub.change(|state, now| state.open_pull(spec, now))
    }

    /// Opens an issue that is no pull request.
    ///
    /// # Panics
    /// Where there is no such repository.
    pub fn open_issue(&self, repo: &str, author: &str, title: &str) -> IssueId {
        let draft = Draft { title: title.to_owned(), body: String::new(), author: author.to_owned(), pull: None };
        self.hub.change(|state, now| {
            let repo = state.repo_called(repo);
            state.open(repo, draft, now)
        })
    }

    /// Pushes a commit onto a pull request; answers with its number.
    ///
    /// # Panics
    /// Where there is no such pull request.
    pub fn push(&self, pull: IssueId) -> String {
        let sha = self.hub.change(|state, now| state.push_new(pull, None, now));
        sha.expect("the pull request was opened before")
    }

    /// Pushes this commit, with the committer's date that it claims to have: anything, as with git.
    ///
    /// # Panics
    /// Where there is no such pull request.
    pub fn push_commit(&self, pull: IssueId, sha: &str, committed_at: OffsetDateTime) {
        let pushed = self.hub.change(|state, now| {
            let author = state.issues.get(&pull)?.author.clone();
            state.add_commit(pull.repo, Some(sha), &author, committed_at);
            state.push(pull, sha, now).then_some(())
        });
        pushed.expect("the pull request was opened before");
    }

    /// Closes an issue or a pull request without merging it.
    pub fn close(&self, issue: IssueId) {
        self.hub.change(|state, now| state.close(issue, now));
    }

    /// Merges a pull request.
    pub fn merge(&self, pull: IssueId) {
        self.hub.change(|state, now| state.merge(pull, now));
    }

    /// Opens it again, unless it was merged.
    pub fn reopen(&self, issue: IssueId) {
        self.hub.change(|state, now| state.reopen(issue, now));
    }

    /// Locks the conversation.
    pub fn lock(&self, issue: IssueId) {
        self.change_issue(issue, |issue| issue.locked = true);
    }

    /// Changes whether a pull request is a draft.
    pub fn set_draft(&self, pull: IssueId, draft: bool) {
        self.change_pull(pull, |pull| pull.draft = draft);
    }

    /// Changes how a pull request stands to its base.
    pub fn set_standing(&self, pull: IssueId, standing: Standing) {
        self.change_pull(pull, |pull| pull.standing = standing);
    }

    /// Deletes the fork that a pull request comes from.
    pub fn delete_fork(&self, pull: IssueId) {
        self.change_pull(pull, |pull| {
            if let Origin::Fork(name) = &pull.origin {
                pull.origin = Origin::DeletedFork(name.clone());
            }
        });
    }

    fn change_issue(&self, issue: IssueId, change: impl FnOnce(&mut Issue)) {
        self.model(|state| state.issues.get_mut(&issue).map(change));
    }

    fn change_pull(&self, pull: IssueId, change: impl FnOnce(&mut Pull)) {
        self.change_issue(pull, |issue| {
            issue.pull.as_mut().map(change);
        });
    }

    /// All issues and pull requests.
    pub fn issues(&self) -> Vec<Issue> {
        self.hub.read(|state| state.issues.values().cloned().collect())
    }

    /// One issue or pull request.
    pub fn issue(&self, id: IssueId) -> Option<Issue> {
        self.hub.read(|state| state.issues.get(&id).cloned())
    }

    /// Comments as a user does in the browser, whatever their role.
    ///
    /// # Panics
    /// Where there is no such issue or user.
    pub fn comment(&self, issue: IssueId, login: &str, body: &str) -> CommentId {
        let speaker = Speaker::User(login.to_owned());
        let added = self.hub.change(|state, now| state.add_comment(issue, &speaker, body.to_owned(), now));
        added.expect("the issue and the user were added before")
    }

    /// Edits a comment as its author does in the browser.
    ///
    /// # Panics
    /// Where there is no such comment.
    pub fn edit_comment(&self, comment: CommentId, body: &str) {
        let edited = self.hub.change(|state, now| state.edit_comment(comment, body.to_owned(), now));
        edited.expect("the comment was written before");
    }

    /// Deletes a comment.
    pub fn delete_comment(&self, comment: CommentId) {
        self.model(|state| state.comments.remove(&comment));
    }

    /// The comments of an issue, oldest first.
    pub fn comments(&self, issue: IssueId) -> Vec<Comment> {
        self.hub.read(|state| state.comments_of(issue).cloned().collect())
    }

    /// The payload of the webhook `issue_comment`, which a workflow finds at `GITHUB_EVENT_PATH`.
    ///
    /// # Panics
    /// Where there is no such comment.
    pub fn event_of(&self, comment: CommentId, action: CommentAction) -> Value {
        let payload = self.hub.read(|state| event::issue_comment(state, comment, action, &self.hub.url));
        payload.expect("the comment was written before")
    }
}
