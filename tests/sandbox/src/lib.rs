//! Stand-ins for what Mayfly talks to, over HTTP on this machine: GitHub and its OIDC issuer, AWS, and a runner.
//!
//! Each is strict where the real one is, keeps a log of what it was asked, and goes wrong when told to. Nothing in here is
//! used by the products; they are given other addresses and notice nothing.

pub mod aws;
pub mod binaries;
mod cli;
pub mod clock;
mod connection;
pub mod contract_check;
mod demo;
pub mod distribution;
pub mod github;
pub mod keys;
mod serve;
pub mod standin;
pub mod standin_app;
mod wire;
pub mod world;

pub use cli::main_impl;
pub use world::{Sandbox, SandboxConfig};
