//! The stand-in runner: takes a job from the sandbox and runs its `run:` steps. Not GitHub's runner.
//!
//! From outside it is meant to be mistaken for the real one: command line, files, lines, exit codes and what signals do are
//! those of actions/runner 2.336.0. Inside it shares nothing with it, and it speaks to the sandbox only.

mod arguments;
mod broker;
mod configure;
mod files;
mod listener;
mod listener_job;
mod misbehave;
mod orphans;
mod signals;
mod step;
mod terminal;
mod worker;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arguments::Arguments;

/// Exit codes of the real Listener (`actions/runner src/Runner.Common/Constants.cs`).
mod code {
    pub(super) const SUCCESS: u8 = 0;
    pub(super) const TERMINATED: u8 = 1;
    pub(super) const RETRYABLE: u8 = 2;
    pub(super) const SESSION_CONFLICT: u8 = 5;
    pub(super) const VERSION_REFUSED: u8 = 7;
}

/// The first line of everything that it prints.
const NOTICE: &str = "Stand-in runner, not GitHub's";

/// The whole program.
pub fn main_impl() -> ExitCode {
    let program = std::env::current_exe().unwrap_or_default();
    // Told by its argument and not by its name: of a program whose file is gone the system says another name.
    if std::env::args().nth(1).is_some_and(|word| word == "spawnclient") {
        return ExitCode::from(worker::main(&root_of(&program)));
    }
    let arguments = Arguments::read(std::env::args().skip(1), std::env::vars());
    ExitCode::from(run_command(&arguments, &root_of(&program)))
}

/// The folder above `bin`: a runner finds its files by where its program is, not by where it was started.
fn root_of(program: &Path) -> PathBuf {
    program.parent().and_then(Path::parent).unwrap_or(Path::new("/")).to_path_buf()
}

fn run_command(arguments: &Arguments, root: &Path) -> u8 {
    if arguments.has("version") {
        terminal::say(crate::distribution::VERSION);
        return code::SUCCESS;
    }
    for name in &arguments.unknown {
        terminal::complain(&format!(
            "Unrecognized command-line input arguments for command {}: '{name}'. For usage refer to: .\\config.cmd --help",
            arguments.command
        ));
    }
    match arguments.command.as_str() {
        "configure" => configure::configure(arguments, root),
        "remove" => configure::remove(arguments, root),
        // The real one compiles itself ahead of time here; there is nothing to compile.
        "warmup" => code::SUCCESS,
        _ => listener::run(arguments, root),
    }
}
