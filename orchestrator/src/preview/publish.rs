//! Tells a pull request a story: reads what it was told, and writes only what that lacks.
//!
//! The order is what makes a pass that is killed halfway a pass that is repeated: what is looked up by itself (the deployment)
//! first, then the commit status, and the comment, which stands for both, last. A fault of one of them is a warning: nothing
//! here keeps a preview from being ended.

use std::str::FromStr;

use tokio::sync::OnceCell;

use super::story::comment::{self, Fresh, Standing};
use super::story::{Marker, Story, deployment, environment, status};
use crate::error::Error;
use crate::github::{Comment, CommentId, CommitStatus, GitHub, GitHubError};

/// Whether something is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Switch {
    /// It is.
    #[default]
    On,
    /// It is not, nor read.
    Off,
}

/// Where stories are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Publish {
    /// Comments.
    pub comment: Switch,
    /// Deployments.
    pub deployment: Switch,
    /// Commit statuses.
    pub status: Switch,
}

impl Publish {
    /// Nothing is told.
    pub const NOTHING: Self = Self { comment: Switch::Off, deployment: Switch::Off, status: Switch::Off };
}

impl FromStr for Publish {
    type Err = String;

    /// A list of `comment`, `deployment` and `status`, or `none`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut publish = Self::NOTHING;
        for word in text.split(',').map(str::trim).filter(|word| *word != "none") {
            match word {
                "comment" => publish.comment = Switch::On,
                "deployment" => publish.deployment = Switch::On,
                "status" => publish.status = Switch::On,
                _ => {
                    return Err(format!(
                        "\"{word}\" is no way to tell a pull request; choose of comment, deployment, status, or none"
                    ));
                }
            }
        }
        Ok(publish)
    }
}

/// What became of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is switched off.
    Off,
    /// There was nothing to write.
    Same,
    /// It was written.
    Written,
    /// What is there tells of a later launch, or of what comes after.
    LeftAlone,
    /// It failed; a warning says why.
    Failed,
}

/// What became of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The comment that is edited in place.
    pub comment: Done,
    /// The short fresh comment.
    pub fresh: Done,
    /// The deployment.
    pub deployment: Done,
    /// The commit status.
    pub status: Done,
    /// What failed, and why.
    pub warnings: Vec<String>,
}

/// Tells stories with one credential.
#[derive(Debug)]
pub struct Publisher {
    github: GitHub,
    publish: Publish,
    author: OnceCell<String>,
}

/// What was found of ours at a pull request.
struct Found {
    author: String,
    /// The comment that is edited in place.
    sticky: Option<Comment>,
    /// More of the same: two that wrote at once. They go.
    surplus: Vec<CommentId>,
    /// The fresh comment of this stage.
    fresh: Option<Comment>,
}

impl Publisher {
    /// Sends nothing.
    pub fn new(github: GitHub, publish: Publish) -> Self {
        Self { github, publish, author: OnceCell::new() }
    }

    /// With the login that the credential writes as, where that cannot be asked for.
    pub fn written_by(self, author: impl Into<String>) -> Self {
        Self { author: OnceCell::new_with(Some(author.into())), ..self }
    }

