//! Takes the place of GitHub's `Runner.Listener` in the benchmark: notes when it was started, says what the real one says, and
//! ends by itself on SIGINT or SIGTERM. With a file `job` in its folder it says that a job runs.
#![expect(clippy::print_stdout, reason = "its lines are what the entrypoint reads")]

use std::path::Path;
use std::process::ExitCode;

use nix::sys::signal::{SigSet, Signal};
use nix::time::{ClockId, clock_gettime};

fn main() -> ExitCode {
    let started = clock_gettime(ClockId::CLOCK_MONOTONIC);
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
    // By rename: a reader finds all of it or nothing.
    let noted = signals.thread_block().and(started).map_err(std::io::Error::from).and_then(|now| {
        std::fs::write("started.new", format!("{} {}", now.tv_sec(), now.tv_nsec()))?;
        std::fs::rename("started.new", "started")
    });
    if noted.is_err() {
        return ExitCode::FAILURE;
    }
    println!("√ Connected to GitHub");
    println!("2026-11-21 10:00:00Z: Listening for Jobs");
    if Path::new("job").exists() {
        println!("2026-11-21 10:00:01Z: Running job: bench");
    }
    if signals.wait().is_err() {
        return ExitCode::FAILURE;
    }
    println!("Exiting...");
    ExitCode::SUCCESS
}
