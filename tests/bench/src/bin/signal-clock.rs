//! A child that notes when SIGTERM arrives, on the clock that all processes share, and goes on.
#![expect(clippy::print_stdout, reason = "its lines are what the benchmark reads")]

use std::process::ExitCode;

use nix::sys::signal::{SigSet, Signal};
use nix::time::{ClockId, clock_gettime};

fn main() -> ExitCode {
    let awaited: SigSet = [Signal::SIGTERM].into_iter().collect();
    if awaited.thread_block().is_err() {
        return ExitCode::FAILURE;
    }
    println!("ready");
    while awaited.wait().is_ok() {
        let Ok(now) = clock_gettime(ClockId::CLOCK_MONOTONIC) else { break };
        println!("{} {}", now.tv_sec(), now.tv_nsec());
    }
    ExitCode::FAILURE
}
