//! Room for tasks: switches for Fargate, reservations on EC2 instances.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A kind of capacity that can run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// Fargate on demand.
    Fargate,
    /// Fargate Spot.
    FargateSpot,
    /// Every EC2 instance: they report RESOURCE:CPU.
    Ec2,
}

/// What has run out.
#[derive(Default)]
pub(crate) struct Exhausted(BTreeSet<Capacity>);

impl Exhausted {
    pub(crate) fn set(&mut self, capacity: Capacity, available: bool) {
        if available {
            self.0.remove(&capacity);
        } else {
            self.0.insert(capacity);
        }
    }

    pub(crate) fn has(&self, capacity: Capacity) -> bool {
        !self.0.contains(&capacity)
    }
}

/// What a task reserves on an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Need {
    /// CPU units.
    pub(crate) cpu: u32,
    /// MiB.
    pub(crate) memory: u32,
}

/// An EC2 instance of a cluster.
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) registered: Need,
    pub(crate) free: Need,
}

impl Instance {
    /// The `failures[].reason` for a task that does not fit.
    pub(crate) fn lacks(&self, need: Need) -> Option<&'static str> {
        if need.cpu > self.free.cpu {
            return Some("RESOURCE:CPU");
        }
        (need.memory > self.free.memory).then_some("RESOURCE:MEMORY")
    }

    pub(crate) fn reserve(&mut self, need: Need) {
        self.free.cpu = self.free.cpu.saturating_sub(need.cpu);
        self.free.memory = self.free.memory.saturating_sub(need.memory);
    }

    pub(crate) fn release(&mut self, need: Need) {
        self.free.cpu = self.registered.cpu.min(self.free.cpu + need.cpu);
        self.free.memory = self.registered.memory.min(self.free.memory + need.memory);
    }
}
