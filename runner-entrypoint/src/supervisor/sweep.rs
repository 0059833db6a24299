//! The end of all that is left: SIGTERM, a moment, SIGKILL.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::reaper;
use super::signals::Signals;
use super::tree::signal_all_others;
use crate::signal::Signal;

/// For what the job left behind; the job itself had its time.
const TERM_GRACE: Duration = Duration::from_millis(500);
const KILL_GRACE: Duration = Duration::from_millis(500);
/// New descendants may appear while the old ones end.
const LOOK_AGAIN: u16 = 20;

/// Ends all processes that are left: all of the container as PID 1, else our own descendants. Takes at most a second.
pub(crate) fn sweep(signals: &Signals) {
    for (signal, grace) in [(Signal::TERM, TERM_GRACE), (Signal::KILL, KILL_GRACE)] {
        reaper::reap(|_, _| {});
        if !reaper::has_children() {
            return;
        }
        signal_all_others(signal);
        let until = Instant::now() + grace;
        while Instant::now() < until && reaper::has_children() {
            // SIGCHLD ends the wait; what it is about is reaped below.
            let _ = poll(&mut [PollFd::new(signals.as_fd(), PollFlags::POLLIN)], PollTimeout::from(LOOK_AGAIN));
            signals.read();
            reaper::reap(|_, _| {});
            if signal == Signal::KILL {
                signal_all_others(signal);
            }
        }
    }
}
