//! What the outside is told: the cause and the code.

use contract::exit::AppCause;
use nix::errno::Errno;

use super::rules::Code;
use super::state::{Reason, State};
use crate::exit::Exit;

/// Why a life under guard ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) cause: AppCause,
    pub(crate) code: u8,
    /// One sentence for people.
    pub(crate) message: String,
    /// How the command itself ended, if it was executed and is gone.
    pub(crate) exit: Option<Exit>,
    /// Why it could not be executed, if so.
    pub(crate) refused: Option<Errno>,
}

/// Judges a command that has ended.
pub(super) fn of_exit(state: &State, exit: Exit) -> Verdict {
    let ended = match exit {
        Exit::Code(code) => format!("the command ended with code {code}"),
        Exit::Signal(number) => format!("the command was ended by signal {number}"),
    };
    let verdict = |cause, code, message| Verdict { cause, code, message, exit: Some(exit), refused: None };
    let own =
        |cause: AppCause, why: &str| verdict(cause, cause.code().unwrap_or(exit.status()), format!("{why}; {ended}"));
    match &state.reason {
        None => verdict(AppCause::AppExit, exit.status(), ended),
        Some(Reason::Signal(signal)) => verdict(AppCause::Signal, exit.status(), format!("SIG{signal} came; {ended}")),
        Some(Reason::NeverReady(why)) => own(AppCause::NeverReady, why),
        Some(Reason::Idle(why)) => own(AppCause::AppIdle, why),
        // Told apart whatever --preserve-status says, as GNU timeout does.
        Some(Reason::Limit) if exit == Exit::Signal(libc::SIGKILL) => own(AppCause::Killed, "the time was up"),
        Some(Reason::Limit) if state.rules.code == Code::Command => {
            verdict(AppCause::Ttl, exit.status(), format!("the time was up; {ended}"))
        }
        Some(Reason::Limit) => own(AppCause::Ttl, "the time was up"),
    }
}

/// A lease that was over before the command was executed.
pub(super) fn of_lease_that_was_over() -> Verdict {
    let message = "the time was up before the command was started".to_owned();
    Verdict { cause: AppCause::Ttl, code: 124, message, exit: None, refused: None }
}

/// A command that is still there after SIGKILL: it hangs in the kernel.
pub(super) fn of_command_that_stays(state: &State) -> Verdict {
    let gone = of_exit(state, Exit::Signal(libc::SIGKILL));
    let message = "SIGKILL did not end the command: it hangs in the kernel".to_owned();
    Verdict { message, exit: None, ..gone }
}

/// A command that could not be executed, with a shell's codes.
pub(crate) fn of_command_not_started(cause: Errno) -> Verdict {
    let code = if cause == Errno::ENOENT { 127 } else { 126 };
    let message = format!("the command cannot be executed: {}", cause.desc());
    Verdict { cause: AppCause::NotStarted, code, message, exit: None, refused: Some(cause) }
}
