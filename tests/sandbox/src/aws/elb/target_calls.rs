//! The calls about targets.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::group::{self, TargetGroup};
use super::target::{self, Health, Target};
use super::{Elb, probe};
use crate::aws::query::{Fields, invalid};
use crate::aws::shared::Shared;
use crate::aws::wire::Refusal;

/// The targets that a call names.
fn named<'a>(fields: &Fields<'a>, group: &TargetGroup) -> Result<Vec<(&'a str, u16)>, Refusal> {
    let read = |target: Fields<'a>| {
        let port = target.number("Port")?.map_or(Ok(group.port), u16::try_from);
        let port = port.ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| invalid("Target port must be between '1' and '65535'"))?;
        Ok((target.required("Id")?, port))
    };
    fields.list("Targets").into_iter().map(read).collect()
}

/// Registers all of them or none. One that is there stays as it is; one that drains begins anew.
pub(super) fn register(shared: &Arc<Shared>, elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let config = &shared.config;
    let arn = fields.required("TargetGroupArn")?;
    let group = elb.group_mut(arn)?;
    let targets = named(fields, group)?;
    if targets.is_empty() {
        return Err(invalid("At least one target must be specified"));
    }
    targets.iter().try_for_each(|(id, _)| target::check_id(config, group.kind, id))?;
    if group.targets.len() + targets.len() > config.load_balancer.targets {
        return Err(Refusal::client("TooManyTargets", "The maximum number of targets has been reached"));
    }
    for (id, port) in targets {
        let known = group.targets.iter().any(|known| known.is(id, port) && known.health != Health::Draining);
        if known {
            continue;
        }
        group.targets.retain(|known| !known.is(id, port));
        let target = Target::new(id, port, shared.next_number());
        tokio::spawn(probe::watch(Arc::downgrade(shared), arn.to_owned(), target.registration));
        group.targets.push(target);
    }
    Ok(json!({}))
}

/// A target that is not there is as good as deregistered. In a group that no rule forwards to nothing is to be drained.
pub(super) fn deregister(shared: &Arc<Shared>, elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let arn = fields.required("TargetGroupArn")?;
    let used = elb.is_used(arn);
    let group = elb.group_mut(arn)?;
    for (id, port) in named(fields, group)? {
        let Some(target) = group.targets.iter_mut().find(|known| known.is(id, port)) else { continue };
        if used && target.health != Health::Draining {
            target.health = Health::Draining;
            let (shared, arn, registration) = (Arc::downgrade(shared), arn.to_owned(), target.registration);
            tokio::spawn(async move {
                let delay = shared.upgrade().map(|shared| drain(&shared, &arn)).unwrap_or_default();
                tokio::time::sleep(delay).await;
                if let Some(shared) = shared.upgrade() {
                    forget(&shared, &arn, registration);
                }
            });
        }
        if !used {
            group.targets.retain(|known| !known.is(id, port));
        }
    }
    Ok(json!({}))
}

fn drain(shared: &Shared, arn: &str) -> Duration {
    let own = |group: &TargetGroup| group.attributes.get(group::DRAIN)?.parse().ok().map(Duration::from_secs);
    let own = shared.state().elb.group(arn).ok().and_then(own);
    shared.pace().drain.or(own).unwrap_or_default()
}

fn forget(shared: &Shared, arn: &str, registration: u64) {
    if let Ok(group) = shared.state().elb.group_mut(arn) {
        group.targets.retain(|target| target.registration != registration);
    }
    shared.announce();
}

pub(super) fn describe(elb: &Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let group = elb.group(fields.required("TargetGroupArn")?)?;
    let used = elb.is_used(&group.arn);
    let asked = named(fields, group)?;
    let all: Vec<Value> = match asked.as_slice() {
        [] => group.targets.iter().map(|target| target.describe(used, &group.check)).collect(),
        asked => asked
            .iter()
            .map(|&(id, port)| {
                let known = group.targets.iter().find(|target| target.is(id, port));
                known.map_or_else(|| target::unknown(id, port), |target| target.describe(used, &group.check))
            })
            .collect(),
    };
    Ok(json!({ "TargetHealthDescriptions": all }))
}
