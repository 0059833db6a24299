//! Issues, pull requests, commits, comments and reactions: opened, pushed to, closed, written.

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::State;
use crate::github::directory::Repo;
use crate::github::issue::{
    Comment, CommentId, Commit, Emotion, Issue, IssueId, IssueState, Origin, Pull, Reaction, Standing,
};
use crate::github::people::{OCTOCAT, Speaker};

/// The commit at the head of the default branch of every repository.
pub(crate) const MAIN_SHA: &str = "0123456789abcdef0123456789abcdef01234567";
/// The shortest beginning of a commit's number that stands for it.
const SHORTEST_SHA: usize = 4;

impl State {
    /// Adds an issue, or a pull request with one commit.
    pub(crate) fn open(&mut self, repo: u64, draft: Draft, now: OffsetDateTime) -> IssueId {
        let number = self.issues.keys().filter(|id| id.repo == repo).map(|id| id.number).max().unwrap_or(0) + 1;
        let id = IssueId { repo, number };
        let key = self.fresh_id();
        let issue = Issue {
            id,
            title: draft.title,
            body: draft.body,
            author: draft.author,
            state: IssueState::Open,
            locked: false,
            created_at: now,
            updated_at: now,
            closed_at: None,
            pull: draft.pull,
            key,
        };
        self.issues.insert(id, issue);
        id
    }

    /// Adds a commit that the repository knows from then on; answers with its number.
    pub(crate) fn add_commit(&mut self, repo: u64, sha: Option<&str>, author: &str, at: OffsetDateTime) -> String {
        let count = self.fresh_id();
        let sha = sha.map_or_else(|| made_up_sha(repo, count), str::to_owned);
        let message = format!("Change number {count}");
        self.commits.push(Commit { repo, sha: sha.clone(), author: author.to_owned(), message, at });
        sha
    }

    /// Puts a commit on top of a pull request. False: it is no pull request.
    pub(crate) fn push(&mut self, id: IssueId, sha: &str, now: OffsetDateTime) -> bool {
        let Some((issue, pull)) = self.pull_mut(id) else { return false };
        pull.commits.push(sha.to_owned());
        pull.pushed_at = Some(now);
        *issue = now;
        true
    }

    /// A pull request's `updated_at` and what it has beyond an issue.
    fn pull_mut(&mut self, id: IssueId) -> Option<(&mut OffsetDateTime, &mut Pull)> {
        let issue = self.issues.get_mut(&id)?;
        Some((&mut issue.updated_at, issue.pull.as_mut()?))
    }

    pub(crate) fn close(&mut self, id: IssueId, now: OffsetDateTime) {
        if let Some(issue) = self.issues.get_mut(&id).filter(|issue| issue.state == IssueState::Open) {
            issue.state = IssueState::Closed;
            issue.closed_at = Some(now);
            issue.updated_at = now;
        }
    }

    /// Opens it again. GitHub does that to nothing that was merged.
    pub(crate) fn reopen(&mut self, id: IssueId, now: OffsetDateTime) {
        let merged = |issue: &Issue| issue.pull.as_ref().is_some_and(Pull::is_merged);
        if let Some(issue) = self.issues.get_mut(&id).filter(|issue| !merged(issue)) {
            issue.state = IssueState::Open;
            issue.closed_at = None;
            issue.updated_at = now;
        }
    }

    pub(crate) fn merge(&mut self, id: IssueId, now: OffsetDateTime) {
        self.close(id, now);
        if let Some((_, pull)) = self.pull_mut(id) {
            pull.merged_at = Some(now);
        }
    }

    /// What a text that names a commit stands for: a branch, `refs/…`, a commit's number or its beginning.
    pub(crate) fn resolve(&self, repo: &Repo, reference: &str) -> Option<String> {
        let plain = reference.strip_prefix("refs/").unwrap_or(reference);
        let name = plain.strip_prefix("heads/").unwrap_or(plain);
        if name == "main" {
            return Some(MAIN_SHA.to_owned());
        }
        let pulls = self.issues.values().filter(|issue| issue.id.repo == repo.id);
        for (issue, pull) in pulls.filter_map(|issue| Some((issue, issue.pull.as_ref()?))) {
            let is_head = plain == format!("pull/{}/head", issue.id.number);
            if is_head || (pull.origin == Origin::Here && pull.branch == name) {
                return Some(pull.head().to_owned());
            }
        }
        self.find_commit(repo.id, name).map(|commit| commit.sha)
    }

