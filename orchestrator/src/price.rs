//! What a machine costs per hour.
//!
//! Fargate's on-demand prices for Linux on x86-64, in US dollars per hour, as AWS listed them in autumn 2026
//! (<https://aws.amazon.com/fargate/pricing/>); Arm is a fifth cheaper. Spot prices move and are "up to 70 %" lower, so they
//! are given as an upper bound: the on-demand price.

use std::time::{Duration, SystemTime};

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

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// CPU units.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
    /// GiB of disk.
    pub storage: Option<u32>,
}

/// The price of a task per hour; `None` where no price is listed or the instance is paid anyway.
pub fn per_hour(task: &Task, mode: LaunchMode, region: &str) -> Option<Price> {
    of_size(Size { cpu: task.cpu?, memory: task.memory?, storage: task.ephemeral_storage }, mode, region)
}

/// The price of a size per hour, before there is a task.
pub fn of_size(size: Size, mode: LaunchMode, region: &str) -> Option<Price> {
    let (_, vcpu, gb) = FARGATE.iter().find(|(name, ..)| *name == region)?;
    let note = match mode {
        LaunchMode::Fargate => "on demand, x86-64",
        LaunchMode::FargateSpot => "at most: the on-demand price, Spot is up to 70 % less",
        LaunchMode::Ec2 | LaunchMode::Local => return None,
    };
    let storage = f64::from(size.storage.unwrap_or(FREE_STORAGE).saturating_sub(FREE_STORAGE));
    let usd = f64::from(size.cpu) / 1024.0 * vcpu + f64::from(size.memory) / 1024.0 * gb + storage * STORAGE;
    Some(Price { usd, note })
}

/// The launch mode that a task was started in.
pub fn mode_of(task: &Task) -> LaunchMode {
    match (task.capacity_provider.as_deref(), task.launch_type.as_deref()) {
        (Some("FARGATE_SPOT"), _) => LaunchMode::FargateSpot,
        (Some("FARGATE"), _) | (_, Some("FARGATE")) => LaunchMode::Fargate,
        _ => LaunchMode::Ec2,
    }
}

/// What a task has cost until now, or in all: Fargate counts from the start of the pull to the end, by the second, and a minute
/// at least (<https://aws.amazon.com/fargate/pricing/>).
pub fn so_far(task: &Task, region: &str, now: SystemTime) -> Option<f64> {
    const LEAST: Duration = Duration::from_secs(60);
    let price = per_hour(task, mode_of(task), region)?;
    let Some(from) = task.times.pull_started else { return Some(0.0) };
    let until = task.times.stopped.or(task.times.execution_stopped).unwrap_or(now);
    let billed = until.duration_since(from).unwrap_or_default().max(LEAST);
    Some(price.usd * billed.as_secs_f64().ceil() / 3_600.0)
}
