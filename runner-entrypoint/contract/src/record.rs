//! Records that a machine leaves: its last line on stdout and its state file.

use serde::{Deserialize, Serialize};

use crate::exit::{AppCause, Cause};

/// The first bytes of the last line on stdout: what to look for in a log.
pub const END_PREFIX: &str = "{\"mayfly\":\"end\",";

/// File name of [`State`] within the state folder.
pub const STATE_FILE: &str = "state.json";

/// The last line on stdout of a runner's machine: one JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Always `end`; first, so that [`END_PREFIX`] finds the line.
    pub mayfly: String,
    /// Why the machine ended.
    pub cause: Cause,
    /// The process exit code.
    pub code: u8,
    /// Whether the registration is known to be gone from GitHub.
    pub deregistered: bool,
    /// GitHub's id of the runner, where it came to a registration.
    pub runner_id: Option<u64>,
    /// The runner's name.
    pub runner_name: String,
    /// Jobs that were seen to start.
    pub jobs: u32,
    /// Result of the last job as the Listener said it, e.g. `Succeeded`.
    pub job_result: Option<String>,
    /// One sentence for people: what refused, and the fix where it is known.
    pub message: String,
    /// When things happened.
    pub timings: Timings,
}

/// The last line on stdout of a command's machine (`runner-entrypoint supervise`): one JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppEnd {
    /// Always `end`; first, so that [`END_PREFIX`] finds the line.
    pub mayfly: String,
    /// Why it ended.
    pub cause: AppCause,
    /// The process exit code.
    pub code: u8,
    /// How often the lease was renewed.
    pub renewals: u32,
    /// Milliseconds from the start of PID 1 to this line.
    pub uptime_ms: u64,
    /// One sentence for people.
    pub message: String,
}

/// File name of [`Lease`] within the state folder.
pub const LEASE_FILE: &str = "lease.json";

/// The lease as it is kept for a container that is restarted: by the wall clock, so that it does not start again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The launch that the lease belongs to ([`crate::env::ID`]); a lease of another launch means nothing.
    pub id: Option<String>,
    /// When the command was first started: milliseconds since 1970, UTC.
    pub started_at_ms: u64,
    /// When the time is up, as granted last: milliseconds since 1970, UTC.
    pub expires_at_ms: u64,
    /// The supervisor's process id.
    #[serde(default)]
    pub pid: u32,
}

/// File name, within the state folder, of the moment (RFC 3339) until which somebody asks the lease to go on: what
/// `--renew-from file` reads.
pub const RENEW_FILE: &str = "renew";

/// Milliseconds from the start of PID 1; `None` for what did not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// The runner was registered at GitHub.
    pub registered_ms: Option<u64>,
    /// The Listener was started.
    pub listener_ms: Option<u64>,
    /// The Listener said that it listens for jobs.
    pub connected_ms: Option<u64>,
    /// The (last) job started.
    pub job_started_ms: Option<u64>,
    /// The (last) job ended.
    pub job_ended_ms: Option<u64>,
    /// The whole life.
    pub uptime_ms: u64,
}

/// Where the life of a runner's machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// PID 1 runs; nothing is registered.
    Starting,
    /// Registered at GitHub; the Listener is not connected yet.
    Registered,
    /// The Listener listens for jobs: what the health check waits for.
    Online,
    /// A job runs.
    Busy,
    /// A stop was asked for.
    Draining,
    /// The end; the record is in the log.
    Ended,
}

/// The state file: rewritten (by rename) at each change of phase, read by `runner-entrypoint healthcheck` and by launch
/// mode `local`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where the life stands.
    pub phase: Phase,
    /// PID 1's process id.
    pub pid: u32,
    /// GitHub's id of the runner, where it came to a registration.
    pub runner_id: Option<u64>,
    /// The last line, once it was written.
    pub end: Option<End>,
}
