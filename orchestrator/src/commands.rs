//! One file for each command: builds what it needs, calls, and prints.

pub mod comment;
pub mod context;
pub mod list;
pub mod local;
pub mod local_start;
pub mod logs;
pub mod preview;
pub mod reap;
pub mod start;
pub mod stop;
pub mod wait;

pub use context::Context;
