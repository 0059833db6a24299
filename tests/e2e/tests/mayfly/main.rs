//! What `mayfly` shows to a user, against the sandbox: the real programs, over HTTP and as processes.

mod answer;
mod credentials;
mod job;
mod launch;
mod local;
