//! What the two sides of a launch agree on.
//!
//! The orchestrator writes these names, tags and records; `runner-entrypoint` reads and answers them. Terraform, Docker and
//! the workflows repeat some of them as text, and a test compares those with this crate. Nothing here talks to the network
//! and nothing here decides anything.

pub mod credential;
pub mod duration;
pub mod env;
pub mod exit;
pub mod github_app;
pub mod record;
pub mod scope;
pub mod secret;
pub mod tags;

pub use credential::Credential;
pub use scope::Scope;
pub use secret::Secret;
