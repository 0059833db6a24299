//! The stand-in of GitHub, asked over HTTP as clients ask it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected shall panic")]

mod access;
mod apps;
mod contract;
mod faults;
mod oidc;
mod registration;
mod runs;
mod world;
