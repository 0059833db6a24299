//! The errors of all modules under one roof: exit codes, causes, and the fix.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::time::Duration;

use crate::aws::{AwsError, AwsErrorKind};
use crate::config::ConfigError;
use crate::ecs::stopped::Explanation;
use crate::github::GitHubError;
use crate::http::HttpError;
use crate::local::LocalError;
use crate::oidc::OidcError;
use crate::reachable::Unreachable;
use crate::route::RouteError;

/// Exit codes of `mayfly`; documented in orchestrator/docs/operations.md.
pub mod exit {
    /// Something failed, and no other code says it better.
    pub const FAILED: u8 = 1;
    /// The command line cannot be understood.
    pub const USAGE: u8 = 2;
    /// GitHub refused.
    pub const GITHUB: u8 = 3;
    /// AWS refused.
    pub const AWS: u8 = 4;
    /// It took too long.
    pub const TIMED_OUT: u8 = 5;
    /// There is no such thing.
    pub const NOT_FOUND: u8 = 6;
    /// A job runs.
    pub const BUSY: u8 = 7;
    /// A guard refuses, or whoever asks may not.
    pub const REFUSED: u8 = 8;
    /// A renewal was asked for, and nobody has confirmed it.
    pub const UNCONFIRMED: u8 = 9;
    /// The settings cannot be used.
    pub const CONFIG: u8 = 64;
    /// Stopped by a signal; what was started is cleaned up.
    pub const CANCELLED: u8 = 130;
}

/// Why a command did not do what it was for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// GitHub gave no OIDC token.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// AWS refused, or did not answer.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// GitHub refused, or did not answer.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    /// The HTTP settings cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A machine of launch mode `local` could not be started or found.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// A route through a load balancer could not be made or removed.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A preview's URL did not answer.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// ECS started nothing, or what it started ended.
    #[error("{}", .0.text)]
    Ended(Explanation),
    /// The wait was over before its end.
    #[error("{what} within {}", contract::duration::format(*.limit))]
    TimedOut {
        /// What did not happen.
        what: String,
        /// How long it was waited for.
        limit: Duration,
        /// What to do.
        fix: String,
    },
    /// Nothing has this label.
    #[error("{0}")]
    NotFound(String),
    /// A job runs on it, or nobody can tell.
    #[error("{text}")]
    Busy {
        /// What is so.
        text: String,
        /// What to do.
        fix: String,
    },
    /// A guard of ours is in the way, or the answer is no.
    #[error("{text}")]
    Refused {
        /// Why.
        text: String,
        /// What to do.
        fix: String,
    },
    /// The supervisor has not said that it has taken a renewal.
    #[error("{text}")]
    Unconfirmed {
        /// What is known.
        text: String,
        /// What to do.
        fix: String,
    },
    /// A signal came.
    #[error("stopped by a signal")]
    Cancelled,
    /// Several things failed.
    #[error("{text}")]
    Several {
        /// How many of how many.
        text: String,
        /// Each.
        errors: Vec<Error>,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => exit::CONFIG,
            Self::Oidc(_) => exit::GITHUB,
            Self::GitHub(fault) if fault.refusal().is_some_and(|refusal| refusal.status < 500) => exit::GITHUB,
            Self::GitHub(_) => exit::FAILED,
            Self::Aws(fault) => match fault.kind {
                AwsErrorKind::Unavailable => exit::FAILED,
                _ => exit::AWS,
            },
            Self::Route(RouteError::Aws(fault)) if fault.kind == AwsErrorKind::Unavailable => exit::FAILED,
            Self::Route(RouteError::NotHealthy { .. }) => exit::TIMED_OUT,
            Self::Ended(_) | Self::Route(_) => exit::AWS,
            Self::TimedOut { .. } | Self::Unreachable(_) => exit::TIMED_OUT,
            Self::NotFound(_) => exit::NOT_FOUND,
            Self::Busy { .. } => exit::BUSY,
            Self::Refused { .. } => exit::REFUSED,
            Self::Unconfirmed { .. } => exit::UNCONFIRMED,
            Self::Cancelled => exit::CANCELLED,
            Self::Several { errors, .. } => errors.first().map_or(exit::FAILED, Self::exit_code),
            Self::Http(_) | Self::Local(_) | Self::Other(_) => exit::FAILED,
        }
    }

    /// What to do about it, where it is known.
    pub fn fix(&self) -> Option<String> {
        match self {
            Self::Aws(fault) => fault.fix.clone(),
            Self::Route(fault) => fault.fix(),
            Self::Unreachable(_) => Some(
                "look at the app: mayfly preview logs; check its port, its health path and the security groups"
                    .to_owned(),
            ),
            Self::Ended(explained) => explained.fix.clone(),
            Self::TimedOut { fix, .. }
            | Self::Busy { fix, .. }
            | Self::Refused { fix, .. }
            | Self::Unconfirmed { fix, .. } => Some(fix.clone()),
            Self::Oidc(OidcError::Refused { .. }) => {
                Some("check that the job has `permissions: { id-token: write }`".to_owned())
            }
            Self::Several { errors, .. } => errors.first().and_then(Self::fix),
            _ => None,
        }
    }

    /// The error with its causes, in one paragraph.
    pub fn paragraph(&self) -> String {
        let mut text = self.to_string();
        if let Self::Several { errors, .. } = self {
            for error in errors {
                let _ = write!(text, "\n  {}", error.paragraph());
            }
            return text;
        }
        let mut cause = self.source();
        while let Some(next) = cause {
            let words = next.to_string();
            // A transparent layer, or one that already quotes its cause, would say everything twice.
            if !text.contains(&words) {
                let _ = write!(text, ": {words}");
            }
            cause = next.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::exit;

    #[test]
    fn every_exit_code_stands_in_the_documentation() {
        let page = include_str!("../docs/operations.md");
        let known = [
            exit::FAILED,
            exit::USAGE,
            exit::GITHUB,
            exit::AWS,
            exit::TIMED_OUT,
            exit::NOT_FOUND,
            exit::BUSY,
            exit::REFUSED,
            exit::UNCONFIRMED,
            exit::CONFIG,
            exit::CANCELLED,
        ];
        let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse::<u8>().ok());
        let documented: Vec<u8> = rows.filter(|code| *code != 0).collect();
        assert_eq!(documented, known);
    }
}
