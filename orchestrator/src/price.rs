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

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::{of_size, per_hour, so_far};
    use crate::ecs::task::Times;
    use crate::ecs::{Status, Task};
    use crate::model::LaunchMode;

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    /// One vCPU and 2 GiB on Fargate, pulled from second 10 on.
    fn task(stopped: Option<SystemTime>) -> Task {
        Task {
            cpu: Some(1_024),
            memory: Some(2_048),
            launch_type: Some("FARGATE".to_owned()),
            times: Times { created: Some(at(0)), pull_started: Some(at(10)), stopped, ..Times::default() },
            ..Task::in_state("a", Status::Running)
        }
    }

    /// So many seconds of it, as they are billed.
    fn seconds(task: &Task, now: SystemTime) -> f64 {
        let hour = per_hour(task, LaunchMode::Fargate, "us-east-1").expect("listed").usd;
        so_far(task, "us-east-1", now).expect("listed") / hour * 3_600.0
    }

    fn assert_billed(task: &Task, now: SystemTime, expected: f64) {
        let billed = seconds(task, now);
        assert!((billed - expected).abs() < 1e-6, "{billed} instead of {expected}");
    }

    #[test]
    fn task_is_billed_from_its_pull_on_by_whole_seconds_and_for_a_minute_at_least() {
        assert_billed(&task(None), at(11), 60.0);
        assert_billed(&task(None), at(70), 60.0);
        assert_billed(&task(None), at(71), 61.0);
        assert_billed(&task(None), at(3_610) + Duration::from_millis(1), 3_601.0);
        assert_billed(&task(Some(at(130))), at(9_999), 120.0);
        // A clock that is behind ECS's.
        assert_billed(&task(None), at(0), 60.0);
    }

    #[test]
    fn what_was_never_pulled_costs_nothing_and_what_has_no_price_has_none() {
        let queued = Task { times: Times { created: Some(at(0)), ..Times::default() }, ..task(None) };
        assert_eq!(so_far(&queued, "us-east-1", at(100)), Some(0.0));
        assert_eq!(so_far(&task(None), "mars-north-1", at(100)), None);
        let on_an_instance = Task { launch_type: Some("EC2".to_owned()), ..task(None) };
        assert_eq!(so_far(&on_an_instance, "us-east-1", at(100)), None);
    }

    #[test]
    fn spot_is_given_as_its_upper_bound() {
        let spot = Task { launch_type: None, capacity_provider: Some("FARGATE_SPOT".to_owned()), ..task(None) };
        assert_eq!(so_far(&spot, "us-east-1", at(500)), so_far(&task(None), "us-east-1", at(500)));
        let size = super::Size { cpu: 1_024, memory: 2_048, storage: None };
        let price = of_size(size, LaunchMode::FargateSpot, "us-east-1").expect("listed");
        assert!(price.note.starts_with("at most"), "{}", price.note);
    }
}
