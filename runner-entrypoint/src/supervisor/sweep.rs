//! The end of all that is left: SIGTERM, a moment, SIGKILL.

use std::collections::BTreeMap;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

use super::reaper;
use super::signals::Signals;

/// For what the job left behind; the job itself had its time.
const TERM_GRACE: Duration = Duration::from_millis(500);
const KILL_GRACE: Duration = Duration::from_millis(500);
/// New descendants may appear while the old ones end.
const LOOK_AGAIN: u16 = 20;

/// Ends all processes that are left: all of the container as PID 1, else our own descendants. Takes at most a second.
pub(super) fn sweep(signals: &Signals) {
    for (signal, grace) in [(Signal::SIGTERM, TERM_GRACE), (Signal::SIGKILL, KILL_GRACE)] {
        reaper::reap();
        if !reaper::has_children() {
            return;
        }
        signal_all(signal);
        let until = Instant::now() + grace;
        while Instant::now() < until && reaper::has_children() {
            // SIGCHLD ends the wait; what it is about is reaped below.
            let _ = poll(&mut [PollFd::new(signals.as_fd(), PollFlags::POLLIN)], PollTimeout::from(LOOK_AGAIN));
            signals.read();
            reaper::reap();
            if signal == Signal::SIGKILL {
                signal_all(signal);
            }
        }
    }
}

fn signal_all(signal: Signal) {
    if getpid() == Pid::from_raw(1) {
        // All but ourselves, whatever session or group they have fled to.
        let _ = kill(Pid::from_raw(-1), signal);
        return;
    }
    for pid in descendants(&parents(), getpid().as_raw()) {
        // It may have just ended.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Each process with its parent, from `/proc`.
fn parents() -> BTreeMap<i32, i32> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return BTreeMap::new() };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| Some((pid, parent_in(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
        .collect()
}

/// The parent, from a line of `/proc/PID/stat`. The name in brackets may contain anything, brackets and spaces included.
fn parent_in(stat: &str) -> Option<i32> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(1)?.parse().ok()
}

fn descendants(parents: &BTreeMap<i32, i32>, ancestor: i32) -> Vec<i32> {
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, its)| **its == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{descendants, parent_in};

    #[test]
    fn parent_is_found_behind_any_name() {
        assert_eq!(parent_in("12 (bash) S 7 12 12 0"), Some(7));
        assert_eq!(parent_in("12 (a) b) S 3 (c) S 7 12"), Some(7));
        assert_eq!(parent_in("nonsense"), None);
    }

    #[test]
    fn descendants_are_found_at_every_depth_and_others_are_left_alone() {
        let parents = BTreeMap::from([(1, 0), (10, 1), (11, 10), (12, 11), (20, 1)]);
        assert_eq!(descendants(&parents, 10), [11, 12]);
        assert_eq!(descendants(&parents, 20), [0; 0]);
    }
}
