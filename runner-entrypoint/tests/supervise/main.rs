//! The real binary, as supervisor of a command and by the names of others. Guarantees in numbers are in `tests/conformance`.

mod codes;
mod install;
mod life;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};

use contract::record::{AppEnd, END_PREFIX};

/// The program under a name of its own or of somebody else.
fn called(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner-entrypoint"));
    command.arg0(name).args(arguments).stdin(Stdio::null());
    // Messages are compared; a lease of the machine that the tests run on is none of theirs.
    command.env("LC_ALL", "C").env_remove(contract::env::ID).env_remove(contract::env::STATE_DIR);
    command
}

fn supervise(arguments: &[&str]) -> Command {
    let mut command = called("runner-entrypoint", &["supervise"]);
    command.args(arguments);
    command
}

fn run(mut command: Command) -> Output {
    command.output().expect("the program can be executed")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The last line that it has written to stdout.
fn end_of(output: &Output) -> AppEnd {
    let stdout = text(&output.stdout);
    let last = stdout.lines().last().unwrap_or_default();
    assert!(last.starts_with(END_PREFIX), "{stdout}");
    serde_json::from_str(last).expect("the last line is a record")
}
