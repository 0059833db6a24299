//! What `supervise` looks at beside its command: the lease's renewal, the app's readiness and traffic, secrets for the command.

#[path = "../runner/github.rs"]
mod github;
mod guarded;
mod idle;
mod readiness;
mod renewal;
