//! The payload of `issue_comment`: who said what where, or why it is nobody's command.

use std::fmt;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::Value;

use crate::github::CommentId;
use crate::stamp;

/// What a payload holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person's new comment at a pull request.
    Comment(CommentEvent),
    /// Something that can be no command, and why.
    Ignored(Ignored),
}

/// A person's new comment at a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentEvent {
    /// `OWNER/REPO`.
    pub repository: String,
    /// The pull request's number.
    pub pull: u64,
    /// GitHub's number of the comment.
    pub comment: CommentId,
    /// Who wrote it.
    pub author: String,
    /// Its text: whatever a stranger likes.
    pub body: String,
    /// When it was written, by GitHub's clock.
    pub created: SystemTime,
}

/// Why a payload is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// A comment was edited or deleted. An edit would let a text become a command after it was read.
    NotCreated(String),
    /// It stands at an issue.
    NotAPullRequest,
    /// A program wrote it, or a person through one.
    NotAPerson(String),
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCreated(action) => write!(f, "the comment was {action}, and only new ones can be commands"),
            Self::NotAPullRequest => f.write_str("the comment stands at an issue, not at a pull request"),
            Self::NotAPerson(login) => write!(f, "the comment comes from a program: {login}"),
        }
    }
}

#[derive(Deserialize)]
struct Payload {
    action: String,
    issue: Issue,
    comment: Comment,
    repository: Repository,
    sender: Account,
}

#[derive(Deserialize)]
struct Issue {
    number: u64,
    pull_request: Option<Value>,
}

#[derive(Deserialize)]
struct Comment {
    id: CommentId,
    body: String,
    user: Option<Account>,
    created_at: String,
    performed_via_github_app: Option<Value>,
}

#[derive(Deserialize)]
struct Account {
    login: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

impl Account {
    /// Organisations, bots and mannequins do not type. An account of no kind is not trusted to be a person.
    fn is_person(&self) -> bool {
        self.kind.as_deref() == Some("User") && !self.login.ends_with("[bot]")
    }
}

/// Reads the payload.
///
/// # Errors
/// Where it is none of `issue_comment`, with what is missing.
pub fn read(payload: &str) -> Result<Event, String> {
    let refuse =
        |fault: String| format!("the event is not a payload of issue_comment: {fault}; run it on issue_comment");
    let payload: Payload = serde_json::from_str(payload).map_err(|fault| refuse(fault.to_string()))?;
    if payload.action != "created" {
        return Ok(Event::Ignored(Ignored::NotCreated(payload.action)));
    }
    if payload.issue.pull_request.is_none() {
        return Ok(Event::Ignored(Ignored::NotAPullRequest));
    }
    let Some(author) = person(&payload) else {
        return Ok(Event::Ignored(Ignored::NotAPerson(payload.sender.login)));
    };
    let created = stamp::parse(&payload.comment.created_at)
        .ok_or_else(|| refuse(format!("\"{}\" is not a time", payload.comment.created_at)))?;
    Ok(Event::Comment(CommentEvent {
        repository: payload.repository.full_name,
        pull: payload.issue.number,
        comment: payload.comment.id,
        author,
        body: payload.comment.body,
        created,
    }))
}

/// Who wrote it, where it is the one who sent it and no program stands between.
fn person(payload: &Payload) -> Option<String> {
    let user = payload.comment.user.as_ref()?;
    let direct = payload.comment.performed_via_github_app.is_none() && user.login == payload.sender.login;
    (direct && user.is_person() && payload.sender.is_person()).then(|| user.login.clone())
}

#[cfg(test)]
mod tests;
