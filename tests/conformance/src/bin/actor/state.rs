//! How a process was started, and starting one in a given state.

use std::process::ExitCode;

use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::unistd::{ForkResult, fork, getpgid, getpgrp, getpid, getppid, getsid, setsid, tcgetpgrp};

/// Prints its ids, and whether its group has the terminal on stdin.
pub(crate) fn print_own() -> Result<ExitCode, String> {
    let session = getsid(None).map_err(|cause| cause.to_string())?;
    let groups_of_parent = getpgid(Some(getppid())).map_err(|cause| cause.to_string())?;
    let terminal = match tcgetpgrp(std::io::stdin()) {
        Ok(group) if group == getpgrp() => "foreground",
        Ok(_) => "background",
        Err(_) => "none",
    };
    let is = |same: bool| if same { "own" } else { "other" };
    let (group, session) = (is(getpgrp() == getpid()), is(session == getpid()));
    let shared = if groups_of_parent == getpgrp() { "shared" } else { "apart" };
    let folder = std::env::current_dir().map_err(|cause| cause.to_string())?;
    println!("group={group} with_parent={shared} session={session} terminal={terminal} cwd={}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Prints the numbers of its open descriptors.
pub(crate) fn print_descriptors() -> ExitCode {
    // SAFETY: asking for the flags of any number is harmless; it fails where nothing is open.
    let open = (0..1024).filter(|number| unsafe { libc::fcntl(*number, libc::F_GETFD) } != -1);
    println!("{}", open.map(|number| number.to_string()).collect::<Vec<_>>().join(" "));
    ExitCode::SUCCESS
}

/// Becomes a command in a state.
pub(crate) fn enter(words: &[&str]) -> Result<ExitCode, String> {
    let end = words.iter().position(|word| *word == "--").ok_or("`--` is missing")?;
    let mut blocked = SigSet::empty();
    let mut options = words[..end].iter();
    while let Some(option) = options.next() {
        let mut named = || options.next().copied().ok_or_else(|| format!("{option} needs a signal"));
        match *option {
            "--ignore" => super::listen::ignore(super::signal(named()?)?)?,
            "--block" => match named()? {
                "ALL" => blocked = SigSet::all(),
                name => blocked.add(super::signal(name)?),
            },
            "--child" => leave_child()?,
            "--terminal" => take_terminal()?,
            "--close-others" => close_others(),
            "--dying-parent" => leave_parent()?,
            other => return Err(format!("unknown option {other}")),
        }
    }
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&blocked), None).map_err(|cause| cause.to_string())?;
    super::become_command(&words[end + 1..])
}

/// The command will have a child that it knows nothing of, and which ends soon after it has begun.
fn leave_child() -> Result<(), String> {
    // SAFETY: there is one thread.
    match unsafe { fork() }.map_err(|cause| cause.to_string())? {
        ForkResult::Parent { .. } => Ok(()),
        ForkResult::Child => super::become_command(&["sleep", "0.1"]).map(drop),
    }
}

/// Closes what was inherited beyond the three that every program has.
fn close_others() {
    // SAFETY: nothing in this process owns a descriptor beyond the first three.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}

/// Goes on in a child. The parent ends when something was said on stdout, and with it what it was for.
fn leave_parent() -> Result<(), String> {
    // SAFETY: there is one thread.
    match unsafe { fork() }.map_err(|cause| cause.to_string())? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { .. } => {
            while std::fs::metadata("/proc/self/fd/1").is_ok_and(|stdout| stdout.len() == 0) {
                std::thread::yield_now();
            }
            // SAFETY: this process has nothing that must be run at its end.
            unsafe { libc::_exit(0) }
        }
    }
}

/// Makes the terminal on stdin that of a session of its own.
fn take_terminal() -> Result<(), String> {
    // Fails for a leader of a group, which then has to be left first: by a child that goes on.
    if setsid().is_err() {
        return Err("it leads a group already".to_owned());
    }
    // SAFETY: asks for stdin as the terminal of this session; nothing is written by the kernel.
    let taken = unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) };
    if taken == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().to_string()) }
}
