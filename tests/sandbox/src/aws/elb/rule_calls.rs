//! The calls about rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::balancer::{Listener, default_action};
use super::rule::{self, RoutingRule, RuleAction};
use super::{Elb, condition, page, route, tags};
use crate::aws::query::{Fields, invalid};
use crate::aws::shared::Shared;
use crate::aws::wire::Refusal;

/// All under one lock: of two calls with one priority, one is refused.
pub(super) fn create(shared: &Arc<Shared>, elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let listener = elb.balancer.listener(fields.required("ListenerArn")?)?.arn.clone();
    let priority = fields.number("Priority")?.ok_or_else(|| invalid("A priority must be specified"))?;
    if !(1..=50_000).contains(&priority) {
        return Err(invalid(format!("Priority '{priority}' must be between '1' and '50000'")));
    }
    let rule = RoutingRule {
        arn: rule::arn(&listener, &Uuid::new_v4().simple().to_string()[..16]),
        hosts: condition::read(&fields.list("Conditions"))?,
        action: RuleAction::read(&fields.list("Actions"))?,
        tags: tags::read(fields)?,
        priority,
        listener,
    };
    rule.action.group().map_or(Ok(()), |group| elb.group(group).map(drop))?;
    if elb.rules.iter().any(|other| other.listener == rule.listener && other.priority == priority) {
        return Err(Refusal::client("PriorityInUse", format!("Priority '{priority}' is currently in use")));
    }
    if elb.rules.len() >= elb.rule_quota {
        return Err(Refusal::client("TooManyRules", "The maximum number of rules has been reached"));
    }
    check_groups(shared, elb.rules.iter().chain([&rule]))?;
    let described = rule.describe();
    elb.rules.push(rule);
    route::publish(shared, elb);
    Ok(json!({ "Rules": [described] }))
}

/// Refuses rules that forward to more groups than one load balancer may have.
fn check_groups<'a>(shared: &Shared, rules: impl Iterator<Item = &'a RoutingRule>) -> Result<(), Refusal> {
    let groups: BTreeSet<&str> = rules.filter_map(|rule| rule.action.group()).collect();
    let most = shared.config.load_balancer.unique_target_groups;
    if groups.len() <= most {
        return Ok(());
    }
    let text = format!("The maximum number of unique target groups per load balancer '{most}' has been reached");
    Err(Refusal::client("TooManyUniqueTargetGroupsPerLoadBalancer", text))
}

fn not_found() -> Refusal {
    Refusal::client("RuleNotFound", "One or more rules not found")
}

/// The place of the rule that a call names, if it may be changed.
fn place(elb: &Elb, fields: &Fields<'_>, what: &str) -> Result<usize, Refusal> {
    let arn = fields.required("RuleArn")?;
    if elb.balancer.listeners.iter().any(|listener| rule::arn(&listener.arn, rule::DEFAULT) == arn) {
        return Err(Refusal::client("OperationNotPermitted", format!("Default rule '{arn}' cannot be {what}")));
    }
    elb.rules.iter().position(|rule| rule.arn == arn).ok_or_else(not_found)
}

pub(super) fn modify(shared: &Arc<Shared>, elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let at = place(elb, fields, "modified")?;
    let mut changed = elb.rules[at].clone();
    let (conditions, actions) = (fields.list("Conditions"), fields.list("Actions"));
    if !conditions.is_empty() {
        changed.hosts = condition::read(&conditions)?;
    }
    if !actions.is_empty() {
        changed.action = RuleAction::read(&actions)?;
    }
    changed.action.group().map_or(Ok(()), |group| elb.group(group).map(drop))?;
    let others = elb.rules.iter().filter(|other| other.arn != changed.arn);
    check_groups(shared, others.chain([&changed]))?;
    let described = changed.describe();
    elb.rules[at] = changed;
    route::publish(shared, elb);
    Ok(json!({ "Rules": [described] }))
}

pub(super) fn delete(shared: &Arc<Shared>, elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let at = place(elb, fields, "deleted")?;
    elb.rules.remove(at);
    route::publish(shared, elb);
    Ok(json!({}))
}

/// The rules of a listener by priority and its default rule last, or those that are named.
pub(super) fn describe(elb: &Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let arns = fields.texts("RuleArns");
    let all: Vec<Value> = match (fields.text("ListenerArn"), arns.as_slice()) {
        (Some(_), [_, ..]) | (None, []) => {
            return Err(invalid("You must specify either a listener ARN or one or more rule ARNs"));
        }
        (Some(listener), []) => rules_of(elb, elb.balancer.listener(listener)?),
        (None, arns) => arns.iter().map(|arn| describe_one(elb, arn)).collect::<Result<_, _>>()?,
    };
    page(fields, "Rules", &all)
}

fn rules_of(elb: &Elb, listener: &Listener) -> Vec<Value> {
    let mut rules: Vec<&RoutingRule> = elb.rules.iter().filter(|rule| rule.listener == listener.arn).collect();
    rules.sort_by_key(|rule| rule.priority);
    rules.into_iter().map(RoutingRule::describe).chain([describe_default(listener)]).collect()
}

fn describe_one(elb: &Elb, arn: &str) -> Result<Value, Refusal> {
    let own = elb.rules.iter().find(|rule| rule.arn == arn).map(RoutingRule::describe);
    let default = elb.balancer.listeners.iter().find(|listener| rule::arn(&listener.arn, rule::DEFAULT) == arn);
    own.or_else(|| default.map(describe_default)).ok_or_else(not_found)
}

fn describe_default(listener: &Listener) -> Value {
    json!({
        "RuleArn": rule::arn(&listener.arn, rule::DEFAULT),
        "Priority": "default",
        "Conditions": [],
        "Actions": [default_action()],
        "IsDefault": true,
    })
}
