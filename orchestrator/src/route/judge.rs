//! Decisions about what is there already. No clients, no clock.

use super::RouteSpec;
use crate::alb::{HealthCheck, Rule, RuleArn, Tags, TargetGroup, TargetGroupArn, TargetHealth, TargetState};

/// A rule and whose it is.
#[derive(Clone, Debug)]
pub struct Tagged<T> {
    /// The object.
    pub object: T,
    /// Its tags.
    pub tags: Tags,
}

/// What is other than it shall be, and can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A rule's target group.
    Target,
    /// A target group's health check.
    Health,
    /// The tags.
    Tags,
}

/// What becomes of the rules that have the host.
#[derive(Debug, PartialEq, Eq)]
pub enum RuleVerdict {
    /// None has it: one is made.
    Make,
    /// One stays; whatever else is ours goes.
    Keep {
        /// The one of the lowest priority: everybody who looks keeps the same.
        rule: RuleArn,
        /// Its priority.
        priority: u32,
        /// What of it is to be changed.
        changes: Vec<Change>,
        /// Others of ours, made by another process at the same moment.
        surplus: Vec<RuleArn>,
    },
    /// Somebody else's has it.
    Taken {
        /// The rule.
        rule: RuleArn,
        /// Whose it is, as far as its tags tell.
        owner: String,
    },
}

/// Judges the rules that have the host of a route.
pub fn rules(spec: &RouteSpec, group: &TargetGroupArn, having: &[Tagged<Rule>]) -> RuleVerdict {
    if let Some(other) = having.iter().find(|rule| !spec.owner.owns(&rule.tags)) {
        return RuleVerdict::Taken { rule: other.object.arn.clone(), owner: owner_of(&other.tags) };
    }
    let mut ours: Vec<_> = having.iter().filter_map(|rule| Some((rule.object.priority?, rule))).collect();
    ours.sort_by_key(|(priority, _)| *priority);
    let Some(((priority, kept), surplus)) = ours.split_first() else { return RuleVerdict::Make };
    RuleVerdict::Keep {
        rule: kept.object.arn.clone(),
        priority: *priority,
        changes: changes([
            (Change::Target, kept.object.target_groups != [group.clone()]),
            (Change::Tags, lacks(&kept.tags, &spec.all_tags())),
        ]),
        surplus: surplus.iter().map(|(_, rule)| rule.object.arn.clone()).collect(),
    }
}

fn changes(needed: [(Change, bool); 2]) -> Vec<Change> {
    needed.into_iter().filter_map(|(change, needed)| needed.then_some(change)).collect()
}

/// Whether one of the wanted tags is missing or other.
fn lacks(found: &Tags, wanted: &Tags) -> bool {
    wanted.iter().any(|(key, value)| found.get(key) != Some(value))
}

/// Whose an object is, for people.
pub fn owner_of(found: &Tags) -> String {
    use contract::tags::{PLACE, PR, REPO};
    match (found.get(REPO), found.get(PR), found.get(PLACE)) {
        (Some(repo), Some(pr), Some(place)) => format!("{repo}#{pr} (place {place})"),
        (Some(repo), Some(pr), None) => format!("{repo}#{pr}"),
        _ => "something that mayfly did not make".to_owned(),
    }
}

/// What becomes of the target group that has the name.
#[derive(Debug, PartialEq, Eq)]
pub enum GroupVerdict {
    /// It stays, with these changes.
    Keep(Vec<Change>),
    /// It cannot be used, for this reason.
    Unusable(String),
}

