//! Elastic Load Balancing: one load balancer of HTTP, its rules, target groups and targets, and the way of a request
//! through them.

mod balancer;
mod check;
mod condition;
mod group;
mod group_calls;
mod head;
mod probe;
pub(crate) mod proxy;
mod route;
mod rule;
mod rule_calls;
mod tags;
mod target;
mod target_calls;

use std::sync::Arc;

use serde_json::{Value, json};

use super::config::AwsConfig;
use super::query::{Fields, invalid};
use super::shared::Shared;
use super::wire::{Answer, Refusal, Request};

pub use balancer::Listener;
pub use check::{HealthCheck, Matcher};
pub use group::{TargetGroup, TargetType};
pub use rule::{RoutingRule, RuleAction};
pub use target::{Health as TargetHealth, Target};

/// What the load balancer is.
pub(crate) struct Elb {
    pub(crate) balancer: balancer::Balancer,
    /// Oldest first.
    pub(crate) groups: Vec<TargetGroup>,
    /// As the API shows them, oldest first.
    pub(crate) rules: Vec<RoutingRule>,
    /// As requests are routed.
    pub(crate) routed: Vec<RoutingRule>,
    pub(crate) rule_quota: usize,
    /// How many requests were forwarded: whose turn it is among the targets.
    turn: usize,
}

impl Elb {
    pub(crate) fn new(config: &AwsConfig) -> Self {
        Self {
            balancer: balancer::Balancer::new(config),
            groups: Vec::new(),
            rules: Vec::new(),
            routed: Vec::new(),
            rule_quota: config.load_balancer.rules,
            turn: 0,
        }
    }

    fn group(&self, arn: &str) -> Result<&TargetGroup, Refusal> {
        self.groups.iter().find(|group| group.arn == arn).ok_or_else(|| group::not_found(arn))
    }

    fn group_mut(&mut self, arn: &str) -> Result<&mut TargetGroup, Refusal> {
        self.groups.iter_mut().find(|group| group.arn == arn).ok_or_else(|| group::not_found(arn))
    }

    /// Whether a rule forwards to the group.
    fn is_used(&self, group: &str) -> bool {
        self.rules.iter().any(|rule| rule.action.group() == Some(group))
    }
}

pub(crate) fn answer(shared: &Arc<Shared>, request: &Request) -> Result<Answer, Refusal> {
    let (config, fields) = (&shared.config, Fields(&request.parameters));
    let mut state = shared.state();
    let elb = &mut state.elb;
    let members = match request.operation.as_str() {
        "CreateTargetGroup" => group_calls::create(elb, config, &fields)?,
        "ModifyTargetGroup" => group_calls::modify(elb, &fields)?,
        "ModifyTargetGroupAttributes" => group_calls::modify_attributes(elb, &fields)?,
        "DescribeTargetGroupAttributes" => group_calls::describe_attributes(elb, &fields)?,
        "DescribeTargetGroups" => group_calls::describe(elb, &fields)?,
        "DeleteTargetGroup" => group_calls::delete(elb, &fields)?,
        "RegisterTargets" => target_calls::register(shared, elb, &fields)?,
        "DeregisterTargets" => target_calls::deregister(shared, elb, &fields)?,
        "DescribeTargetHealth" => target_calls::describe(elb, &fields)?,
        "CreateRule" => rule_calls::create(shared, elb, &fields)?,
        "ModifyRule" => rule_calls::modify(shared, elb, &fields)?,
        "DeleteRule" => rule_calls::delete(shared, elb, &fields)?,
        "DescribeRules" => rule_calls::describe(elb, &fields)?,
        "DescribeListeners" => balancer::listeners(elb, &fields)?,
        "DescribeListenerCertificates" => balancer::listener_certificates(elb, &fields)?,
        "DescribeLoadBalancers" => balancer::load_balancers(elb, &fields)?,
        "DescribeAccountLimits" => balancer::limits(elb, config),
        "DescribeTags" => tags::describe(elb, &fields)?,
        "AddTags" => tags::add(elb, &fields)?,
        "RemoveTags" => tags::remove(elb, &fields)?,
        _ => return Err(request.unknown()),
    };
    drop(state);
    shared.announce();
    Ok(Answer::Members(members))
}

/// The page of a list that a call asks for, by `Marker` and `PageSize`.
fn page(fields: &Fields<'_>, name: &str, all: &[Value]) -> Result<Value, Refusal> {
    let size = fields.number("PageSize")?.unwrap_or(400);
    if !(1..=400).contains(&size) {
        return Err(invalid(format!("Page size '{size}' must be between 1 and 400")));
    }
    let refuse = || invalid("The specified marker is not valid");
    let from: usize = fields.text("Marker").map_or(Ok(0), |marker| marker.parse().map_err(|_| refuse()))?;
    let to = all.len().min(from.saturating_add(size as usize));
    let mut members = json!({ name: all.get(from..to).ok_or_else(refuse)? });
    if to < all.len() {
        members["NextMarker"] = json!(to.to_string());
    }
    Ok(members)
}
