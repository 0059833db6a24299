//! The command line. Read by hand: there is little to read, and PID 1 must start at once.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::Write as _;

use contract::exit::Cause;

use crate::supervise::handover;

pub(crate) const VERSION: &str = concat!("runner-entrypoint ", env!("CARGO_PKG_VERSION"), "\n");

pub(crate) const HELP: &str = "\
PID 1 of a Mayfly machine: registers an ephemeral runner, guards it, deregisters it, and dies.

Usage: runner-entrypoint [COMMAND]

Commands:
  runner       Run one runner to its end; all settings come from MAYFLY_* variables (the default)
  supervise    Run a command with a limit on its life, and end all that it leaves behind (supervise --help)
  install DIR  Put this program into a folder, as DIR/runner-entrypoint, for a container whose image has none
  healthcheck  Exit with 0 when the runner's Listener is connected, with 1 when it is not
  causes       Print the exit codes and what they mean

Options:
  -h, --help     Print this help
  -V, --version  Print the version
";

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Runner,
    /// With the arguments behind it.
    Supervise(&'a [OsString]),
    /// How `supervise` starts a command with secrets; not for people.
    Become(&'a [OsString]),
    /// With the folder.
    Install(&'a OsStr),
    Healthcheck,
    Causes,
    Help,
    Version,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Command<'_>, String> {
    let Some((first, rest)) = arguments.split_first() else { return Ok(Command::Runner) };
    let first = first.to_string_lossy();
    let command = match first.as_ref() {
        "supervise" => return Ok(Command::Supervise(rest)),
        "install" => return install(rest),
        handover::BECOME => return Ok(Command::Become(rest)),
        "runner" => Command::Runner,
        "healthcheck" => Command::Healthcheck,
        "causes" => Command::Causes,
        "help" | "-h" | "--help" => return Ok(Command::Help),
        "-V" | "--version" => return Ok(Command::Version),
        other => return Err(format!("\"{other}\" is not a command; runner-entrypoint --help lists them")),
    };
    match rest.first().map(|argument| argument.to_string_lossy()).as_deref() {
        None => Ok(command),
        Some("-h" | "--help") => Ok(Command::Help),
        Some(other) => Err(format!("\"{first}\" takes no argument \"{other}\"; its settings are MAYFLY_* variables")),
    }
}

fn install(arguments: &[OsString]) -> Result<Command<'_>, String> {
    match arguments {
        [option] if option == "-h" || option == "--help" => Ok(Command::Help),
        [folder] if !folder.is_empty() => Ok(Command::Install(folder)),
        _ => Err("\"install\" takes one folder: runner-entrypoint install /mayfly".to_owned()),
    }
}

/// The table of exit codes.
pub(crate) fn causes() -> String {
    let mut table = String::new();
    for cause in Cause::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{:>3}  {:<24} {}", cause.code(), cause.name(), cause.meaning());
    }
    table
}

/// Prints a text that was asked for.
pub(crate) fn print(text: &str) -> u8 {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

/// Says what is wrong with the command line. 125 is what a shell's `timeout` and ours give for a failure of their own.
pub(crate) fn refuse(fault: &str) -> u8 {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "runner-entrypoint: {fault}");
    Cause::Internal.code()
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};

    use super::{Command, causes, parse};

    fn arguments(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn each_command_is_understood_and_none_means_runner() {
        let cases = [
            ("", Command::Runner),
            ("runner", Command::Runner),
            ("healthcheck", Command::Healthcheck),
            ("causes", Command::Causes),
            ("--help", Command::Help),
            ("runner --help", Command::Help),
            ("install --help", Command::Help),
            ("install /mayfly", Command::Install(OsStr::new("/mayfly"))),
            ("-V", Command::Version),
        ];
        for (line, command) in cases {
            assert_eq!(parse(&arguments(line)), Ok(command), "{line}");
        }
    }

    #[test]
    fn unknown_command_or_argument_is_named() {
        assert!(parse(&arguments("runer")).is_err_and(|fault| fault.contains("\"runer\"")));
        assert!(parse(&arguments("runner --token x")).is_err_and(|fault| fault.contains("\"--token\"")));
        for line in ["install", "install /mayfly /other"] {
            assert!(parse(&arguments(line)).is_err_and(|fault| fault.contains("takes one folder")), "{line}");
        }
    }

    #[test]
    fn table_of_causes_has_one_line_for_each() {
        assert_eq!(causes().lines().count(), contract::exit::Cause::ALL.len());
        assert!(causes().contains("201  idle"));
    }

    #[test]
    fn readme_has_the_same_table() {
        let readme = include_str!("../README.md");
        for cause in contract::exit::Cause::ALL {
            let row = format!("| {} | `{}` | {} |", cause.code(), cause.name(), cause.meaning());
            assert!(readme.contains(&row), "{row}");
        }
        for cause in contract::exit::AppCause::ALL {
            let row = format!("| `{}` | {} |", cause.name(), cause.meaning());
            assert!(readme.contains(&row), "{row}");
        }
    }
}
