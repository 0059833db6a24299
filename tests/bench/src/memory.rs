//! The private memory of a process: what it costs beyond pages that others share.

use std::fs;

/// Bytes of `Private_*`. `None` where the kernel refuses: an entrypoint that is not dumpable shows it to root only.
pub(crate) fn private(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let kibibytes = text.lines().filter(|line| line.starts_with("Private_")).filter_map(|line| {
        let number = line.split_whitespace().nth(1)?;
        number.parse::<u64>().ok()
    });
    Some(kibibytes.sum::<u64>() * 1024)
}
