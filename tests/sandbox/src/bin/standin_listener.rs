//! The stand-in runner: `Runner.Listener`, and under the name `Runner.Worker` its Worker. Not GitHub's runner.

use std::process::ExitCode;

fn main() -> ExitCode {
    sandbox::standin::main_impl()
}