/// Judges the target group that has the name of a route's.
pub fn group(spec: &RouteSpec, vpc: &str, found: &Tagged<TargetGroup>) -> GroupVerdict {
    let Tagged { object: group, tags } = found;
    if !spec.owner.owns(tags) {
        return GroupVerdict::Unusable(format!("it belongs to {}", owner_of(tags)));
    }
    let fixed = [
        ("target type", group.target_type.as_str(), spec.target_type.as_str()),
        ("protocol", group.protocol.as_str(), "HTTP"),
        ("VPC", group.vpc.as_str(), vpc),
    ];
    if let Some((what, is, wanted)) = fixed.iter().find(|(_, is, wanted)| is != wanted) {
        return GroupVerdict::Unusable(format!("its {what} is {is} and cannot be changed to {wanted}"));
    }
    GroupVerdict::Keep(changes([
        (Change::Health, group.health != spec.health),
        (Change::Tags, lacks(tags, &spec.all_tags())),
    ]))
}

/// What a look at a target tells.
#[derive(Debug, PartialEq, Eq)]
pub enum HealthVerdict {
    /// It gets requests.
    Healthy,
    /// Not yet, for this reason.
    NotYet(Reason),
    /// It will not become healthy, for this reason.
    Never(Reason),
}

/// Why a target is not healthy, and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Why.
    pub why: String,
    /// What to do.
    pub fix: String,
}

/// Judges one look at a target. An unhealthy one may still be starting: only the limit of the wait ends that.
pub fn health(seen: Option<&TargetHealth>, check: &HealthCheck) -> HealthVerdict {
    let Some(seen) = seen else {
        return HealthVerdict::NotYet(reason("it is not registered yet", "start the preview again"));
    };
    let told = explain(seen, check);
    match (seen.state, seen.reason.as_deref()) {
        (TargetState::Healthy, _) => HealthVerdict::Healthy,
        (_, Some("Target.IpUnusable")) => HealthVerdict::Never(told),
        (TargetState::Draining, _) => HealthVerdict::Never(told),
        _ => HealthVerdict::NotYet(told),
    }
}

fn explain(seen: &TargetHealth, check: &HealthCheck) -> Reason {
    let HealthCheck { path, matcher, timeout, .. } = check;
    let log = "read the app's log: `mayfly preview logs`";
    let (why, fix) = match seen.reason.as_deref().unwrap_or_default() {
        "Target.ResponseCodeMismatch" => (
            format!("{path} answers with a status that is not {matcher}"),
            format!("name a health path that answers so without a login, or {log}"),
        ),
        "Target.Timeout" => (
            format!("{path} does not answer within {}", contract::duration::format(*timeout)),
            format!(
                "let the app's security group take the load balancer's requests on port {}, have the app listen on 0.0.0.0, or {log}",
                seen.target.port
            ),
        ),
        "Target.FailedHealthChecks" => (
            format!("no connection to port {}, or it closes without an answer", seen.target.port),
            format!("check the container's port and that the app listens on 0.0.0.0; {log}"),
        ),
        "Target.NotInUse" => (
            "no rule forwards to it yet, or its availability zone is not enabled for the load balancer".to_owned(),
            "use --subnets in the availability zones of the load balancer".to_owned(),
        ),
        "Target.IpUnusable" => (
            "its address is used by a load balancer".to_owned(),
            "start the preview again: the next task has another address".to_owned(),
        ),
        "Target.InvalidState" => {
            ("its instance is stopped or terminated".to_owned(), "start the preview again".to_owned())
        }
        "Target.NotRegistered" | "Target.DeregistrationInProgress" => (
            "it was taken out of the target group by somebody else".to_owned(),
            "look for another `mayfly preview` for the same pull request, then start again".to_owned(),
        ),
        "Elb.RegistrationInProgress" | "Elb.InitialHealthChecking" => {
            ("it was not checked often enough yet".to_owned(), format!("wait longer, or {log}"))
        }
        other => (if other.is_empty() { "no reason given".to_owned() } else { other.to_owned() }, log.to_owned()),
    };
    let why = match &seen.description {
        Some(description) if seen.state == TargetState::Unhealthy => format!("{why} ({description})"),
        _ => why,
    };
    Reason { why, fix }
}

fn reason(why: &str, fix: &str) -> Reason {
    Reason { why: why.to_owned(), fix: fix.to_owned() }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
