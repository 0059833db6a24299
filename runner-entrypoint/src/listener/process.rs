//! The Listener's process: another user, a clean environment, its own session.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid, pipe2, setgid, setgroups, setsid, setuid};

use super::account::{Account, Identity};
use super::environment;
use super::folder;
use super::lines::Lines;
use super::witness::Witness;
use crate::config::{Config, Jobs};
use crate::signal::SignalSet;

/// A Listener that runs.
pub(crate) struct ListenerProcess {
    pub(crate) pid: Pid,
    /// Nothing once it was closed: a closed pipe would end every wait at once.
    output: Option<File>,
    lines: Lines,
}

impl ListenerProcess {
    /// Starts it. stdout and stderr come through one pipe, in the order in which they were written.
    ///
    /// # Errors
    /// A text that names the program.
    pub(crate) fn start(
        config: &Config,
        account: &Account,
        mask: SignalSet,
        witness: Option<&Witness>,
    ) -> Result<Self, String> {
        let mut command = command(config, account, mask);
        command.arg("run").env("ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE", "1");
        if config.jobs == Jobs::One {
            // It makes the Listener end after one job and say the result in its exit code.
            command.env("ACTIONS_RUNNER_RETURN_JOB_RESULT_FOR_HOSTED", "true");
        }
        if let Some(witness) = witness {
            witness.show_to(&mut command);
        }
        let program = command.get_program().display().to_string();
        spawn(command).map_err(|cause| format!("{program} cannot be started: {cause}"))
    }

    /// What to wait for.
    pub(crate) fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there and hands over each line.
    pub(crate) fn listen(&mut self, mut take: impl FnMut(&str)) {
        let mut piece = [0; 8192];
        while let Some(output) = &mut self.output {
            match output.read(&mut piece) {
                Ok(0) => self.output = None,
                Ok(length) => self.lines.push(&piece[..length], &mut take),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.output = None,
            }
        }
    }

    /// Hands over what is left. Processes that the Listener left behind may hold the pipe open, so its end is not waited for.
    pub(crate) fn listen_to_the_last(&mut self, mut take: impl FnMut(&str)) {
        self.listen(&mut take);
        self.lines.finish(take);
    }

    /// SIGINT, and to it alone: its children would otherwise end by themselves before the job is cancelled, and SIGTERM lets
    /// it live for 30 s only (`actions/runner src/Runner.Listener/Runner.cs`, Runner_Unloading).
    pub(crate) fn interrupt(&self) {
        // It may have just ended; its exit is then on its way.
        let _ = kill(self.pid, Signal::SIGINT);
    }

    /// SIGKILL to it and to its process group.
    pub(crate) fn kill(&self) {
        let _ = kill(Pid::from_raw(-self.pid.as_raw()), Signal::SIGKILL);
    }
}

/// A command of the Listener, without arguments yet.
pub(crate) fn command(config: &Config, account: &Account, mask: SignalSet) -> Command {
    let identity = account.identity().cloned();
    let allowed =
        environment::allowed(std::env::vars_os(), &config.job_environment, config.task_role, identity.as_ref());
    let mut command = Command::new(folder::program(&config.runner_dir));
    command.current_dir(&config.runner_dir).env_clear().envs(allowed);
    let parent = Pid::this();
    // SAFETY: between fork and exec only system calls are made; nothing there allocates or takes a lock.
    unsafe { command.pre_exec(move || become_the_job(identity.as_ref(), mask, parent)) };
    command
}

/// Runs in the new process, right before the Listener takes its place.
fn become_the_job(identity: Option<&Identity>, mask: SignalSet, parent: Pid) -> io::Result<()> {
    setsid()?;
    if let Some(identity) = identity {
        setgroups(&identity.groups)?;
        setgid(identity.gid)?;
        setuid(identity.uid)?;
    }
    // After the change of user, which forgets it. Without it a Listener would outlive a killed entrypoint, without limits.
    set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != parent {
        return Err(io::Error::other("the entrypoint is gone"));
    }
    mask.block()?;
    Ok(())
}

fn spawn(mut command: Command) -> io::Result<ListenerProcess> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    command.stdin(Stdio::null()).stdout(Stdio::from(writer.try_clone()?)).stderr(Stdio::from(writer));
    // Never waited for by this handle: `reaper` is the only one who waits.
    let child = command.spawn()?;
    let pid = Pid::from_raw(child.id().cast_signed());
    Ok(ListenerProcess { pid, output: Some(File::from(reader)), lines: Lines::default() })
}
