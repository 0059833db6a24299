//! Targets of a target group, and how they are.

use std::fmt;

use serde::Deserialize;

use super::client::repeatable;
use super::groups::object;
use super::xml::List;
use super::{Alb, TargetGroupArn};
use crate::aws::AwsError;
use crate::aws::query::{Done, Parameters};

/// A target: a private address or an instance, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// Private address, or id of the instance.
    pub id: String,
    /// Port.
    pub port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, self.port)
    }
}

/// Where a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// It is being registered, or was not checked often enough.
    Initial,
    /// It gets requests.
    Healthy,
    /// Its checks fail.
    Unhealthy,
    /// It gets none: no rule forwards to its group, or it is not registered.
    Unused,
    /// It was deregistered and finishes what it has.
    Draining,
    /// There are no checks, or a word that is not known here.
    Unavailable,
}

impl TargetState {
    fn read(text: &str) -> Self {
        match text {
            "initial" => Self::Initial,
            "healthy" => Self::Healthy,
            "unhealthy" | "unhealthy.draining" => Self::Unhealthy,
            "unused" => Self::Unused,
            "draining" => Self::Draining,
            _ => Self::Unavailable,
        }
    }
}

/// A target and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetHealth {
    /// The target.
    pub target: Target,
    /// Where it stands.
    pub state: TargetState,
    /// Why: `Target.Timeout`.
    pub reason: Option<String>,
    /// Why, in AWS's words.
    pub description: Option<String>,
}

impl Alb {
    /// Registers a target. One that is registered already stays as it is.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn register_target(&self, group: &TargetGroupArn, target: &Target) -> Result<(), AwsError> {
        let form = with_targets(group, std::slice::from_ref(target));
        let object = format!("target {target} of {}", object(group));
        self.call::<Done>(repeatable("RegisterTargets"), &object, &form).await.map(drop)
    }

    /// Deregisters targets. What is not registered, or has no group any more, is no error.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn deregister_targets(&self, group: &TargetGroupArn, targets: &[Target]) -> Result<(), AwsError> {
        if targets.is_empty() {
            return Ok(());
        }
        self.remove("DeregisterTargets", &object(group), &with_targets(group, targets)).await
    }

    /// How all targets of a group are.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn describe_target_health(&self, group: &TargetGroupArn) -> Result<Vec<TargetHealth>, AwsError> {
        let form = Parameters::default().with("TargetGroupArn", group.as_str());
        let answer: HealthsXml = self.call(repeatable("DescribeTargetHealth"), &object(group), &form).await?;
        Ok(answer.target_health_descriptions.member.into_iter().map(TargetHealth::from).collect())
    }
}

fn with_targets(group: &TargetGroupArn, targets: &[Target]) -> Parameters {
    let form = Parameters::default().with("TargetGroupArn", group.as_str());
    targets.iter().enumerate().fold(form, |form, (index, target)| {
        let place = format!("Targets.member.{}", index + 1);
        form.with(format!("{place}.Id"), &target.id).with(format!("{place}.Port"), target.port.to_string())
    })
}

impl From<HealthXml> for TargetHealth {
    fn from(xml: HealthXml) -> Self {
        let HealthXml { target, target_health: health } = xml;
        Self {
            target: Target { id: target.id, port: target.port },
            state: TargetState::read(&health.state),
            reason: health.reason,
            description: health.description,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct HealthsXml {
    target_health_descriptions: List<HealthXml>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct HealthXml {
    target: TargetXml,
    target_health: StateXml,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TargetXml {
    id: String,
    port: u16,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct StateXml {
    state: String,
    reason: Option<String>,
    description: Option<String>,
}
