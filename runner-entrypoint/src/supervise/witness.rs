//! What looks at the world beside the command: the lease's renewal, its readiness, its traffic.

use std::os::fd::BorrowedFd;

use nix::unistd::Pid;

use super::machine::Event;
use super::options::Options;
use crate::clock::Moment;
use crate::exit::Exit;

/// One such look. The guard asks it after each wait; it must never block.
pub(crate) trait Witness {
    /// The command runs from now on.
    fn begin(&mut self, now: Moment);
    /// When it wants to be asked next, if nothing can be read before.
    fn due(&self) -> Option<Moment>;
    /// What it waits to read.
    fn watched(&self) -> Option<BorrowedFd<'_>>;
    /// Looks, and says what it has seen.
    fn look(&mut self, now: Moment) -> Option<Event>;
    /// A process ended; a short-lived child of its own may be the one.
    fn hear_exit(&mut self, _pid: Pid, _exit: Exit) {}
}

/// All looks that the options ask for; none of them wakes anybody where there is none.
///
/// # Errors
/// A text that names the option which makes no sense.
pub(crate) fn all(_options: &Options) -> Result<Vec<Box<dyn Witness>>, String> {
    Ok(Vec::new())
}
