//! Makes a route, or takes over what is there of it.

use std::collections::BTreeSet;

use super::judge::{self, Change, GroupVerdict, RuleVerdict, Tagged};
use super::{Room, Route, RouteError, RouteSpec, names};
use crate::alb::{Alb, Listener, NewRule, NewTargetGroup, Rule, TargetGroup, TargetGroupArn};
use crate::aws::AwsError;

/// Each pass lists the rules, and either ends or changes something: so many only where others keep changing them.
const PASSES: usize = 200;

impl Route {
    /// Makes the route, or takes over what is there of it. Two at once for one slot come to the same rule and group.
    ///
    /// # Errors
    /// AWS's refusal, no room, or something that is not ours in the way.
    pub async fn ensure(alb: &Alb, spec: &RouteSpec) -> Result<Self, RouteError> {
        let listener = alb.describe_listener(&spec.listener).await?;
        let target_group = ensure_group(alb, spec, &listener).await?;
        let (rule, priority) = ensure_rule(alb, spec, &target_group).await?;
        let url = listener.url(spec.host.as_str());
        Ok(Self { url, host: spec.host.clone(), rule, priority, target_group })
    }
}

async fn ensure_group(alb: &Alb, spec: &RouteSpec, listener: &Listener) -> Result<TargetGroupArn, RouteError> {
    let name = names::target_group(&spec.owner, &spec.listener, spec.target_type);
    let vpc = alb.describe_load_balancer(&listener.load_balancer).await?.vpc;
    let arn = match alb.target_group(&name).await? {
        Some(found) => adopt_group(alb, spec, &vpc, found).await?,
        None => make_group(alb, spec, listener, &name, &vpc).await?,
    };
    // Each time: whoever made the group may have died before this.
    alb.set_deregistration_delay(&arn, spec.drain).await?;
    Ok(arn)
}

async fn make_group(
    alb: &Alb,
    spec: &RouteSpec,
    listener: &Listener,
    name: &str,
    vpc: &str,
) -> Result<TargetGroupArn, RouteError> {
    let room = Room::of(alb, listener).await?;
    room.check()?;
    if let Some(warning) = room.warning() {
        tracing::warn!("{warning}");
    }
    let tags = spec.all_tags();
    let new = NewTargetGroup { name, target_type: spec.target_type, vpc, health: &spec.health, tags: &tags };
    match alb.create_target_group(&new).await {
        Ok(made) => Ok(made.arn),
        // Another process made it since we looked, with the settings of another push.
        Err(fault) if fault.code.as_deref() == Some("DuplicateTargetGroupName") => {
            let found = alb.target_group(name).await?.ok_or(fault)?;
            adopt_group(alb, spec, vpc, found).await
        }
        Err(fault) => Err(fault.into()),
    }
}

async fn adopt_group(alb: &Alb, spec: &RouteSpec, vpc: &str, found: TargetGroup) -> Result<TargetGroupArn, RouteError> {
    let arn = found.arn.clone();
    let tags = alb.describe_tags(&[arn.as_str()]).await?.remove(arn.as_str()).unwrap_or_default();
    let name = found.name.clone();
    let changes = match judge::group(spec, vpc, &Tagged { object: found, tags }) {
        GroupVerdict::Keep(changes) => changes,
        GroupVerdict::Unusable(why) => return Err(RouteError::GroupUnusable { name, why }),
    };
    if changes.contains(&Change::Health) {
        alb.modify_target_group(&arn, &spec.health).await?;
    }
    if changes.contains(&Change::Tags) {
        alb.add_tags(arn.as_str(), &spec.all_tags()).await?;
    }
    Ok(arn)
}

/// Looks, acts, and looks again until there is exactly one rule: the priority is the lock that CreateRule takes, and the look
/// after it finds whoever took another one at the same moment.
async fn ensure_rule(
    alb: &Alb,
    spec: &RouteSpec,
    group: &TargetGroupArn,
) -> Result<(crate::alb::RuleArn, u32), RouteError> {
    let (mut refused, mut made) = (BTreeSet::new(), None);
    for _ in 0..PASSES {
        let listed = with_made(alb.describe_rules(&spec.listener).await?, made.take());
        let having = having_host(alb, spec, &listed).await?;
        match judge::rules(spec, group, &having) {
            RuleVerdict::Keep { rule, priority, changes, surplus } => {
                for rule in &surplus {
                    alb.delete_rule(rule).await?;
                }
                if changes.contains(&Change::Target) {
                    alb.modify_rule(&rule, group).await?;
                }
                if changes.contains(&Change::Tags) {
                    alb.add_tags(rule.as_str(), &spec.all_tags()).await?;
                }
                return Ok((rule, priority));
            }
            RuleVerdict::Taken { rule, owner } => {
                return Err(RouteError::HostTaken { host: spec.host.to_string(), rule: rule.to_string(), owner });
            }
            RuleVerdict::Make => {
                let priority = next_priority(spec, &listed, &refused)?;
                made = make_rule(alb, spec, group, priority).await?;
                refused.insert(priority);
            }
        }
    }
    Err(RouteError::Restless(spec.host.to_string()))
}

/// The rule that was just made counts even if the list does not show it yet.
fn with_made(mut listed: Vec<Rule>, made: Option<Rule>) -> Vec<Rule> {
    let unseen = made.filter(|made| listed.iter().all(|rule| rule.arn != made.arn));
    listed.extend(unseen);
    listed
}

async fn having_host(alb: &Alb, spec: &RouteSpec, listed: &[Rule]) -> Result<Vec<Tagged<Rule>>, AwsError> {
    let having: Vec<&Rule> = listed.iter().filter(|rule| rule.is_for(spec.host.as_str())).collect();
    let arns: Vec<&str> = having.iter().map(|rule| rule.arn.as_str()).collect();
    let tags = alb.describe_tags(&arns).await?;
    // A rule without an entry was removed between the two calls.
    let tagged = having.into_iter().filter_map(|rule| {
        let tags = tags.get(rule.arn.as_str())?.clone();
        Some(Tagged { object: rule.clone(), tags })
    });
    Ok(tagged.collect())
}

fn next_priority(spec: &RouteSpec, listed: &[Rule], refused: &BTreeSet<u32>) -> Result<u32, RouteError> {
    let taken: BTreeSet<u32> = listed.iter().filter_map(|rule| rule.priority).collect();
    let mut sequence = spec.band.sequence(&spec.owner, &spec.listener);
    let free = sequence.find(|priority| !taken.contains(priority) && !refused.contains(priority));
    free.ok_or_else(|| RouteError::NoPriority(spec.band.clone()))
}

/// `None`: somebody was quicker with this priority.
async fn make_rule(
    alb: &Alb,
    spec: &RouteSpec,
    group: &TargetGroupArn,
    priority: u32,
) -> Result<Option<Rule>, AwsError> {
    let tags = spec.all_tags();
    let host = spec.host.as_str();
    let new = NewRule { listener: &spec.listener, priority, host, target_group: group, tags: &tags };
    match alb.create_rule(&new).await {
        Ok(rule) => Ok(Some(rule)),
        Err(fault) if fault.code.as_deref() == Some("PriorityInUse") => Ok(None),
        Err(fault) => Err(fault),
    }
}
