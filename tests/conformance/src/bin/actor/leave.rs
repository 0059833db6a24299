//! What a child leaves behind.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, setsid};

/// Leaves orphans that end at once, then waits for SIGTERM.
pub(crate) fn orphans(count: u32) -> Result<ExitCode, String> {
    for _ in 0..count {
        // SAFETY: there is one thread.
        match unsafe { fork() }.map_err(|cause| cause.to_string())? {
            ForkResult::Parent { child } => drop(waitpid(child, None)),
            ForkResult::Child => {
                // SAFETY: there is one thread. Its end leaves the grandchild to whoever adopts it.
                let _ = unsafe { fork() };
                // SAFETY: nothing has to be run at the end of a process that is only there to end.
                unsafe { libc::_exit(0) }
            }
        }
    }
    super::listen::obey("TERM", 0)
}

/// Leaves a daemon that notes its signals, then becomes a command.
pub(crate) fn daemon(words: &[&str]) -> Result<ExitCode, String> {
    let end = words.iter().position(|word| *word == "--").ok_or("`--` is missing")?;
    let (options, command) = (&words[..end], &words[end + 1..]);
    let name = options.last().ok_or("a name is missing")?;
    let file = PathBuf::from(std::env::var_os("NOTES").ok_or("$NOTES is missing")?).join(name);
    // SAFETY: there is one thread.
    match unsafe { fork() }.map_err(|cause| cause.to_string())? {
        ForkResult::Parent { .. } => {
            // Not before it takes signals: else the command could be through before there is a daemon.
            while !file.exists() {
                std::thread::yield_now();
            }
            super::become_command(command)
        }
        ForkResult::Child => witness(options, &file),
    }
}

/// Notes each signal that would end it. Ends on SIGTERM, unless it is deaf to it.
fn witness(options: &[&str], file: &PathBuf) -> Result<ExitCode, String> {
    if options.contains(&"--own-session") {
        setsid().map_err(|cause| cause.to_string())?;
    }
    let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1].into_iter().collect();
    signals.thread_block().map_err(|cause| cause.to_string())?;
    let mut notes = File::create(file).map_err(|cause| cause.to_string())?;
    loop {
        let signal = signals.wait().map_err(|cause| cause.to_string())?;
        writeln!(notes, "{signal}").map_err(|cause| cause.to_string())?;
        if signal == Signal::SIGTERM && !options.contains(&"--deaf") {
            return Ok(ExitCode::SUCCESS);
        }
    }
}
