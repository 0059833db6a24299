//! The stand-in runner as a process, against the stand-in of GitHub: what it prints, leaves behind and exits with.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected shall panic")]

mod configure;
mod jobs;
mod misbehaviour;
mod signals;
mod world;
