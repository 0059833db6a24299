//! Issues and pull requests, and what is said below them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// GitHub's number for a comment.
pub type CommentId = u64;

/// An issue or a pull request: they share one count in each repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueId {
    /// The repository's number.
    pub repo: u64,
    /// `#N`.
    pub number: u64,
}

/// Whether it is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueState {
    /// Not yet.
    Open,
    /// Closed or merged.
    Closed,
}

impl IssueState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// An issue, which may be a pull request.
#[derive(Clone, Debug)]
pub struct Issue {
    /// Where it is.
    pub id: IssueId,
    /// Its title.
    pub title: String,
    /// What its author wrote.
    pub body: String,
    /// Login of who opened it.
    pub author: String,
    /// Whether it is done with.
    pub state: IssueState,
    /// Whether only those who can push may comment.
    pub locked: bool,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When anything about it last changed, comments included.
    pub updated_at: OffsetDateTime,
    /// When it was closed.
    pub closed_at: Option<OffsetDateTime>,
    /// What makes it a pull request.
    pub pull: Option<Pull>,
    /// GitHub's number for it among all issues of all repositories.
    pub(crate) key: u64,
}

/// Where the head of a pull request lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the repository itself.
    Here,
    /// In a fork: its `OWNER/NAME`.
    Fork(String),
    /// In a fork that was deleted: GitHub's `head.repo` is null.
    DeletedFork(String),
}

/// How the head of a pull request stands to its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The base has nothing that the head lacks.
    UpToDate,
    /// The base moved on; a merge would work.
    Behind,
    /// The base moved on; a merge would not work. GitHub runs no workflow for the event `pull_request` then.
    Conflicting,
}

/// What a pull request has beyond an issue.
#[derive(Clone, Debug)]
pub struct Pull {
    /// Branch that it wants to be merged.
    pub branch: String,
    /// Where that branch is.
    pub origin: Origin,
    /// The commits, oldest first. Never empty: the last one is the head.
    pub commits: Vec<String>,
    /// Branch that it is to be merged into.
    pub base: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// How it stands to its base.
    pub standing: Standing,
    /// When it was merged.
    pub merged_at: Option<OffsetDateTime>,
    /// When its branch was pushed to, after it was opened.
    pub(crate) pushed_at: Option<OffsetDateTime>,
}

impl Pull {
    /// The commit at its head.
    pub fn head(&self) -> &str {
        self.commits.last().expect("a pull request has a commit from its first moment on")
    }

    pub(crate) fn is_merged(&self) -> bool {
        self.merged_at.is_some()
    }
}

/// A commit that the repository knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The repository's number.
    pub repo: u64,
    /// 40 hexadecimal digits.
    pub sha: String,
    /// Login of its author.
    pub author: String,
    /// What it says.
    pub message: String,
    /// The committer's date. Whoever makes the commit writes it: it says nothing of when it was pushed.
    pub at: OffsetDateTime,
}

/// GitHub's eight reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Emotion {
    /// 👍
    #[serde(rename = "+1")]
    Up,
    /// 👎
    #[serde(rename = "-1")]
    Down,
    /// 😄
    Laugh,
    /// 😕
    Confused,
    /// ❤️
    Heart,
    /// 🎉
    Hooray,
    /// 🚀
    Rocket,
    /// 👀
    Eyes,
}

impl Emotion {
    pub(crate) const ALL: [Self; 8] =
        [Self::Up, Self::Down, Self::Laugh, Self::Confused, Self::Heart, Self::Hooray, Self::Rocket, Self::Eyes];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Up => "+1",
            Self::Down => "-1",
            Self::Laugh => "laugh",
            Self::Confused => "confused",
            Self::Heart => "heart",
            Self::Hooray => "hooray",
            Self::Rocket => "rocket",
            Self::Eyes => "eyes",
        }
    }

    pub(crate) fn picture(self) -> &'static str {
        match self {
            Self::Up => "👍",
            Self::Down => "👎",
            Self::Laugh => "😄",
            Self::Confused => "😕",
            Self::Heart => "❤️",
            Self::Hooray => "🎉",
            Self::Rocket => "🚀",
            Self::Eyes => "👀",
        }
    }
}

/// Somebody's reaction to a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// GitHub's number.
    pub id: u64,
    /// Login of who reacted.
    pub user: String,
    /// How.
    pub content: Emotion,
    /// When.
    pub created_at: OffsetDateTime,
}

/// A comment below an issue or a pull request.
#[derive(Clone, Debug)]
pub struct Comment {
    /// GitHub's number.
    pub id: CommentId,
    /// Where it is.
    pub issue: IssueId,
    /// Login of who wrote it.
    pub author: String,
    /// What it says, in Markdown.
    pub body: String,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// When it was written or edited last.
    pub updated_at: OffsetDateTime,
    /// Reactions to it, oldest first.
    pub reactions: Vec<Reaction>,
    /// What it said before it was edited last.
    pub(crate) before: String,
    /// The App whose token wrote it.
    pub(crate) app: Option<u64>,
}
