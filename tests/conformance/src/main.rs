//! `conformance`: prints which program keeps which guarantee, side by side.

use std::process::ExitCode;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    conformance::table::print(&wanted)
}
