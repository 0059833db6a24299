//! The stand-in of GitHub, asked over HTTP as clients ask it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected shall panic")]

mod access;
mod apps;
mod comments;
mod contract;
mod deployments;
mod faults;
mod oidc;
mod page;
mod people;
mod pulls;
mod registration;
mod runs;
mod statuses;
mod world;
