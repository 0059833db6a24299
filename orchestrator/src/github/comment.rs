//! Comments of pull requests, which are issues to this part of the API.

use std::fmt;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::json;

use super::client::Call;
use super::pull::User;
use super::token::read_time;
use super::{GitHub, GitHubError};

/// GitHub's number of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct CommentId(pub u64);

impl fmt::Display for CommentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A comment.
#[derive(Clone, Debug, Deserialize)]
pub struct Comment {
    /// GitHub's number.
    pub id: CommentId,
    /// Its Markdown.
    #[serde(default)]
    pub body: String,
    /// When it was written.
    #[serde(rename = "created_at", deserialize_with = "read_time")]
    pub created: SystemTime,
    user: Option<User>,
}

impl Comment {
    /// Who wrote it; none where the account was deleted.
    pub fn author(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.login.as_str())
    }

    /// Whether `login` wrote it. GitHub does not tell logins apart by case.
    pub fn is_by(&self, login: &str) -> bool {
        self.author().is_some_and(|author| author.eq_ignore_ascii_case(login))
    }
}

impl GitHub {
    /// All comments of a pull request, oldest first.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn comments(&self, pull: u64) -> Result<Vec<Comment>, GitHubError> {
        let mut comments: Vec<Comment> = self.all(&self.repo_path(&format!("issues/{pull}/comments"))?).await?;
        // One that is removed while the pages are read moves others onto a page that was read already, and back.
        comments.sort_by_key(|comment| comment.id);
        comments.dedup_by_key(|comment| comment.id);
        Ok(comments)
    }

    /// Writes a comment. `body` begins with `marker`, by which it is found again where GitHub's answer was lost.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn create_comment(
        &self,
        pull: u64,
        marker: &str,
        body: &str,
        author: &str,
    ) -> Result<Comment, GitHubError> {
        let path = self.repo_path(&format!("issues/{pull}/comments"))?;
        let sent = json!({ "body": body }).to_string();
        let look = async || {
            let comments = self.comments(pull).await?;
            Ok(comments.into_iter().find(|comment| comment.is_by(author) && comment.body.starts_with(marker)))
        };
        self.create(|| Call::create(path.clone(), sent.clone()), look).await
    }

    /// Gives a comment another body.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn update_comment(&self, id: CommentId, body: &str) -> Result<Comment, GitHubError> {
        let path = self.repo_path(&format!("issues/comments/{id}"))?;
        self.call(Call::change(path, json!({ "body": body }).to_string())).await?.read()
    }

    /// Removes a comment. One that is gone already is no fault.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn delete_comment(&self, id: CommentId) -> Result<(), GitHubError> {
        match self.call(Call::delete(self.repo_path(&format!("issues/comments/{id}"))?)).await {
            Ok(_) | Err(GitHubError::NotFound { .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}
