//! What `/proc` tells of processes.

use std::fs;

use nix::unistd::Pid;

/// One process as `/proc/PID/stat` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id, as this process sees it.
    pub pid: Pid,
    /// Its parent.
    pub parent: Pid,
    /// Its program's name, cut to 15 bytes by the kernel.
    pub name: String,
    /// `R`, `S`, `T`, `Z`, ...
    pub state: char,
}

impl Process {
    /// A process, unless it is gone.
    pub fn of(pid: Pid) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold blanks and parentheses: it ends at the last one.
        let (head, tail) = stat.rsplit_once(") ")?;
        let name = head.split_once(" (")?.1.to_owned();
        let mut fields = tail.split(' ');
        let state = fields.next()?.chars().next()?;
        let parent = Pid::from_raw(fields.next()?.parse().ok()?);
        Some(Self { pid, parent, name, state })
    }

    /// Whether it has ended and waits to be reaped.
    pub fn is_zombie(&self) -> bool {
        self.state == 'Z'
    }

    /// Whether it is stopped.
    pub fn is_stopped(&self) -> bool {
        self.state == 'T'
    }
}

/// All processes.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Process::of(Pid::from_raw(pid))).collect()
}

/// The children of a process, zombies too.
pub fn children_of(parent: Pid) -> Vec<Process> {
    all().into_iter().filter(|process| process.parent == parent).collect()
}

/// Live processes that were started with this in their environment. Zombies have none.
pub fn with_environment(entry: &str) -> Vec<Process> {
    let carries = |process: &Process| {
        let block = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        block.split(|byte| *byte == 0).any(|variable| variable == entry.as_bytes())
    };
    all().into_iter().filter(carries).collect()
}

/// The one among them that is PID 1 of a namespace below ours.
pub fn first_with_environment(entry: &str) -> Option<Process> {
    with_environment(entry).into_iter().find(|process| is_first_below(process.pid))
}

fn is_first_below(pid: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    let numbers: Vec<&str> = numbers.split_whitespace().collect();
    matches!(numbers[..], [_, .., "1"])
}

/// Open descriptors of a process; nothing where it is gone or does not show them.
pub fn descriptors_of(pid: Pid) -> Option<usize> {
    fs::read_dir(format!("/proc/{pid}/fd")).ok().map(Iterator::count)
}

/// Memory of a process that no file stands behind, in kB; nothing where it is gone or does not show it. Pages of files come
/// and go with what others do with the same files.
pub fn anonymous_memory_of(pid: Pid) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"))?;
    line.split_whitespace().next()?.parse().ok()
}
