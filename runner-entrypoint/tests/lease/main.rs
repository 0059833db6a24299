//! What `supervise` looks at beside its command: the lease's renewal, the app's readiness and traffic, secrets for the command.

#[expect(dead_code, reason = "the runner's tests use more of it")]
#[path = "../runner/github.rs"]
mod github;
mod guarded;
mod idle;
mod readiness;
mod renewal;
mod secrets;
