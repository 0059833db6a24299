//! Ends a machine from outside.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getsid};

use super::{Life, LocalError, LocalMachine};

/// How long a machine that was just started may take to say its process id.
const FIRST_WORD: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Whether a machine is asked or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// SIGTERM: it deregisters, lets a running job finish inside its stop window, and ends.
    No,
    /// SIGKILL to it and to all that it started: nothing is deregistered, a running job is lost.
    Yes,
}

/// What became of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The signal was sent. Whether the machine is gone is for [`LocalMachine::life`] to say.
    Signalled,
    /// It had ended before.
    HadEnded,
}

impl LocalMachine {
    /// Stops the machine. Waits for nothing but its first word.
    ///
    /// # Errors
    /// Where it lives and no process of it can be signalled.
    pub fn stop(&self, force: Force) -> Result<Stopped, LocalError> {
        let Some(pid) = self.live_pid()? else {
            return Ok(Stopped::HadEnded);
        };
        self.folder.note(match force {
            Force::No => "asked to stop",
            Force::Yes => "killed by force",
        });
        match force {
            Force::No => self.signal(pid, Signal::SIGTERM)?,
            Force::Yes => self.kill_all(pid)?,
        }
        Ok(Stopped::Signalled)
    }

    /// The machine's process; `None` once it has ended.
    #[expect(
        clippy::disallowed_methods,
        reason = "between two looks at files, which nothing announces, up to a deadline"
    )]
    fn live_pid(&self) -> Result<Option<Pid>, LocalError> {
        let deadline = Instant::now() + FIRST_WORD;
        loop {
            if self.life()? == Life::Ended {
                return Ok(None);
            }
            let pid = self.state().and_then(|state| i32::try_from(state.pid).ok()).map(Pid::from_raw);
            // The number comes from a file, and its process may be gone while a process of its job still holds the lock.
            // A machine leads its own session, which few other processes do.
            if let Some(pid) = pid.filter(|pid| pid.as_raw() > 1 && getsid(Some(*pid)) == Ok(*pid)) {
                return Ok(Some(pid));
            }
            if Instant::now() >= deadline {
                return Err(LocalError::NoPid(self.folder().to_owned()));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn kill_all(&self, pid: Pid) -> Result<(), LocalError> {
        let started = descendants(pid);
        // The machine first: it can then start nothing more.
        self.signal(pid, Signal::SIGKILL)?;
        for pid in started {
            self.signal(pid, Signal::SIGKILL)?;
        }
        Ok(())
    }

    fn signal(&self, pid: Pid, signal: Signal) -> Result<(), LocalError> {
        send(pid, signal, self.folder())
    }
}

/// Asks a process to end; one that is gone has ended.
pub(super) fn terminate(pid: Pid, folder: &Path) -> Result<(), LocalError> {
    send(pid, Signal::SIGTERM, folder)
}

fn send(pid: Pid, signal: Signal, folder: &Path) -> Result<(), LocalError> {
    match kill(pid, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(source) => Err(LocalError::Signal { pid: pid.as_raw(), folder: folder.to_owned(), source }),
    }
}

/// All processes below `root`, by their parents' ids in `/proc`; none where there is no `/proc`.
fn descendants(root: Pid) -> Vec<Pid> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok) {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some((pid, parent)) = pid.and_then(|pid| Some((pid, parent_of(pid)?))) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut next = vec![root.as_raw()];
    while let Some(parent) = next.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        found.extend(below.iter().copied().map(Pid::from_raw));
        next.extend(below);
    }
    found
}

/// The second field after the name, which stands in brackets and may hold anything (proc_pid_stat(5)).
fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
