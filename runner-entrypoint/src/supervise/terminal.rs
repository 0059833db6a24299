//! The terminal that we were started on.

use nix::unistd::{Pid, getsid};

use crate::signal::{Signal, SignalSet};

/// Lets go of the controlling terminal, so that the command's session can take it.
///
/// Gives the signals that follow from it: the kernel sends SIGHUP and SIGCONT to the foreground group of a terminal whose
/// session leader leaves it (`drivers/tty/tty_jobctrl.c`, `disassociate_ctty`), and that is our own.
pub(super) fn let_go() -> SignalSet {
    // SAFETY: numbers only; without a terminal the call fails.
    let gone = unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCNOTTY) } == 0;
    if gone && getsid(None) == Ok(Pid::this()) {
        SignalSet::EMPTY.with(Signal::HUP).with(Signal::CONT)
    } else {
        SignalSet::EMPTY
    }
}
