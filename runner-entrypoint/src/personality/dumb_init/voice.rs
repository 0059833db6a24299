//! What `dumb-init` says on stderr, and how it leaves.

use std::ffi::CString;
use std::io::Write as _;

use nix::errno::Errno;
use nix::unistd::Pid;

use super::options::Options;
use crate::clock::Moment;
use crate::exit::Exit;
use crate::signal::{Sent, Signal};
use crate::supervise::{State, Verdict, Voice, Whose};

/// What it gives for a command that cannot be executed.
const NOT_EXECUTED: u8 = 2;

/// All but failures is said in debug mode only.
pub(super) struct DumbInitVoice {
    command: CString,
    debug: bool,
    session: bool,
}

impl DumbInitVoice {
    pub(super) fn new(options: &Options) -> Self {
        let command = options.command.first().cloned().unwrap_or_default();
        Self { command, debug: options.debug, session: options.session }
    }

    fn debug(&self, text: &str) {
        if self.debug {
            complain(text);
        }
    }
}

impl Voice for DumbInitVoice {
    fn started(&self, pid: Pid) {
        self.debug(&format!("Child spawned with PID {pid}."));
        if self.session {
            self.debug("setsid complete.");
        }
        // So that no file system is kept busy by us.
        if let Err(cause) = std::env::set_current_dir("/") {
            self.debug(&format!("Unable to chdir(\"/\") ({cause})"));
        }
    }

    fn received(&self, signal: Signal) {
        self.debug(&format!("Received signal {}.", signal.number()));
    }

    fn received_child(&self) {
        self.received(Signal::CHLD);
    }

    fn ignored(&self, signal: Signal) {
        self.received(signal);
        self.debug(&format!("Ignoring tty hand-off signal {}.", signal.number()));
    }

    fn forwarded(&self, sent: Sent) {
        self.debug(&format!("Forwarded signal {} to children.", sent.number()));
    }

    fn dropped(&self, signal: Signal) {
        self.debug(&format!("Not forwarding signal {} to children (ignored).", signal.number()));
    }

    fn suspending(&self) {
        self.debug("Suspending self due to TTY signal.");
    }

    fn reaped(&self, pid: Pid, exit: Exit, _whose: Whose) {
        self.debug(&match exit {
            Exit::Code(code) => format!("A child with PID {pid} exited with exit status {code}."),
            Exit::Signal(number) => format!("A child with PID {pid} was terminated by signal {number}."),
        });
    }

    fn not_started(&self, cause: Errno) {
        complain(&format!("{}: {}", self.command.to_string_lossy(), cause.desc()));
    }

    fn leave(&self, verdict: &Verdict, _state: &State, _now: Moment) -> u8 {
        let code = if verdict.refused.is_some() { NOT_EXECUTED } else { verdict.code };
        self.debug(&format!("Child exited with status {code}. Goodbye."));
        code
    }
}

fn complain(text: &str) {
    // Where stderr is closed there is nobody to tell; SIGPIPE is blocked.
    let _ = std::io::stderr().write_all(format!("[dumb-init] {text}\n").as_bytes());
}
