//! Starts `runner-entrypoint`: detached, with a clean environment, the lock, and the credential in a pipe.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use contract::{Credential, env};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::{Uid, setsid};

use super::folder::Folder;
use super::lock::Lock;
use super::{LocalError, LocalLaunch, LocalPreviewLaunch};

/// The program's name, beside `mayfly` and in `PATH`.
const PROGRAM: &str = "runner-entrypoint";
/// A pipe takes this much before anybody reads (pipe(7): 64 KiB since Linux 2.6.11; macOS grows to it). Nobody reads yet
/// when the credential is written.
const PIPE_CAPACITY: usize = 64 * 1024;

/// The entrypoint: the one that was named, else the one beside this program, else the first in `PATH`.
pub(super) fn find_entrypoint(named: Option<&Path>, path: &str) -> Result<PathBuf, LocalError> {
    if let Some(named) = named {
        let found = named.is_file().then(|| named.to_owned());
        return found
            .ok_or_else(|| LocalError::NoEntrypoint(format!("at {}, where MAYFLY_ENTRYPOINT says", named.display())));
    }
    let own = std::env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).map(Path::to_owned);
    beside
        .into_iter()
        .chain(std::env::split_paths(path))
        .map(|folder| folder.join(PROGRAM))
        .find(|program| program.is_file())
        .ok_or_else(|| LocalError::NoEntrypoint("beside mayfly or in PATH".to_owned()))
}

/// Starts the machine. It keeps the lock, and needs nothing of this process any more.
pub(super) fn start(
    entrypoint: &Path,
    folder: &Folder,
    lock: Lock,
    launch: &LocalLaunch,
    base: &[(String, String)],
) -> Result<(), LocalError> {
    let pipe = launch.credential.as_ref().map(fill_pipe).transpose()?;
    let mut command = Command::new(entrypoint);
    command.arg("runner").current_dir(folder.path()).env_clear().envs(environment(folder, launch, base));
    if let Some(pipe) = &pipe {
        command.env(env::CREDENTIAL_FD, pipe.as_raw_fd().to_string());
    }
    spawn(command, folder, lock, pipe.as_ref().map(AsRawFd::as_raw_fd))
}

/// Starts a preview: the same, with another command, in the folder where it was asked for.
pub(super) fn start_preview(
    entrypoint: &Path,
    folder: &Folder,
    lock: Lock,
    launch: &LocalPreviewLaunch,
    base: &[(String, String)],
) -> Result<(), LocalError> {
    let mut command = Command::new(entrypoint);
    command.arg("supervise").args(&launch.arguments).current_dir(&launch.working_directory);
    command.env_clear().envs(base.iter().cloned()).envs(launch.env.iter().cloned()).env(env::STATE_DIR, folder.state());
    spawn(command, folder, lock, None)
}

fn spawn(mut command: Command, folder: &Folder, lock: Lock, pipe: Option<RawFd>) -> Result<(), LocalError> {
    let lock = lock.into_file();
    let log = folder.open_log()?;
    connect(&mut command, log).map_err(LocalError::file("open", &folder.log()))?;
    detach(&mut command, lock.as_raw_fd(), pipe);
    let entrypoint = PathBuf::from(command.get_program());
    let child = command.spawn().map_err(|source| LocalError::Spawn { entrypoint, source })?;
    tracing::debug!(pid = child.id(), folder = %folder.path().display(), "local machine started");
    Ok(())
}

fn environment(folder: &Folder, launch: &LocalLaunch, base: &[(String, String)]) -> Vec<(String, String)> {
    let mut variables = base.to_vec();
    if Uid::effective().is_root() && !launch.env.iter().any(|(name, _)| name == env::RUNNER_USER) {
        // Another user could not even enter the folder, which is root's alone; and a distribution run by root refuses to
        // start unless told (actions/runner src/Misc/layoutbin, RUNNER_ALLOW_RUNASROOT).
        variables.push((env::RUNNER_USER.to_owned(), "root".to_owned()));
        variables.push(("RUNNER_ALLOW_RUNASROOT".to_owned(), "1".to_owned()));
    }
    variables.extend(launch.env.iter().cloned());
    variables.push((env::STATE_DIR.to_owned(), folder.state().to_string_lossy().into_owned()));
    variables.push((env::RUNNER_DIR.to_owned(), folder.runner().to_string_lossy().into_owned()));
    variables
}

fn connect(command: &mut Command, log: File) -> io::Result<()> {
    command.stdin(Stdio::null()).stderr(log.try_clone()?).stdout(log);
    Ok(())
}

fn fill_pipe(credential: &Credential) -> Result<OwnedFd, LocalError> {
    let json = credential.to_json();
    if json.expose().len() > PIPE_CAPACITY {
        return Err(LocalError::CredentialTooLong(json.expose().len()));
    }
    let filled = io::pipe().and_then(|(reader, mut writer)| {
        writer.write_all(json.expose().as_bytes())?;
        Ok(OwnedFd::from(reader))
    });
    filled.map_err(LocalError::file("make", Path::new("a pipe")))
}

/// A session of its own, so that no terminal's signal reaches the machine; and the descriptors that it is meant to have.
fn detach(command: &mut Command, lock: RawFd, pipe: Option<RawFd>) {
    let prepare = move || {
        setsid()?;
        close_others();
        inherit(lock)?;
        pipe.map_or(Ok(()), inherit)
    };
    // SAFETY: between fork and exec only setsid(2), close_range(2) and fcntl(2) are called, none of which takes a lock, and
    // nothing is allocated. The descriptors stay open in this process until after the spawn.
    // JUSTIFICATION: clearing close-on-exec here, in the child, is the only way in which no other child of this process,
    // started by another thread at the same time, can inherit the lock or the credential as well.
    unsafe { command.pre_exec(prepare) };
}

/// Marks all descriptors to be closed by exec, also those that this process got from its own caller: a pipe among them
/// would keep that caller waiting for as long as the machine lives.
#[cfg(target_os = "linux")]
fn close_others() {
    const FIRST: nix::libc::c_uint = 3;
    // SAFETY: the system call changes a flag of descriptors and touches no memory. A kernel before 5.11 refuses it, and
    // the machine then has descriptors that it does not use.
    unsafe {
        nix::libc::syscall(nix::libc::SYS_close_range, FIRST, nix::libc::c_uint::MAX, nix::libc::CLOSE_RANGE_CLOEXEC);
    }
}

#[cfg(not(target_os = "linux"))]
fn close_others() {}

fn inherit(descriptor: RawFd) -> io::Result<()> {
    // SAFETY: `spawn` and its callers keep the descriptor open over the spawn.
    let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
    fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(())
}
