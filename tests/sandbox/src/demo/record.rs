//! What the demo tells programs: `--output json`.

use serde::{Deserialize, Serialize};

use crate::contract_check::Violation;
use crate::github::Conclusion;

/// The whole story.
#[derive(Debug, Serialize)]
pub(super) struct DemoRecord {
    pub(super) seconds: f64,
    pub(super) acts: Vec<ActRecord>,
    pub(super) preview: PreviewRecord,
    pub(super) left: Left,
    pub(super) violations: Vec<Violation>,
}

/// What is left at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Left {
    pub(super) runners: usize,
    pub(super) tasks: usize,
    /// Of the load balancer.
    pub(super) rules: usize,
    pub(super) target_groups: usize,
    /// Of previews, in use.
    pub(super) task_definitions: usize,
}

/// The preview, from its comment to its end.
#[derive(Debug, Serialize)]
pub(super) struct PreviewRecord {
    pub(super) pr: u64,
    pub(super) url: String,
    pub(super) up_ms: u64,
    pub(super) cause: String,
    pub(super) uptime_s: Option<u64>,
    pub(super) cost: Option<f64>,
    /// As GitHub shows it in the end.
    pub(super) deployment: String,
}

/// One launch and its job.
#[derive(Debug, Serialize)]
pub(super) struct ActRecord {
    pub(super) mode: &'static str,
    pub(super) label: String,
    pub(super) runner: String,
    pub(super) online_ms: u64,
    pub(super) job_ms: u64,
    pub(super) job: Conclusion,
    pub(super) output: Vec<String>,
    pub(super) machine: MachineEnd,
}

/// How the machine ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct MachineEnd {
    /// ECS's words; none for a machine here.
    pub(super) task: Option<String>,
    /// Exit code of PID 1.
    pub(super) exit_code: i32,
    /// The cause that PID 1 gave in its last line.
    pub(super) cause: String,
}

/// The part of `mayfly runner start --output json` that the demo reads.
#[derive(Debug, Deserialize)]
pub(super) struct Started {
    pub(super) label: String,
    pub(super) runs_on: Vec<String>,
    pub(super) phases: Vec<Phase>,
    pub(super) launches: Vec<Launch>,
}

/// One machine.
#[derive(Debug, Deserialize)]
pub(super) struct Launch {
    pub(super) task_arn: Option<String>,
    pub(super) runner_name: String,
    pub(super) phases: Vec<Phase>,
    pub(super) folder: Option<String>,
}

/// One step of a launch.
#[derive(Debug, Deserialize)]
pub(super) struct Phase {
    pub(super) name: String,
    pub(super) ms: u64,
}
