//! Reactions: how a command is told that it was seen.

use serde_json::json;

use super::client::Call;
use super::{CommentId, GitHub, GitHubError};

/// What is said with a reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Seen.
    Eyes,
    /// Done.
    Rocket,
    /// Not understood, or refused.
    Confused,
}

impl Reaction {
    /// GitHub's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eyes => "eyes",
            Self::Rocket => "rocket",
            Self::Confused => "confused",
        }
    }
}

impl GitHub {
    /// Reacts to a comment. One that is there already stays the only one.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn react(&self, comment: CommentId, reaction: Reaction) -> Result<(), GitHubError> {
        let path = self.repo_path(&format!("issues/comments/{comment}/reactions"))?;
        self.call(Call::state(path, json!({ "content": reaction.name() }).to_string())).await.map(|_| ())
    }
}
