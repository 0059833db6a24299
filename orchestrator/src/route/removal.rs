//! Removes a route, whatever is left of it, and finds those that nobody removed.
//!
//! The rule goes first: a target's private address is given to others once its task is over, and a rule that still forwarded
//! there would show their app under this host. Then targets, then the group, which AWS keeps while a rule forwards to it.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::tags;
use tokio::time::Instant;

use super::judge::Tagged;
use super::{RouteError, RouteOwner, names};
use crate::alb::{Alb, ListenerArn, Rule, RuleArn, Tags, Target, TargetGroup, TargetGroupArn, TargetType};
use crate::aws::AwsError;
use crate::model::Place;
use crate::preview::slot::Slot;

/// A removed rule is forgotten by all of ELB within seconds.
const IN_USE_LIMIT: Duration = Duration::from_secs(60);
const IN_USE_PAUSE: Duration = Duration::from_millis(500);

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Rules.
    pub rules: Vec<RuleArn>,
    /// Targets that were still in.
    pub targets: Vec<Target>,
    /// Target groups.
    pub target_groups: Vec<TargetGroupArn>,
}

impl Removed {
    /// Each of them, by name.
    pub fn names(&self) -> Vec<String> {
        let rules = self.rules.iter().map(|arn| format!("rule {arn}"));
        let targets = self.targets.iter().map(|target| format!("target {target}"));
        let groups = self.target_groups.iter().map(|arn| format!("target group {arn}"));
        rules.chain(targets).chain(groups).collect()
    }

