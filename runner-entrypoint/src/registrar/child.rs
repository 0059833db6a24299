//! The child process: forked, given a task, heard once.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{ForkResult, Pid, fork, pipe2};

use super::{Answer, Registrar, Task};
use crate::clock::Moment;

/// A child gives up by itself; this much later PID 1 no longer believes it.
const GRACE: Duration = Duration::from_millis(1_000);

/// A child under way.
pub(crate) struct RegistrarChild {
    pid: Pid,
    pipe: File,
    heard: Vec<u8>,
    pub(crate) kill_at: Moment,
}

impl RegistrarChild {
    /// Starts a child.
    pub(crate) fn start(registrar: &mut Registrar, task: Task) -> Result<Self, Errno> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        // SAFETY: PID 1 has one thread, so no lock can be held by another one at this moment and the child may allocate.
        match unsafe { fork() }? {
            ForkResult::Child => answer_and_exit(registrar, task, writer),
            ForkResult::Parent { child } => {
                let kill_at = registrar.clock.now().plus(task.within()).plus(GRACE);
                Ok(Self { pid: child, pipe: File::from(reader), heard: Vec::new(), kill_at })
            }
        }
    }

    /// Reads what is there. `Some` at the end: the answer, or nothing where the child died before it had one.
    pub(crate) fn listen(&mut self) -> Option<Option<Answer>> {
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

    /// Asks it not to try again after what it is at: see `patience`.
    pub(crate) fn hurry(&mut self, now: Moment, within: Duration) {
        self.kill_at = self.kill_at.min(now.plus(within));
        // It may have just ended; then its answer is in the pipe.
        let _ = kill(self.pid, Signal::SIGTERM);
    }

    /// Ends it. The end of the pipe tells of it like any other end.
    pub(crate) fn kill(&mut self) {
        let _ = kill(self.pid, Signal::SIGKILL);
        // A process stuck in the kernel is not killed a thousand times a second.
        self.kill_at = self.kill_at.plus(GRACE);
    }
}

impl AsFd for RegistrarChild {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

fn answer_and_exit(registrar: &mut Registrar, task: Task, writer: OwnedFd) -> ! {
    // A panic must not unwind into the copy of PID 1's loop that this process has on its stack.
    let worked = catch_unwind(AssertUnwindSafe(|| {
        let answer = registrar.work(task);
        let written = serde_json::to_vec(&answer).unwrap_or_default();
        File::from(writer).write_all(&written).is_ok()
    }));
    let code = i32::from(!matches!(worked, Ok(true)));
    // SAFETY: `_exit` runs no destructors and flushes nothing: all that is PID 1's stays PID 1's.
    unsafe { libc::_exit(code) }
}
