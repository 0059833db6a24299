//! One thing to do away from PID 1: in a child that is forked and not executed, does it, says the result once, and is gone
//! with all that TLS and HTTP have put into its memory.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{ForkResult, Pid, fork, pipe2};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Moment;
use crate::signal::{Signal, SignalSet};

/// A child gives up by itself; this much later PID 1 no longer believes it.
const GRACE: Duration = Duration::from_millis(1_000);

/// An errand under way, whose result is an `A`.
pub(crate) struct Errand<A> {
    pid: Pid,
    pipe: File,
    heard: Vec<u8>,
    pub(crate) kill_at: Moment,
    result: PhantomData<A>,
}

/// What SIGTERM does to the child. PID 1 blocks it, and so do its children at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnTerm {
    /// It stays pending, to be looked for.
    Pend,
    /// It ends the child: nothing is lost.
    Die,
}

impl<A: Serialize + DeserializeOwned> Errand<A> {
    /// Sends a child off.
    pub(crate) fn start(
        now: Moment,
        within: Duration,
        on_term: OnTerm,
        work: impl FnOnce() -> A,
    ) -> Result<Self, Errno> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        // SAFETY: PID 1 has one thread, so no lock can be held by another one at this moment and the child may allocate.
        match unsafe { fork() }? {
            ForkResult::Child => work_and_exit(on_term, work, writer),
            ForkResult::Parent { child } => {
                let kill_at = now.plus(within).plus(GRACE);
                Ok(Self { pid: child, pipe: File::from(reader), heard: Vec::new(), kill_at, result: PhantomData })
            }
        }
    }

    /// Reads what is there. `Some` at the end: the result, or nothing where the child died before it had one.
    pub(crate) fn listen(&mut self) -> Option<Option<A>> {
        let mut piece = [0; 4096];
        loop {
            match self.pipe.read(&mut piece) {
                Ok(0) => return Some(serde_json::from_slice(&self.heard).ok()),
                Ok(length) => self.heard.extend_from_slice(&piece[..length]),
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) if cause.kind() == std::io::ErrorKind::WouldBlock => return None,
                Err(_) => return Some(None),
            }
        }
    }

    /// Asks it not to try again after what it is at.
    pub(crate) fn hurry(&mut self, now: Moment, within: Duration) {
        self.kill_at = self.kill_at.min(now.plus(within));
        // It may have just ended; then its result is in the pipe.
        let _ = Signal::TERM.send_to(self.pid.as_raw());
    }

    /// Ends it. The end of the pipe tells of it like any other end.
    pub(crate) fn kill(&mut self) {
        let _ = Signal::KILL.send_to(self.pid.as_raw());
        // A process stuck in the kernel is not killed a thousand times a second.
        self.kill_at = self.kill_at.plus(GRACE);
    }
}

impl<A> AsFd for Errand<A> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

fn work_and_exit<A: Serialize>(on_term: OnTerm, work: impl FnOnce() -> A, writer: OwnedFd) -> ! {
    if on_term == OnTerm::Die {
        // What cannot be unblocked ends with SIGKILL, a little later.
        let _ = SignalSet::EMPTY.block();
    }
    // A panic must not unwind into the copy of PID 1's loop that this process has on its stack.
    let worked = catch_unwind(AssertUnwindSafe(|| {
        let result = work();
        let written = serde_json::to_vec(&result).unwrap_or_default();
        File::from(writer).write_all(&written).is_ok()
    }));
    let code = i32::from(!matches!(worked, Ok(true)));
    // SAFETY: `_exit` runs no destructors and flushes nothing: all that is PID 1's stays PID 1's.
    unsafe { libc::_exit(code) }
}
