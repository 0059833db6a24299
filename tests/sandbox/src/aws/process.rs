//! The processes of a container: found by kinship or by a mark in their environment, and ended together.
//!
//! A container's end takes all of its processes along. On this machine there is no cgroup to do that, so they are
//! looked for: by descent, by session, and (for those whose parents are gone) by a variable that only this container's
//! environment has. Without `/proc` (macOS) the container's own process group is all that is found.

use std::fs;
use std::process::Command;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// What a container's processes are known by.
#[derive(Clone, Debug)]
pub(crate) struct Kin {
    /// The first process: leader of its own session.
    pub(crate) root: i32,
    /// `NAME=value` settings that no process outside of the container has.
    pub(crate) marks: Vec<String>,
}

#[derive(Clone, Copy)]
struct Process {
    pid: i32,
    parent: i32,
    session: i32,
}

impl Kin {
    /// Ends every process of the container.
    ///
    /// They are stopped first, again and again until no new one is found: a stopped process cannot fork, so what is
    /// killed then is all there is. The first process is its parent's (tokio's) to reap; the orphans are init's.
    pub(crate) fn kill_all(&self) {
        let mut found: Vec<i32> = Vec::new();
        loop {
            let fresh: Vec<i32> = self.members().into_iter().filter(|pid| !found.contains(pid)).collect();
            if fresh.is_empty() {
                break;
            }
            send(&fresh, Signal::SIGSTOP);
            found.extend(fresh);
        }
        send(&found, Signal::SIGKILL);
        if let Err(fault) = killpg(Pid::from_raw(self.root), Signal::SIGKILL) {
            tracing::trace!(%fault, root = self.root, "no process group is left to kill");
        }
    }

    /// The live processes of the container.
    pub(crate) fn members(&self) -> Vec<i32> {
        let all = processes();
        let mut members: Vec<i32> = all
            .iter()
            .filter(|process| process.pid == self.root || process.session == self.root || self.is_marked(process.pid))
            .map(|process| process.pid)
            .collect();
        loop {
            let children =
                all.iter().filter(|process| members.contains(&process.parent) && !members.contains(&process.pid));
            let children: Vec<i32> = children.map(|process| process.pid).collect();
            if children.is_empty() {
                return members;
            }
            members.extend(children);
        }
    }

    fn is_marked(&self, pid: i32) -> bool {
        let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
        environment.split(|&byte| byte == 0).any(|setting| self.marks.iter().any(|mark| mark.as_bytes() == setting))
    }
}

fn send(pids: &[i32], signal: Signal) {
    for &pid in pids {
        // One that has just ended on its own is no fault.
        if let Err(fault) = kill(Pid::from_raw(pid), signal) {
            tracing::trace!(%fault, pid, "a process could not be signalled");
        }
    }
}

/// All processes of this machine but zombies.
fn processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(read).collect()
}

/// Reads `/proc/PID/stat`: state, parent, process group and session follow the name, which may itself hold brackets.
fn read(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    (state != "Z" && state != "X").then_some(Process { pid, parent, session })
}

/// Makes the command's process the leader of a session of its own, away from the sandbox's terminal and its Ctrl-C.
pub(crate) fn in_own_session(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    // SAFETY: between fork and exec only setsid is called, which is async-signal-safe and allocates nothing.
    unsafe {
        command.pre_exec(|| nix::unistd::setsid().map(drop).map_err(std::io::Error::from));
    }
}
