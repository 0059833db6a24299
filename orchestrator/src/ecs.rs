//! ECS: the request that starts a machine, the calls, and what tasks look like afterwards.

pub mod client;
pub mod definitions;
pub mod request;
pub mod stopped;
pub mod task;

pub use client::{Ecs, RunAnswer};
pub use definitions::Definitions;
pub use request::RunTaskRequest;
pub use stopped::StopClass;
pub use task::{Container, Health, Status, Task, TaskArn};
