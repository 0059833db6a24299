//! A preview's route through an application load balancer: one target group and one rule for each slot, whatever is launched
//! in it, so that the URL stays over pushes.
//!
//! Reading order: [`names`] (what they are called), [`judge`] (pure decisions about what is there), [`room`] (how much fits),
//! `ensure`, `targets` and [`removal`] (the executors). Each call may be repeated: a process that was killed anywhere leaves
//! nothing that the next one would not adopt or remove.

mod ensure;
pub mod error;
pub mod judge;
pub mod names;
pub mod removal;
pub mod room;
mod targets;

use std::time::Duration;

pub use error::RouteError;
pub use names::{Band, Host};
pub use removal::{Removed, RouteParts};
pub use room::Room;

use contract::tags;

use crate::alb::{HealthCheck, ListenerArn, RuleArn, Tags, TargetGroupArn, TargetType};
use crate::model::Place;
use crate::preview::slot::Slot;

/// Whose route it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteOwner {
    /// Account, region and cluster.
    pub place: Place,
    /// The pull request.
    pub slot: Slot,
}

impl RouteOwner {
    /// The tags by which its objects are known again.
    pub fn tags(&self) -> Tags {
        let pairs = [
            (tags::KIND, tags::KIND_PREVIEW.to_owned()),
            (tags::PLACE, self.place.to_string()),
            (tags::REPO, self.slot.repo.clone()),
            (tags::PR, self.slot.pr.to_string()),
        ];
        pairs.map(|(key, value)| (key.to_owned(), value)).into()
    }

    /// Whether an object with these tags is its own. GitHub's names do not differ by case.
    pub fn owns(&self, found: &Tags) -> bool {
        self.tags().iter().all(|(key, value)| found.get(key).is_some_and(|found| found.eq_ignore_ascii_case(value)))
    }
}

/// A route to make or to keep.
#[derive(Clone, Debug)]
pub struct RouteSpec {
    /// Whose it is.
    pub owner: RouteOwner,
    /// Where it is made.
    pub listener: ListenerArn,
    /// Its host.
    pub host: Host,
    /// What its targets are.
    pub target_type: TargetType,
    /// How their health is found out.
    pub health: HealthCheck,
    /// Priorities that its rule may have.
    pub band: Band,
    /// How long a target that was taken out finishes what it has.
    pub drain: Duration,
    /// Tags besides those that tell whose it is.
    pub tags: Tags,
}

impl RouteSpec {
    /// All its tags.
    pub fn all_tags(&self) -> Tags {
        let mut all = self.tags.clone();
        all.extend(self.owner.tags());
        all
    }
}

/// A route that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its address.
    pub url: String,
    /// Its host.
    pub host: Host,
    /// Its rule.
    pub rule: RuleArn,
    /// Its rule's priority.
    pub priority: u32,
    /// Its target group.
    pub target_group: TargetGroupArn,
}

#[cfg(test)]
mod tests;
