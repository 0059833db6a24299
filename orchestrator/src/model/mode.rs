//! Where a launch runs.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The four launch modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaunchMode {
    /// ECS on Fargate, on demand.
    Fargate,
    /// ECS on Fargate Spot: cheaper, may be interrupted with two minutes' notice.
    FargateSpot,
    /// ECS on the cluster's own EC2 instances.
    Ec2,
    /// A process on this machine.
    Local,
}

impl LaunchMode {
    /// All modes, as they are written.
    pub const NAMES: [(&'static str, Self); 4] =
        [("fargate", Self::Fargate), ("fargate-spot", Self::FargateSpot), ("ec2", Self::Ec2), ("local", Self::Local)];

    /// The family that a launch takes where no task definition is named: what our Terraform makes.
    pub const fn default_task_definition(self) -> &'static str {
        match self {
            Self::Fargate | Self::FargateSpot | Self::Local => "mayfly-runner-fargate",
            Self::Ec2 => "mayfly-runner-ec2",
        }
    }

    /// Whether ECS runs it.
    pub const fn is_ecs(self) -> bool {
        !matches!(self, Self::Local)
    }

    /// Whether Fargate runs it.
    pub const fn is_fargate(self) -> bool {
        matches!(self, Self::Fargate | Self::FargateSpot)
    }
}

impl fmt::Display for LaunchMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, mode)| mode == self).map_or("", |(name, _)| name);
        f.pad(name)
    }
}

impl FromStr for LaunchMode {
    type Err = String;

    /// Upper case is accepted: workflow inputs are often written `EC2` and `Fargate`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.to_ascii_lowercase().replace('_', "-");
        Self::NAMES
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, mode)| *mode)
            .ok_or_else(|| format!("\"{text}\" is not a launch mode; choose fargate, fargate-spot, ec2 or local"))
    }
}

impl Serialize for LaunchMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
