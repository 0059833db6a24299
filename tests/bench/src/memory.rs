//! The private memory of a process: what it costs beyond pages that others share.

use std::fs;

/// Private memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All of it: `Private_*`.
    pub(crate) private: u64,
    /// What was written to: `Private_Dirty`. The rest are pages of the program's file that no other process has mapped at this
    /// moment; the kernel drops them when it needs them, and how many it maps in advance varies with its page cache.
    pub(crate) dirty: u64,
}

/// `None` where the kernel refuses: an entrypoint that is not dumpable shows it to root only.
pub(crate) fn of(pid: u32) -> Option<Memory> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let sum = |prefix: &str| -> u64 {
        let numbers = text.lines().filter(|line| line.starts_with(prefix)).filter_map(|line| {
            let number = line.split_whitespace().nth(1)?;
            number.parse::<u64>().ok()
        });
        numbers.sum::<u64>() * 1024
    };
    Some(Memory { private: sum("Private_"), dirty: sum("Private_Dirty:") })
}
