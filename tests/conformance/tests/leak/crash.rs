//! A crash that nothing can catch, and the core file that it leaves or does not.

use std::fs;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Whether core files land in the folder of whoever crashes, where a test can look for them.
pub(crate) fn lands_in_the_folder() -> bool {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    !pattern.starts_with('|') && !pattern.contains('/')
}

/// Ends a process by SIGSEGV, also one that blocks it, as a fault of its own would. It has to be let in by ptrace: only root
/// with all capabilities is.
pub(crate) fn crash(pid: Pid) {
    trace(libc::PTRACE_ATTACH, pid, 0, 0);
    let stopped = waitpid(pid, Some(WaitPidFlag::__WALL));
    assert!(matches!(stopped, Ok(WaitStatus::Stopped(_, Signal::SIGSTOP))), "{stopped:?}");
    let nothing_blocked = 0_u64;
    trace(libc::PTRACE_SETSIGMASK, pid, size_of_val(&nothing_blocked), std::ptr::from_ref(&nothing_blocked).addr());
    trace(libc::PTRACE_DETACH, pid, 0, Signal::SIGSEGV as usize);
}

fn trace(request: libc::c_uint, pid: Pid, address: usize, data: usize) {
    // SAFETY: numbers, or the address of a value that lives through the call and is only read.
    let done = unsafe { libc::ptrace(request, pid.as_raw(), address, data) };
    assert!(done != -1, "ptrace {request:#x} of {pid}: {}", std::io::Error::last_os_error());
}

/// Core files in a folder, by the names that `core_pattern` gives by default.
pub(crate) fn cores_in(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("core"))).collect()
}
