//! Processes that a job left behind: found by the tracking id in their environment, as the real runner does.

use std::fs;

use nix::sys::signal::{Signal, kill as send};
use nix::unistd::Pid;

/// Kills all processes that carry a tracking id; answers with a line for each.
pub(super) fn kill(tracking_id: &str) -> Vec<String> {
    let marker = format!("RUNNER_TRACKING_ID={tracking_id}");
    let mut lines = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if !environment.split(|byte| *byte == 0).any(|variable| variable == marker.as_bytes()) {
            continue;
        }
        let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if send(Pid::from_raw(pid), Signal::SIGKILL).is_ok() {
            lines.push(format!("Terminate orphan process: pid ({pid}) ({})", name.trim()));
        }
    }
    lines
}