    /// The commit of a number, or of the beginning of one that is no other's.
    pub(crate) fn find_commit(&self, repo: u64, text: &str) -> Option<Commit> {
        let is_hex = text.len() >= SHORTEST_SHA && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let text = text.to_ascii_lowercase();
        let mut found: Vec<Commit> =
            self.known_commits(repo).filter(|one| is_hex && one.sha.starts_with(&text)).collect();
        found.dedup_by(|one, other| one.sha == other.sha);
        if found.len() == 1 { found.pop() } else { None }
    }

    fn known_commits(&self, repo: u64) -> impl Iterator<Item = Commit> {
        let first = Commit {
            repo,
            sha: MAIN_SHA.to_owned(),
            author: OCTOCAT.to_owned(),
            message: "Begin".to_owned(),
            at: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_454),
        };
        self.commits.iter().filter(move |commit| commit.repo == repo).cloned().chain([first])
    }

    /// Adds a comment. `None`: there is no such issue.
    pub(crate) fn add_comment(
        &mut self,
        issue: IssueId,
        speaker: &Speaker,
        body: String,
        now: OffsetDateTime,
    ) -> Option<CommentId> {
        let author = self.account_of(speaker)?.login;
        let id = self.fresh_id();
        self.issues.get_mut(&issue)?.updated_at = now;
        let comment = Comment {
            id,
            issue,
            author,
            before: String::new(),
            body,
            created_at: now,
            updated_at: now,
            reactions: Vec::new(),
            app: speaker.app(),
        };
        self.comments.insert(id, comment);
        Some(id)
    }

    pub(crate) fn edit_comment(&mut self, id: CommentId, body: String, now: OffsetDateTime) -> Option<Comment> {
        let comment = self.comments.get_mut(&id)?;
        comment.before = std::mem::replace(&mut comment.body, body);
        comment.updated_at = now;
        let edited = comment.clone();
        self.issues.get_mut(&edited.issue)?.updated_at = now;
        Some(edited)
    }

    /// The comments of an issue, oldest first.
    pub(crate) fn comments_of(&self, issue: IssueId) -> impl Iterator<Item = &Comment> {
        self.comments.values().filter(move |comment| comment.issue == issue)
    }

    /// Adds a reaction. Nobody has the same one twice: then the one that is there is the answer.
    pub(crate) fn react(
        &mut self,
        comment: CommentId,
        user: &str,
        content: Emotion,
        now: OffsetDateTime,
    ) -> Option<(Reaction, Reacted)> {
        let id = self.fresh_id();
        let comment = self.comments.get_mut(&comment)?;
        let same = |reaction: &&Reaction| reaction.user == user && reaction.content == content;
        if let Some(there) = comment.reactions.iter().find(same) {
            return Some((there.clone(), Reacted::Before));
        }
        let reaction = Reaction { id, user: user.to_owned(), content, created_at: now };
        comment.reactions.push(reaction.clone());
        Some((reaction, Reacted::Now))
    }
}

/// Whether a reaction is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reacted {
    Now,
    Before,
}

/// What opens an issue.
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) author: String,
    pub(crate) pull: Option<Pull>,
}

impl Pull {
    /// A pull request whose first commit is this one.
    pub(crate) fn from_commit(sha: String, branch: String, origin: Origin, base: String) -> Self {
        Self {
            branch,
            origin,
            commits: vec![sha],
            base,
            draft: false,
            standing: Standing::UpToDate,
            merged_at: None,
            pushed_at: None,
        }
    }
}

fn made_up_sha(repo: u64, count: u64) -> String {
    let hash = Sha256::digest(format!("{repo}/{count}"));
    hash.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}
