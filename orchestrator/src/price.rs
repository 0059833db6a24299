//! What a machine costs per hour.
//!
//! Fargate's on-demand prices for Linux on x86-64, in US dollars per hour, as AWS listed them in autumn 2026
//! (<https://aws.amazon.com/fargate/pricing/>); Arm is a fifth cheaper. Spot prices move and are "up to 70 %" lower, so they
//! are given as an upper bound: the on-demand price.

use serde::Serialize;

use crate::ecs::Task;
use crate::model::LaunchMode;

/// Region, price of a vCPU hour, price of a GB hour.
const FARGATE: [(&str, f64, f64); 8] = [
    ("us-east-1", 0.04048, 0.004445),
    ("us-east-2", 0.04048, 0.004445),
    ("us-west-2", 0.04048, 0.004445),
    ("eu-west-1", 0.04048, 0.004445),
    ("eu-central-1", 0.04656, 0.00511),
    ("eu-west-2", 0.04656, 0.00511),
    ("ap-southeast-1", 0.05056, 0.00553),
    ("ap-southeast-2", 0.04856, 0.00532),
];
/// Disk beyond the free 20 GB, a GB hour.
const STORAGE: f64 = 0.000_111;
const FREE_STORAGE: u32 = 20;

/// A price per hour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// US dollars.
    pub usd: f64,
    /// What is to be known about the number.
    pub note: &'static str,
}

/// The price of a task per hour; `None` where no price is listed or the instance is paid anyway.
pub fn per_hour(task: &Task, mode: LaunchMode, region: &str) -> Option<Price> {
    let (_, vcpu, gb) = FARGATE.iter().find(|(name, ..)| *name == region)?;
    let note = match mode {
        LaunchMode::Fargate => "on demand, x86-64",
        LaunchMode::FargateSpot => "at most: the on-demand price, Spot is up to 70 % less",
        LaunchMode::Ec2 | LaunchMode::Local => return None,
    };
    let storage = f64::from(task.ephemeral_storage.unwrap_or(FREE_STORAGE).saturating_sub(FREE_STORAGE));
    let usd = f64::from(task.cpu?) / 1024.0 * vcpu + f64::from(task.memory?) / 1024.0 * gb + storage * STORAGE;
    Some(Price { usd, note })
}
