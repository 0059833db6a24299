//! The only caller of `wait` in PID 1. A second one would take exits away from the first.

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::exit::Exit;

/// Takes every child that has ended: ours, and orphans that were handed to us.
pub(super) fn reap(mut take: impl FnMut(Pid, Exit)) {
    while let Some((pid, status)) = wait_for_one() {
        // By hand and not by nix, which knows no death by a real-time signal.
        if libc::WIFEXITED(status) {
            take(pid, Exit::Code(libc::WEXITSTATUS(status)));
        } else if libc::WIFSIGNALED(status) {
            take(pid, Exit::Signal(libc::WTERMSIG(status)));
        }
    }
}

/// Whether there are children at all.
pub(crate) fn has_children() -> bool {
    // SAFETY: `waitid` with WNOWAIT takes nothing; a null pointer is allowed where nobody wants the details.
    let asked =
        unsafe { libc::waitid(libc::P_ALL, 0, std::ptr::null_mut(), libc::WEXITED | libc::WNOHANG | libc::WNOWAIT) };
    asked == 0 || Errno::last() != Errno::ECHILD
}

fn wait_for_one() -> Option<(Pid, i32)> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a number that lives through the call.
        match Errno::result(unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) }) {
            Ok(0) => return None,
            Ok(pid) => return Some((Pid::from_raw(pid), status)),
            Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}
