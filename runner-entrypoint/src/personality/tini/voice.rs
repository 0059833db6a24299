//! What `tini` says, by verbosity, and how it leaves.

use std::ffi::CString;
use std::io::Write as _;

use nix::errno::Errno;
use nix::unistd::{Pid, getpid};

use super::options::Options;
use crate::clock::Moment;
use crate::exit::Exit;
use crate::signal::{Sent, Signal};
use crate::supervise::{State, Verdict, Voice, Whose};

/// Warnings go to stderr, what happens to stdout.
pub(super) struct TiniVoice {
    command: CString,
    verbosity: u32,
    warns_of_reaped: bool,
    successes: Vec<u8>,
}

/// The first verbosity at which it is said.
const WARNING: u32 = 1;
const INFO: u32 = 2;
const DEBUG: u32 = 3;

impl TiniVoice {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            command: options.command.first().cloned().unwrap_or_default(),
            verbosity: options.verbosity,
            warns_of_reaped: options.warns_of_reaped,
            successes: options.successes.clone(),
        }
    }

    /// There is nobody to hand orphans to us.
    pub(super) fn warn_of_orphans(&self) {
        self.warn(
            "Tini is neither PID 1 nor a child subreaper: orphans go elsewhere, so zombie reaping won't work. \
             Use -s, set TINI_SUBREAPER, or run it as PID 1.",
        );
    }

    fn warn(&self, text: &str) {
        if self.verbosity >= WARNING {
            complain(&format!("[WARN  tini ({})] {text}", getpid()));
        }
    }

    fn say(&self, level: u32, text: &str) {
        if self.verbosity >= level {
            let name = if level == INFO { "INFO " } else { "DEBUG" };
            // Where stdout is closed there is nobody to tell.
            let mut stdout = std::io::stdout().lock();
            let _ = writeln!(stdout, "[{name} tini ({})] {text}", getpid()).and_then(|()| stdout.flush());
        }
    }
}

impl Voice for TiniVoice {
    fn started(&self, pid: Pid) {
        self.say(INFO, &format!("Spawned child process '{}' with pid '{pid}'", self.command.to_string_lossy()));
    }

    fn received_child(&self) {
        self.say(DEBUG, "Received SIGCHLD");
    }

    fn forwarded(&self, sent: Sent) {
        self.say(DEBUG, &format!("Passing signal: 'SIG{sent}'"));
    }

    fn dropped(&self, signal: Signal) {
        self.say(DEBUG, &format!("Ignoring signal: 'SIG{signal}'"));
    }

    fn reaped(&self, pid: Pid, exit: Exit, whose: Whose) {
        self.say(DEBUG, &format!("Reaped child with pid: '{pid}'"));
        match (whose, exit) {
            (Whose::Command, Exit::Code(code)) => {
                self.say(INFO, &format!("Main child exited normally (with status '{code}')"));
            }
            (Whose::Command, Exit::Signal(number)) => {
                self.say(INFO, &format!("Main child exited with signal (with signal '{number}')"));
            }
            (Whose::Other, _) if self.warns_of_reaped => self.warn(&format!("Reaped zombie process with pid={pid}")),
            (Whose::Other, _) => {}
        }
    }

    fn not_started(&self, cause: Errno) {
        complain(&fatal(&format!("exec {} failed: {}", self.command.to_string_lossy(), cause.desc())));
    }

    fn leave(&self, verdict: &Verdict, _state: &State, _now: Moment) -> u8 {
        let code = match verdict.refused {
            Some(Errno::ENOENT) => 127,
            Some(Errno::EACCES) => 126,
            Some(_) => 1,
            None => verdict.code,
        };
        if self.successes.contains(&code) { 0 } else { code }
    }
}

/// The form of its last words.
pub(super) fn fatal(text: &str) -> String {
    format!("[FATAL tini ({})] {text}", getpid())
}

fn complain(text: &str) {
    // Where stderr is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}
