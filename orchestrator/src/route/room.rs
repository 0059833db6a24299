//! How much a load balancer takes, and how much of it is used: told before it hurts.

use super::RouteError;
use crate::alb::{Alb, Limits, Listener};
use crate::aws::{AwsError, AwsErrorKind};

/// From here on it is told: so many of a hundred.
const WARN_FROM: usize = 90;

/// What a load balancer has of what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Rules of all its listeners, default rules not counted.
    pub rules: usize,
    /// Target groups that its rules forward to.
    pub target_groups: usize,
    /// How many it takes.
    pub limits: Limits,
}

impl Room {
    /// Counts.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn of(alb: &Alb, listener: &Listener) -> Result<Self, AwsError> {
        let limits = match alb.describe_account_limits().await {
            // A right that only this needs: AWS's default is a good guess.
            Err(fault) if fault.kind == AwsErrorKind::Refused => Limits::default(),
            answer => answer?,
        };
        let target_groups = alb.describe_target_groups(Some(&listener.load_balancer)).await?.len();
        let mut rules = 0;
        for one in alb.describe_listeners(&listener.load_balancer).await? {
            rules += alb.describe_rules(&one.arn).await?.iter().filter(|rule| rule.priority.is_some()).count();
        }
        Ok(Self { rules, target_groups, limits })
    }

    /// Routes that still fit.
    pub fn left(&self) -> usize {
        let rules = self.limits.rules.saturating_sub(self.rules);
        rules.min(self.limits.target_groups.saturating_sub(self.target_groups))
    }

    /// Whether one more fits.
    ///
    /// # Errors
    /// What is full, with the fix.
    pub fn check(&self) -> Result<(), RouteError> {
        if self.target_groups >= self.limits.target_groups {
            return Err(RouteError::Full {
                what: "target groups",
                used: self.target_groups,
                limit: self.limits.target_groups,
                fix: "end previews (`mayfly reap`), or use a listener of another load balancer: AWS does not raise this limit",
            });
        }
        if self.rules >= self.limits.rules {
            return Err(RouteError::Full {
                what: "rules",
                used: self.rules,
                limit: self.limits.rules,
                fix: "end previews (`mayfly reap`), or raise the quota `rules-per-application-load-balancer`",
            });
        }
        Ok(())
    }

    /// What to say while there still is room, but little.
    pub fn warning(&self) -> Option<String> {
        let near = |used: usize, limit: usize| used * 100 >= limit * WARN_FROM;
        let Self { rules, target_groups, limits } = self;
        (near(*target_groups, limits.target_groups) || near(*rules, limits.rules)).then(|| {
            format!(
                "the load balancer has {target_groups} of {} target groups and {rules} of {} rules: room for {} more previews",
                limits.target_groups,
                limits.rules,
                self.left()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::alb::Limits;

    fn room(rules: usize, target_groups: usize, limit: usize) -> Room {
        Room { rules, target_groups, limits: Limits { rules: limit, target_groups: 100 } }
    }

    #[test]
    fn full_load_balancer_is_refused_by_what_it_is_full_of() {
        let fault = |room: Room| room.check().expect_err("full").to_string();
        assert_eq!(fault(room(50, 100, 100)), "the load balancer has 100 of 100 target groups");
        assert_eq!(fault(room(100, 99, 100)), "the load balancer has 100 of 100 rules");
        assert!(room(99, 99, 100).check().is_ok());
        assert!(room(150, 99, 200).check().is_ok(), "a raised quota counts");
    }

    #[test]
    fn little_room_is_told_with_what_is_left() {
        assert_eq!(room(89, 89, 100).warning(), None);
        let told = room(20, 90, 100).warning().expect("a warning");
        assert!(told.ends_with("room for 10 more previews"), "{told}");
        assert_eq!(room(95, 20, 100).left(), 5);
        assert_eq!(room(120, 20, 100).left(), 0);
    }
}
