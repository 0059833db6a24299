//! What the runner prints.

use std::io::Write as _;

use crate::clock::{Clock, terminal};

/// Prints a line. A reader that went away is no reason to stop: the real one goes on as well.
pub(super) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints a line with the time in front of it.
pub(super) fn say_at(line: &str) {
    say(&format!("{}: {line}", terminal(Clock::default().now())));
}

/// Prints raw bytes.
pub(super) fn blurt(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Prints a line on stderr.
pub(super) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
