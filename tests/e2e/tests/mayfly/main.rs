//! What `mayfly` shows to a user, against the sandbox: the real programs, over HTTP and as processes.

mod answer;
mod crash;
mod credentials;
mod exactly_one;
mod failed_wait;
mod job;
mod launch;
mod local;
