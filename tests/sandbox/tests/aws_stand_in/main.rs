//! The AWS side of the sandbox, asked over HTTP by a client that signs with AWS's own signer.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers as well")]

mod containers;
mod definitions;
mod faults;
mod front;
mod issuer;
mod life;
mod network;
mod query;
mod reading;
mod registry;
mod rules;
mod run_task;
mod signing;
mod sts;
mod target_groups;
mod world;
