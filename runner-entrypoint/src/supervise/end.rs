//! What `supervise` says: messages on stderr as GNU `timeout` has them, and the last line on stdout, one JSON object.

use std::ffi::CString;
use std::io::Write as _;

use contract::record::AppEnd;
use nix::errno::Errno;

use super::machine::{State, Verdict};
use super::voice::Voice;
use crate::clock::Moment;
use crate::personality::quote::quote;
use crate::report;
use crate::signal::Sent;

/// The voice of `supervise`.
pub(super) struct AppVoice {
    command: CString,
    verbose: bool,
}

impl AppVoice {
    pub(super) fn new(command: &[CString], verbose: bool) -> Self {
        Self { command: command.first().cloned().unwrap_or_default(), verbose }
    }
}

impl Voice for AppVoice {
    fn ending(&self, sent: Sent) {
        if self.verbose {
            complain(&format!("sending signal {sent} to command {}", quote(&self.command)));
        }
    }

    fn not_started(&self, cause: Errno) {
        complain(&format!("failed to run command {}: {}", quote(&self.command), cause.desc()));
    }

    fn leave(&self, verdict: &Verdict, state: &State, now: Moment) -> u8 {
        report::print_record(&AppEnd {
            mayfly: "end".to_owned(),
            cause: verdict.cause,
            code: verdict.code,
            renewals: state.lease.renewals,
            uptime_ms: now.millis(),
            message: verdict.message.clone(),
        });
        verdict.code
    }
}

fn complain(text: &str) {
    // Where stderr is closed there is nobody to tell; SIGPIPE is blocked.
    let _ = std::io::stderr().write_all(format!("runner-entrypoint: {text}\n").as_bytes());
}
