//! What a pull request is told of its preview: rendering and decisions, without a client.
//!
//! A [`Story`] is where one launch stands. It becomes the one comment that is edited in place ([`comment`]), a short fresh
//! one where a person waits, a deployment ([`deployment`]) and a commit status ([`status`]). What comes from strangers (log
//! lines, names of images, reasons) is shown through [`markdown`] alone. Nothing here knows what time it is, so that the same
//! story is always the same text.

pub mod certificate;
pub mod comment;
pub mod deployment;
pub mod markdown;
pub mod status;

use std::time::SystemTime;

pub use self::certificate::{Asked, Cause, Death};
pub use self::comment::{Marker, Standing};
use crate::model::{LaunchId, LaunchMode};
use crate::phases::Phase;
use crate::price::Price;

/// Where one launch stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// Which launch it is, and of what.
    pub subject: Subject,
    /// Where it stands.
    pub stage: Stage,
}

/// A launch, as far as it stays the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The pull request's number.
    pub pull: u64,
    /// The launch.
    pub launch: LaunchId,
    /// When it was asked for: of two launches the later one is what the comment tells of.
    pub created: SystemTime,
    /// The commit, in full.
    pub sha: String,
    /// The image, with its digest where that is known.
    pub image: Option<String>,
    /// Where it runs.
    pub mode: LaunchMode,
    /// Who asked for it.
    pub owner: Option<String>,
    /// What it costs; none where nothing is listed.
    pub price: Option<Price>,
    /// The task's id, once there is one.
    pub task: Option<String>,
}

/// Where a launch stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// It waits for something: what.
    Queued(String),
    /// It is being started; the phases that are over.
    Starting(Vec<Phase>),
    /// It answers at its URL.
    Ready(Live),
    /// It answers, and ends soon.
    Warning(Live),
    /// It was there and is gone.
    Ended(Death),
    /// It never came to answer.
    Failed(Death),
    /// It was not started: why, and what to do.
    Refused(String),
}

/// What is to be known of a preview that answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// Where.
    pub url: String,
    /// When it ends, unless its lease is renewed.
    pub expires: SystemTime,
    /// When it ends whatever is done.
    pub latest: Option<SystemTime>,
    /// How long each phase of its start took.
    pub boot: Vec<Phase>,
}

impl Stage {
    /// The stage's name in the marker.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Queued(_) => "queued",
            Self::Starting(_) => "starting",
            Self::Ready(_) => "ready",
            Self::Warning(_) => "warning",
            Self::Ended(_) => "ended",
            Self::Failed(_) => "failed",
            Self::Refused(_) => "refused",
        }
    }

    /// Whether nothing comes after it.
    pub const fn is_last(&self) -> bool {
        matches!(self, Self::Ended(_) | Self::Failed(_) | Self::Refused(_))
    }
}

/// The GitHub environment, and the context of the commit status, of a pull request.
pub fn environment(pull: u64) -> String {
    format!("preview/pr-{pull}")
}

#[cfg(test)]
pub(crate) mod fixture;
