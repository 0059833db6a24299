//! PID 1 of a Mayfly machine.
//!
//! It takes the credential out of its environment, registers one runner as late as possible, guards the runner's Listener,
//! deregisters whatever happens, tells why it ended, and leaves. One thread and no async runtime: the loop in `supervisor`
//! waits, `machine` decides without touching anything, and every network call is made by a short-lived child (`registrar`),
//! so that the process that lives long holds neither a secret nor an HTTP stack.

mod cli;
mod clock;
mod config;
mod descriptors;
mod exit;
mod github;
mod healthcheck;
mod http;
mod listener;
mod machine;
mod parameter;
mod registrar;
mod report;
mod runner;
mod secrets;
mod signal;
mod supervise;
mod supervisor;
mod task_role;

use std::process::ExitCode;

/// Runs the program: reads the command line, does what it says, and returns the exit code of the documented table.
pub fn main_impl() -> ExitCode {
    let clock = clock::Clock::start();
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match cli::parse(&arguments) {
        Ok(cli::Command::Runner) => runner::run(clock),
        Ok(cli::Command::Healthcheck) => healthcheck::run(),
        Ok(cli::Command::Causes) => cli::print(&cli::causes()),
        Ok(cli::Command::Help) => cli::print(cli::HELP),
        Ok(cli::Command::Version) => cli::print(cli::VERSION),
        Err(fault) => cli::refuse(&fault),
    }
}