    /// What the pull request was told last.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn told(&self, pull: u64) -> Result<Option<(CommentId, Marker)>, GitHubError> {
        let found = self.find(pull, None).await?;
        Ok(found.sticky.and_then(|sticky| Some((sticky.id, Marker::find(&sticky.body)?))))
    }

    /// Answers a comment, once however often it is asked to.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn reply(&self, pull: u64, to: CommentId, text: &str) -> Result<Done, GitHubError> {
        let marker = format!("<!-- mayfly:reply {to} -->");
        let author = self.author().await?;
        let comments = self.github.comments(pull).await?;
        if comments.iter().any(|comment| is_own(comment, author, &marker)) {
            return Ok(Done::Same);
        }
        self.github.create_comment(pull, &marker, &format!("{marker}\n{text}"), author).await.map(|_| Done::Written)
    }

    /// Brings the pull request to the story.
    pub async fn tell(&self, story: &Story) -> Told {
        let mut warnings = Vec::new();
        let fresh = comment::fresh(story);
        let found = match self.publish.comment {
            Switch::Off => None,
            Switch::On => Some(self.find(story.subject.pull, fresh.as_ref()).await),
        };
        let deployment = switched(self.publish.deployment, self.deployment(story)).await;
        let deployment = settle(deployment, "the deployment", &mut warnings);
        let planned =
            found.as_ref().map_or(Done::Off, |found| found.as_ref().map_or(Done::Failed, |at| plan(at, story)));
        let wanted = status::of(story).filter(|_| wants_status(planned, deployment));
        let status = switched(self.publish.status, self.status(story, wanted)).await;
        let status = settle(status, "the commit status", &mut warnings);
        let (comment, fresh) = match found {
            None => (Done::Off, Done::Off),
            Some(Err(fault)) => {
                let failed = settle(Err(fault), "the comments", &mut warnings);
                (failed, failed)
            }
            Some(Ok(found)) => self.comments(story, planned, fresh.as_ref(), &found, &mut warnings).await,
        };
        Told { comment, fresh, deployment, status, warnings }
    }

    async fn author(&self) -> Result<&str, GitHubError> {
        self.author.get_or_try_init(|| self.github.whoami()).await.map(String::as_str)
    }

    async fn find(&self, pull: u64, fresh: Option<&Fresh>) -> Result<Found, GitHubError> {
        let author = self.author().await?.to_owned();
        let comments = self.github.comments(pull).await?;
        let own = |marker: &str| -> Vec<Comment> {
            comments.iter().filter(|comment| is_own(comment, &author, marker)).cloned().collect()
        };
        let mut sticky = own(&comment::first_line(pull)).into_iter();
        let (first, surplus) = (sticky.next(), sticky.map(|comment| comment.id).collect());
        let fresh = fresh.and_then(|fresh| own(&fresh.marker).into_iter().next());
        Ok(Found { sticky: first, surplus, fresh, author })
    }

    async fn comments(
        &self,
        story: &Story,
        planned: Done,
        fresh: Option<&Fresh>,
        found: &Found,
        warnings: &mut Vec<String>,
    ) -> (Done, Done) {
        for surplus in &found.surplus {
            if let Err(fault) = self.github.delete_comment(*surplus).await {
                settle(Err(fault), "a second comment", warnings);
            }
        }
        let written = match planned {
            Done::Written => self.write(story, found, warnings).await,
            other => Ok(other),
        };
        let comment = settle(written, "the comment", warnings);
        let told = match fresh {
            Some(fresh) if planned != Done::LeftAlone && found.fresh.is_none() => {
                let pull = story.subject.pull;
                let made = self.github.create_comment(pull, &fresh.marker, &fresh.body, &found.author).await;
                made.map(|_| Done::Written)
            }
            Some(_) if planned == Done::LeftAlone => Ok(Done::LeftAlone),
            _ => Ok(Done::Same),
        };
        (comment, settle(told, "the short comment", warnings))
    }

    async fn write(&self, story: &Story, found: &Found, warnings: &mut Vec<String>) -> Result<Done, GitHubError> {
        let body = comment::render(story);
        if let Some(sticky) = &found.sticky {
            return self.github.update_comment(sticky.id, &body).await.map(|_| Done::Written);
        }
        let pull = story.subject.pull;
        let made = self.github.create_comment(pull, &comment::first_line(pull), &body, &found.author).await?;
        if !made.is_by(&found.author) {
            let (wrote, thought) = (made.author().unwrap_or("nobody"), &found.author);
            warnings.push(format!(
                "the comment was written as {wrote}, not as {thought}: it will not be found again; name the author"
            ));
        }
        Ok(Done::Written)
    }

    async fn deployment(&self, story: &Story) -> Result<Done, GitHubError> {
        let Some(wanted) = deployment::status(story) else { return Ok(Done::Same) };
        let launch = story.subject.launch.to_string();
        let known = self.github.deployments(&environment(story.subject.pull)).await?;
        let own = known.into_iter().find(|known| known.payload(deployment::MARK).as_ref() == Some(&launch));
        let own = match (own, deployment::announce(story)) {
            (Some(own), _) => own,
            (None, Some(new)) => self.github.create_deployment(&new).await?,
            (None, None) => return Ok(Done::Same),
        };
        match self.github.last_deployment_status(own.id).await? {
            Some(last) if last == wanted => Ok(Done::Same),
            Some(last) if deployment::is_over(&last) && !deployment::is_over(&wanted) => Ok(Done::LeftAlone),
            _ => self.github.tell_deployment(own.id, &wanted).await.map(|()| Done::Written),
        }
    }

    async fn status(&self, story: &Story, wanted: Option<CommitStatus>) -> Result<Done, GitHubError> {
        match wanted {
            None => Ok(Done::Same),
            Some(status) => self.github.tell_commit(&story.subject.sha, &status).await.map(|()| Done::Written),
        }
    }
}

fn is_own(comment: &Comment, author: &str, marker: &str) -> bool {
    comment.is_by(author) && comment.body.starts_with(marker)
}

/// What is to be done about the comment.
fn plan(found: &Found, story: &Story) -> Done {
    match found.sticky.as_ref().map(|sticky| comment::judge(&sticky.body, story)) {
        None | Some(Standing::Outdated) => Done::Written,
        Some(Standing::Same) => Done::Same,
        Some(Standing::Ahead) => Done::LeftAlone,
    }
}

/// Whether the commit status is written. It is not read: a comment that says all says that it was written too.
fn wants_status(comment: Done, deployment: Done) -> bool {
    match comment {
        Done::LeftAlone => false,
        Done::Written | Done::Failed => true,
        Done::Same => deployment == Done::Written,
        Done::Off => deployment != Done::Same && deployment != Done::LeftAlone,
    }
}

async fn switched(switch: Switch, work: impl Future<Output = Result<Done, GitHubError>>) -> Result<Done, GitHubError> {
    match switch {
        Switch::On => work.await,
        Switch::Off => Ok(Done::Off),
    }
}

fn settle(result: Result<Done, GitHubError>, what: &str, warnings: &mut Vec<String>) -> Done {
    result.unwrap_or_else(|fault| {
        warnings.push(format!("{what} could not be written: {}", Error::from(fault).paragraph()));
        Done::Failed
    })
}

#[cfg(test)]
mod tests;
