//! The terminal that we were started on.

/// Lets go of the controlling terminal, so that the command's session can take it.
///
/// The kernel then sends SIGHUP and SIGCONT to the terminal's foreground group, if we lead its session: to ourselves, as our
/// own signals, which `supervisor::signals` tells apart from others'.
pub(super) fn let_go() {
    // SAFETY: numbers only; without a terminal the call fails, and nothing is to be done.
    unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCNOTTY) };
}
