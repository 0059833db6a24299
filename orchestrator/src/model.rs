//! Plain types: ids, names, modes and what a launch is. No clients, no clock, no environment.

pub mod identity;
pub mod launch;
pub mod launch_id;
pub mod mode;
pub mod runner_name;

pub use identity::{ClientToken, Identity, Origin, WorkflowRun};
pub use launch::{Launch, Limits, RunnerSpec};
pub use launch_id::LaunchId;
pub use mode::LaunchMode;
pub use runner_name::{Place, RunnerName};
