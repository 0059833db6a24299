//! The stand-in application: what a preview shows, when nobody's real one is at hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    sandbox::standin_app::main_impl()
}
