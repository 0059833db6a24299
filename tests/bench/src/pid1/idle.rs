//! What a program costs while nothing happens.

use std::fs;
use std::io;
use std::process::Child;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::contender::Contender;
use crate::memory;

/// Until everything that follows a start has been done.
const SETTLE: Duration = Duration::from_millis(300);

/// A program that only waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    /// Private memory in bytes; nothing where the kernel does not show it.
    pub(super) memory: Option<u64>,
    /// How often it ran.
    pub(super) wake_ups: u64,
}

/// Watches a program whose child sleeps.
pub(super) fn watch(contender: &Contender, time: Duration) -> io::Result<Idle> {
    let program = contender.running(&["sleep", "1000"]).spawn()?;
    pause(SETTLE);
    let before = switches(program.id())?;
    pause(time);
    let wake_ups = switches(program.id())?.saturating_sub(before);
    let memory = memory::of(program.id()).map(|memory| memory.private);
    end(program)?;
    Ok(Idle { memory, wake_ups })
}

/// Ends a program and its child.
pub(super) fn end(mut program: Child) -> io::Result<()> {
    let pid = program.id();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        kill(Pid::from_raw(child), Signal::SIGKILL)?;
    }
    program.wait().map(drop)
}

/// How often a process gave up the processor: each wake-up ends with that.
fn switches(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let counts = status.lines().filter_map(|line| line.split_once("voluntary_ctxt_switches:"));
    // "nonvoluntary" too: a wake-up may end by being pushed aside.
    Ok(counts.filter_map(|(_, count)| count.trim().parse::<u64>().ok()).sum())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark must not disturb what it watches")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
