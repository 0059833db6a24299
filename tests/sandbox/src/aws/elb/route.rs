//! Where a request goes: rules in their order, then a target of the group.

use std::net::SocketAddr;
use std::sync::Arc;

use super::condition;
use super::rule::{RoutingRule, RuleAction};
use super::target::{Health, Target};
use super::{Elb, balancer};
use crate::aws::shared::Shared;

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    To(SocketAddr),
    Fixed { status: u16, content_type: String, body: String },
    NoTarget,
}

/// Lets requests be routed by the rules as they are now, after the delay that edits have.
pub(super) fn publish(shared: &Arc<Shared>, elb: &mut Elb) {
    let delay = shared.pace().rule_delay;
    if delay.is_zero() {
        elb.routed.clone_from(&elb.rules);
        return;
    }
    let shared = Arc::downgrade(shared);
    tokio::spawn(async move {
        tokio::time::sleep(delay).await;
        let Some(shared) = shared.upgrade() else { return };
        let elb = &mut shared.state().elb;
        elb.routed.clone_from(&elb.rules);
    });
}

impl Elb {
    /// The way of a request for this host. The port of the sandbox stands for both listeners: HTTPS comes first.
    pub(super) fn way(&mut self, host: &str) -> Way {
        let Some(rule) = self.rule_for(host) else {
            let body = balancer::NOTHING_HERE.to_owned();
            return Way::Fixed { status: 404, content_type: "text/plain".to_owned(), body };
        };
        match rule.action.clone() {
            RuleAction::Fixed { status, content_type, body } => Way::Fixed { status, content_type, body },
            RuleAction::Forward(group) => {
                self.turn += 1;
                let targets = self.group(&group).map(|group| group.targets.as_slice()).unwrap_or_default();
                choose(targets, self.turn).map_or(Way::NoTarget, |target| Way::To(target.address()))
            }
        }
    }

    fn rule_for(&self, host: &str) -> Option<&RoutingRule> {
        let order = |rule: &&RoutingRule| {
            (self.balancer.listeners.iter().position(|listener| listener.arn == rule.listener), rule.priority)
        };
        self.routed.iter().filter(|rule| condition::is_for(&rule.hosts, host)).min_by_key(order)
    }
}

/// Healthy targets by turns. Where all are ill, all are tried: that is what "fail open" means.
fn choose(targets: &[Target], turn: usize) -> Option<&Target> {
    let healthy: Vec<&Target> = targets.iter().filter(|target| target.health == Health::Healthy).collect();
    let ill = |target: &&Target| matches!(target.health, Health::Unhealthy(..));
    let candidates = if healthy.is_empty() { targets.iter().filter(ill).collect() } else { healthy };
    candidates.get(turn % candidates.len().max(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::{Health, Target, choose};

    fn target(id: &str, health: Health) -> Target {
        let mut target = Target::new(id, 80, 1);
        target.health = health;
        target
    }

    #[test]
    fn healthy_targets_take_turns_and_ill_ones_are_tried_only_when_all_are() {
        let ill = || Health::Unhealthy("Target.Timeout", String::new());
        let mixed = [
            target("a", Health::Healthy),
            target("b", ill()),
            target("c", Health::Healthy),
            target("d", Health::Draining),
        ];
        let chosen: Vec<&str> = (0..4).filter_map(|turn| choose(&mixed, turn)).map(|one| one.id.as_str()).collect();
        assert_eq!(chosen, ["a", "c", "a", "c"]);
        let all_ill = [target("b", ill()), target("d", Health::Draining)];
        assert_eq!(choose(&all_ill, 1).map(|one| one.id.as_str()), Some("b"));
        assert!(choose(&[target("new", Health::Initial), target("d", Health::Draining)], 0).is_none());
    }
}
