//! What the demo tells programs: `--output json`.

use serde::{Deserialize, Serialize};

use crate::contract_check::Violation;
use crate::github::{Conclusion, Emotion};

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
    /// Previews that answer or start.
    pub(super) previews: usize,
    /// Of the load balancer.
    pub(super) rules: usize,
    pub(super) target_groups: usize,
    /// Task definitions of previews that a task could be started from.
    pub(super) definitions: usize,
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

/// A preview, from its comment to its end.
#[derive(Debug, Serialize)]
pub(super) struct PreviewRecord {
    pub(super) pull: u64,
    pub(super) url: String,
    /// What it showed.
    pub(super) page: Vec<String>,
    /// From the pull request's opening to the comment's rocket.
    pub(super) ready_ms: u64,
    pub(super) comments: Vec<Reacted>,
    pub(super) end: Ended,
    /// The pull request's one comment, at the end.
    pub(super) certificate: String,
    /// How GitHub shows the deployment at the end.
    pub(super) deployment: &'static str,
}

/// A comment, and what it got.
#[derive(Debug, Serialize)]
pub(super) struct Reacted {
    pub(super) body: String,
    pub(super) reactions: Vec<Emotion>,
}

/// The part of `mayfly preview wait --output json` that the demo reads.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Ended {
    pub(super) state: String,
    pub(super) cause: String,
    pub(super) uptime_s: u64,
    pub(super) cost: f64,
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
