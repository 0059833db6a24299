//! What GNU `timeout` says, and how it leaves.

use std::ffi::{CString, OsStr, OsString};
use std::io::Write as _;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::unistd::getpid;

use crate::clock::Moment;
use crate::exit::Exit;
use crate::personality::quote::quote;
use crate::signal::{Sent, Signal, SignalSet};
use crate::supervise::{Reason, State, Verdict, Voice};

/// Messages on stderr, with the name that the program was called by.
pub(super) struct TimeoutVoice {
    program: OsString,
    command: CString,
    verbose: bool,
}

impl TimeoutVoice {
    pub(super) fn new(program: &OsStr, command: &[CString], verbose: bool) -> Self {
        let command = command.first().cloned().unwrap_or_default();
        Self { program: program.to_owned(), command, verbose }
    }

    fn say(&self, text: &str) {
        // Where stderr is closed there is nobody to tell; SIGPIPE is blocked.
        let _ = std::io::stderr().write_all(format!("{}: {text}\n", self.program.display()).as_bytes());
    }
}

impl Voice for TimeoutVoice {
    fn ending(&self, sent: Sent) {
        if self.verbose {
            self.say(&format!("sending signal {sent} to command {}", quote(&self.command)));
        }
    }

    fn not_started(&self, cause: Errno) {
        self.say(&format!("failed to run command {}: {}", quote(&self.command), cause.desc()));
    }

    fn leave(&self, verdict: &Verdict, state: &State, _now: Moment) -> u8 {
        if let Some(Exit::Signal(number)) = verdict.exit
            && state.reason != Some(Reason::Limit)
        {
            die_alike(number);
        }
        verdict.code
    }
}

/// Dies by the same signal, so that a shell sees what it would have seen without us. As PID 1 of a namespace we live on.
fn die_alike(number: i32) {
    let Some(signal) = Signal::new(number) else { return };
    // A core of ours would take the place of the command's.
    if prctl::set_dumpable(false).is_err() {
        return;
    }
    // SAFETY: the default action is no handler.
    unsafe { libc::signal(signal.number(), libc::SIG_DFL) };
    let _ = signal.send_to(getpid().as_raw());
    let _ = SignalSet::EMPTY.block();
}
