//! The calls about target groups.

use serde_json::{Value, json};
use uuid::Uuid;

use super::balancer::check_balancer;
use super::group::TargetGroup;
use super::{Elb, page};
use crate::aws::config::AwsConfig;
use crate::aws::fixture;
use crate::aws::query::{Fields, invalid};
use crate::aws::wire::Refusal;

pub(super) fn create(elb: &mut Elb, config: &AwsConfig, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let mut group = TargetGroup::read(fields)?;
    if group.vpc != fixture::VPC {
        return Err(invalid(format!("The VPC ID '{}' is not found", group.vpc)));
    }
    if let Some(earlier) = elb.groups.iter().find(|earlier| earlier.name == group.name) {
        if earlier.is_like(&group) {
            return Ok(json!({ "TargetGroups": [describe_one(elb, earlier)] }));
        }
        let text = format!("A target group with the same name '{}' exists, but with different settings", group.name);
        return Err(Refusal::client("DuplicateTargetGroupName", text));
    }
    let most = config.load_balancer.target_groups;
    if elb.groups.len() >= most {
        let text = format!("The maximum number of target groups per account '{most}' has been reached");
        return Err(Refusal::client("TooManyTargetGroups", text));
    }
    let id = &Uuid::new_v4().simple().to_string()[..16];
    group.arn = config.arn("elasticloadbalancing", &format!("targetgroup/{}/{id}", group.name));
    let described = describe_one(elb, &group);
    elb.groups.push(group);
    Ok(json!({ "TargetGroups": [described] }))
}

fn describe_one(elb: &Elb, group: &TargetGroup) -> Value {
    let balancer = elb.is_used(&group.arn).then_some(elb.balancer.arn.as_str());
    group.describe(balancer.as_slice())
}

pub(super) fn modify(elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let arn = fields.required("TargetGroupArn")?;
    let group = elb.group_mut(arn)?;
    group.check = group.check.clone().with(fields)?;
    Ok(json!({ "TargetGroups": [describe_one(elb, elb.group(arn)?)] }))
}

pub(super) fn modify_attributes(elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let group = elb.group_mut(fields.required("TargetGroupArn")?)?;
    let mut changed = group.clone();
    for attribute in fields.list("Attributes") {
        changed.set(attribute.required("Key")?, attribute.text("Value").unwrap_or_default())?;
    }
    *group = changed;
    Ok(attributes(group))
}

pub(super) fn describe_attributes(elb: &Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    elb.group(fields.required("TargetGroupArn")?).map(attributes)
}

fn attributes(group: &TargetGroup) -> Value {
    let all = group.attributes.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
    json!({ "Attributes": all.collect::<Value>() })
}

/// By ARNs, by names, by load balancer, or all; never by two of these at once.
pub(super) fn describe(elb: &Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let (arns, names) = (fields.texts("TargetGroupArns"), fields.texts("Names"));
    let balancer = fields.text("LoadBalancerArn");
    if [!arns.is_empty(), !names.is_empty(), balancer.is_some()].iter().filter(|given| **given).count() > 1 {
        return Err(invalid("Target group ARNs, names and a load balancer ARN cannot be specified at the same time"));
    }
    balancer.map_or(Ok(()), |arn| check_balancer(&elb.balancer, arn))?;
    let missing = || Refusal::client("TargetGroupNotFound", "One or more target groups not found");
    let has = |test: &dyn Fn(&TargetGroup) -> bool| elb.groups.iter().any(test).then_some(()).ok_or_else(missing);
    arns.iter().try_for_each(|arn| has(&|group| group.arn == *arn))?;
    names.iter().try_for_each(|name| has(&|group| group.name == *name))?;
    let wanted = |group: &&TargetGroup| {
        (arns.is_empty() || arns.contains(&group.arn.as_str()))
            && (names.is_empty() || names.contains(&group.name.as_str()))
            && (balancer.is_none() || elb.is_used(&group.arn))
    };
    let all: Vec<Value> = elb.groups.iter().filter(wanted).map(|group| describe_one(elb, group)).collect();
    page(fields, "TargetGroups", &all)
}

/// A group that is not there is as good as deleted.
pub(super) fn delete(elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let arn = fields.required("TargetGroupArn")?;
    if elb.is_used(arn) {
        let text = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Refusal::client("ResourceInUse", text));
    }
    elb.groups.retain(|group| group.arn != arn);
    Ok(json!({}))
}
