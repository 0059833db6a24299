//! The only caller of `waitpid` in PID 1. A second one would take exits away from the first.

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::machine::Exit;

/// Takes every child that has ended: ours, and orphans that were handed to us.
pub(super) fn reap() -> Vec<(Pid, Exit)> {
    let mut ended = Vec::new();
    while let Some(status) = wait_for_one() {
        match status {
            WaitStatus::Exited(pid, code) => ended.push((pid, Exit::Code(code))),
            WaitStatus::Signaled(pid, signal, _) => ended.push((pid, Exit::Signal(signal as i32))),
            _ => {}
        }
    }
    ended
}

/// Whether there are children at all.
pub(super) fn has_children() -> bool {
    // SAFETY: `waitid` with WNOWAIT takes nothing; a null pointer is allowed where nobody wants the details.
    let asked =
        unsafe { libc::waitid(libc::P_ALL, 0, std::ptr::null_mut(), libc::WEXITED | libc::WNOHANG | libc::WNOWAIT) };
    asked == 0 || Errno::last() != Errno::ECHILD
}

fn wait_for_one() -> Option<WaitStatus> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return None,
            Ok(status) => return Some(status),
            Err(Errno::EINTR) => {}
            // A real-time signal has no name in nix; the child is reaped all the same.
            Err(Errno::EINVAL) => {}
            Err(_) => return None,
        }
    }
}
