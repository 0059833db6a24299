//! Why a route could not be made, used or removed, and the fix.

use std::time::Duration;

use super::Band;
use crate::alb::Target;
use crate::aws::AwsError;

/// A route that did not come to what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// AWS refused, or did not answer.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// Another rule has the host.
    #[error("host {host} is routed by rule {rule} already, which belongs to {owner}")]
    HostTaken {
        /// The host.
        host: String,
        /// The rule.
        rule: String,
        /// Whose it is, as far as its tags tell.
        owner: String,
    },
    /// Something else has our target group's name, or ours cannot become what is wanted.
    #[error("target group {name} cannot be used: {why}")]
    GroupUnusable {
        /// Its name.
        name: String,
        /// What is in the way.
        why: String,
    },
    /// The load balancer takes no more.
    #[error("the load balancer has {used} of {limit} {what}")]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// So many.
        used: usize,
        /// So many are allowed.
        limit: usize,
        /// What to do.
        fix: &'static str,
    },
    /// Each priority that previews may have is taken.
    #[error("all priorities of {0} are taken at the listener")]
    NoPriority(Band),
    /// Others changed the rules as often as we looked.
    #[error("the rules of the listener changed at each look at host {0}")]
    Restless(String),
    /// The target was not healthy in time, or cannot become so.
    #[error("target {target} is not healthy after {}: {why}", contract::duration::format(*.after))]
    NotHealthy {
        /// The target.
        target: Target,
        /// How long it was waited for.
        after: Duration,
        /// The last reason.
        why: String,
        /// What to do.
        fix: String,
    },
}

impl RouteError {
    /// What to do about it, where it is known.
    pub fn fix(&self) -> Option<String> {
        let text = match self {
            Self::Aws(fault) => return fault.fix.clone(),
            Self::NotHealthy { fix, .. } => return Some(fix.clone()),
            Self::Full { fix, .. } => *fix,
            Self::HostTaken { .. } => {
                "use another base domain for this repository, or remove that rule by hand if nobody needs it"
            }
            Self::GroupUnusable { .. } => "remove it by hand if nobody needs it, then start the preview again",
            Self::NoPriority(_) => "end previews (`mayfly reap`), or give previews a wider band of priorities",
            Self::Restless(_) => "start the preview again",
        };
        Some(text.to_owned())
    }
}
