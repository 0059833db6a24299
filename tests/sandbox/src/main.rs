//! The sandbox as a program: see `sandbox --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sandbox::main_impl()
}