    /// Whether there was nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is there of a route.
#[derive(Clone, Debug, Default)]
pub struct RouteParts {
    /// Its rules.
    pub rules: Vec<Tagged<Rule>>,
    /// Its target groups.
    pub target_groups: Vec<Tagged<TargetGroup>>,
}

/// What is to be removed of what is there: the owner's own parts, told by their tags alone.
pub fn plan(owner: &RouteOwner, parts: &RouteParts) -> (Vec<RuleArn>, Vec<TargetGroupArn>) {
    let rules = parts.rules.iter().filter(|rule| owner.owns(&rule.tags));
    let groups = parts.target_groups.iter().filter(|group| owner.owns(&group.tags));
    (rules.map(|rule| rule.object.arn.clone()).collect(), groups.map(|group| group.object.arn.clone()).collect())
}

/// Removes what is left of a slot's route at a listener.
///
/// # Errors
/// AWS's refusal.
pub async fn remove(alb: &Alb, listener: &ListenerArn, owner: &RouteOwner) -> Result<Removed, RouteError> {
    let parts = RouteParts {
        rules: tagged_rules(alb, listener).await?,
        target_groups: tagged_groups(alb, own_groups(alb, listener, owner).await?).await?,
    };
    let (rules, target_groups) = plan(owner, &parts);
    for rule in &rules {
        alb.delete_rule(rule).await?;
    }
    let mut targets = Vec::new();
    for group in &target_groups {
        targets.extend(empty(alb, group).await?);
        delete_group(alb, group).await?;
    }
    Ok(Removed { rules, targets, target_groups })
}

/// Groups of the slot, by the names that they can have.
async fn own_groups(alb: &Alb, listener: &ListenerArn, owner: &RouteOwner) -> Result<Vec<TargetGroup>, AwsError> {
    let mut found = Vec::new();
    // One by one: AWS answers for none where it lacks one.
    for target_type in TargetType::ALL {
        found.extend(alb.target_group(&names::target_group(owner, listener, target_type)).await?);
    }
    Ok(found)
}

async fn empty(alb: &Alb, group: &TargetGroupArn) -> Result<Vec<Target>, AwsError> {
    let seen = match alb.describe_target_health(group).await {
        Err(fault) if fault.kind == crate::aws::AwsErrorKind::NotFound => Vec::new(),
        seen => seen?,
    };
    let targets: Vec<Target> = seen.into_iter().map(|seen| seen.target).collect();
    alb.deregister_targets(group, &targets).await?;
    Ok(targets)
}

async fn delete_group(alb: &Alb, group: &TargetGroupArn) -> Result<(), AwsError> {
    let begun = Instant::now();
    loop {
        match alb.delete_target_group(group).await {
            Err(fault) if fault.code.as_deref() == Some("ResourceInUse") && begun.elapsed() < IN_USE_LIMIT => {
                tokio::time::sleep(IN_USE_PAUSE).await;
            }
            answer => return answer,
        }
    }
}

/// All routes of ours of a place at a listener, and target groups of ours that no rule forwards to any more.
///
/// # Errors
/// AWS's refusal.
pub async fn find(alb: &Alb, listener: &ListenerArn, place: &Place) -> Result<BTreeMap<Slot, RouteParts>, RouteError> {
    let rules = tagged_rules(alb, listener).await?;
    let named = alb.describe_target_groups(None).await?;
    let named = named.into_iter().filter(|group| group.name.starts_with(names::GROUP_PREFIX)).collect();
    let groups = tagged_groups(alb, named).await?;
    Ok(by_slot(place, listener, rules, groups))
}

/// Sorts parts by whose they are; what is not of this place is left out.
fn by_slot(
    place: &Place,
    listener: &ListenerArn,
    rules: Vec<Tagged<Rule>>,
    groups: Vec<Tagged<TargetGroup>>,
) -> BTreeMap<Slot, RouteParts> {
    let mut found: BTreeMap<Slot, RouteParts> = BTreeMap::new();
    for rule in rules {
        if let Some(slot) = slot_of(place, &rule.tags) {
            found.entry(slot).or_default().rules.push(rule);
        }
    }
    for group in groups {
        let Some(slot) = slot_of(place, &group.tags) else { continue };
        let owner = RouteOwner { place: place.clone(), slot };
        let is_here = |kind: &TargetType| names::target_group(&owner, listener, *kind) == group.object.name;
        // Those of another listener are found by who looks there.
        if TargetType::ALL.iter().any(is_here) {
            found.entry(owner.slot).or_default().target_groups.push(group);
        }
    }
    found
}

fn slot_of(place: &Place, found: &Tags) -> Option<Slot> {
    let ours = found.get(tags::KIND).is_some_and(|kind| kind == tags::KIND_PREVIEW)
        && found.get(tags::PLACE).is_some_and(|tag| *tag == place.to_string());
    let slot = || Some(Slot { repo: found.get(tags::REPO)?.clone(), pr: found.get(tags::PR)?.parse().ok()? });
    ours.then(slot)?
}

async fn tagged_rules(alb: &Alb, listener: &ListenerArn) -> Result<Vec<Tagged<Rule>>, AwsError> {
    let rules = match alb.describe_rules(listener).await {
        // The listener went, and its rules with it.
        Err(fault) if fault.kind == crate::aws::AwsErrorKind::NotFound => Vec::new(),
        rules => rules?,
    };
    let rules = rules.into_iter().filter(|rule| rule.priority.is_some()).collect();
    tagged(alb, rules, |rule: &Rule| rule.arn.as_str()).await
}

async fn tagged_groups(alb: &Alb, groups: Vec<TargetGroup>) -> Result<Vec<Tagged<TargetGroup>>, AwsError> {
    tagged(alb, groups, |group: &TargetGroup| group.arn.as_str()).await
}

async fn tagged<T>(alb: &Alb, objects: Vec<T>, arn: fn(&T) -> &str) -> Result<Vec<Tagged<T>>, AwsError> {
    let arns: Vec<&str> = objects.iter().map(arn).collect();
    let mut tags = alb.describe_tags(&arns).await?;
    let with_tags = objects.into_iter().filter_map(|object| {
        let tags = tags.remove(arn(&object))?;
        Some(Tagged { object, tags })
    });
    Ok(with_tags.collect())
}
