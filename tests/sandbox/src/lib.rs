//! Stand-ins for what Mayfly talks to, over HTTP on this machine: GitHub and its OIDC issuer, AWS, and a runner.
//!
//! Each is strict where the real one is, keeps a log of what it was asked, and goes wrong when told to. Nothing in here is
//! used by the products; they are given other addresses and notice nothing.

pub mod aws;
pub mod clock;
mod connection;
pub mod contract_check;
pub mod distribution;
pub mod github;
pub mod keys;
pub mod standin;
mod wire;
