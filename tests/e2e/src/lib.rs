//! The harness of the end-to-end tests: a sandbox for each test, and the real `mayfly` as a user calls it.
//!
//! A test starts a [`World`], runs [`Mayfly`] in it, and ends with [`World::finish`], which fails on everything that nobody
//! looked at: tasks that live, runners at GitHub, parameters, processes, faults that never struck.

mod aws_api;
mod eventually;
mod leftovers;
mod mayfly;
pub mod preview;
mod ran;
mod running;
mod world;

pub use eventually::{LIMIT, eventually, holds_within};
pub use mayfly::Mayfly;
pub use ran::Ran;
pub use running::Running;
pub use world::World;
