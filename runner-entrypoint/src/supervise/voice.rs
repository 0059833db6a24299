//! How what happens is told: each personality has its own words, and its own way to leave.

use nix::errno::Errno;
use nix::unistd::Pid;

use super::machine::{State, Verdict};
use crate::clock::Moment;
use crate::exit::Exit;
use crate::signal::{Sent, Signal};

/// Told of everything; says what its namesake says.
pub(crate) trait Voice {
    /// The command runs.
    fn started(&self, _pid: Pid) {}
    /// A signal came from outside.
    fn received(&self, _signal: Signal) {}
    /// SIGCHLD came.
    fn received_child(&self) {}
    /// It was of our own making, and means nothing.
    fn ignored(&self, _signal: Signal) {}
    /// It is not passed on.
    fn dropped(&self, _signal: Signal) {}
    /// A signal is passed on.
    fn forwarded(&self, _sent: Sent) {}
    /// A signal asks the command to end.
    fn ending(&self, _sent: Sent) {}
    /// We stop ourselves now.
    fn suspending(&self) {}
    /// A process was reaped.
    fn reaped(&self, _pid: Pid, _exit: Exit, _whose: Whose) {}
    /// The command could not be executed.
    fn not_started(&self, _cause: Errno) {}
    /// The last words, and the exit code.
    fn leave(&self, verdict: &Verdict, state: &State, now: Moment) -> u8;
}

/// Which process it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The command itself.
    Command,
    /// An orphan's, or that of a helper of ours.
    Other,
}
