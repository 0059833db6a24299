//! Settings: flags over environment over `mayfly.toml` over defaults, checked as a whole.
//!
//! [`settings`] lays the layers over one another and remembers where each value came from; [`resolve`] turns them into what
//! the commands need, and collects every fault instead of stopping at the first.

pub mod aws;
pub mod faults;
pub mod file;
pub mod machine;
pub mod place;
pub mod preview;
mod runner;
pub mod settings;
pub mod specs;
pub mod start;

pub use faults::{ConfigError, Faults};
pub use place::{GitHubAccess, PlaceConfig};
pub use settings::{Settings, Vars};
pub use specs::Kind;
pub use start::{Handover, StartConfig, WaitFor};
