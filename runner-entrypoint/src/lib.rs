//! PID 1 of a Mayfly machine.
//!
//! It takes the credential out of its environment, registers one runner as late as possible, guards the runner's Listener,
//! deregisters whatever happens, tells why it ended, and leaves. One thread and no async runtime: the loop in `supervisor`
//! waits, `machine` decides without touching anything, and every network call is made by a short-lived child (`registrar`),
//! so that the process that lives long holds neither a secret nor an HTTP stack.

mod aws;
mod cli;
mod clock;
mod config;
mod descriptors;
mod errand;
mod exit;
mod github;
mod healthcheck;
mod http;
mod install;
mod listener;
mod machine;
mod personality;
mod registrar;
mod report;
mod runner;
mod secret_source;
mod secrets;
mod signal;
mod supervise;
mod supervisor;
mod task_role;

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt as _;

use self::personality::Personality;

/// The program's name and its arguments, from what the C library gives to `main`.
///
/// # Safety
/// There are `count` pointers to NUL-terminated strings.
pub unsafe fn arguments(count: c_int, arguments: *const *const c_char) -> Vec<OsString> {
    let owned = |index| {
        // SAFETY: the caller promises that there are so many.
        let text = unsafe { CStr::from_ptr(*arguments.add(index)) };
        OsStr::from_bytes(text.to_bytes()).to_owned()
    };
    (0..usize::try_from(count).unwrap_or(0)).map(owned).collect()
}

/// Runs the program: reads the command line, does what it says, and returns the exit code of the documented table.
pub fn main_impl(arguments: &[OsString]) -> u8 {
    let clock = clock::Clock::start();
    let (program, arguments) =
        arguments.split_first().map_or((OsStr::new(""), arguments), |(first, rest)| (first, rest));
    if let Some(personality) = Personality::of(program) {
        return personality.run(program, arguments, clock);
    }
    match cli::parse(arguments) {
        Ok(cli::Command::Runner) => runner::run(clock),
        Ok(cli::Command::Supervise(arguments)) => supervise::run(arguments, clock),
        Ok(cli::Command::Become(arguments)) => supervise::handover::become_command(arguments),
        Ok(cli::Command::Install(folder)) => install::run(folder),
        Ok(cli::Command::Healthcheck) => healthcheck::run(),
        Ok(cli::Command::Causes) => cli::print(&cli::causes()),
        Ok(cli::Command::Help) => cli::print(cli::HELP),
        Ok(cli::Command::Version) => cli::print(cli::VERSION),
        Err(fault) => cli::refuse(&fault),
    }
}
