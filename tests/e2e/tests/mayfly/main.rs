//! What `mayfly` shows to a user, against the sandbox: the real programs, over HTTP and as processes.

mod answer;
mod aws_cli;
mod bad_input;
mod crash;
mod credentials;
mod dry_run;
mod exactly_one;
mod failed_wait;
mod job;
mod launch;
mod list;
mod local;
mod logs;
mod reap;
mod refusals;
mod secrets;
mod stop;
mod wait;
