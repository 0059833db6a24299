//! What the outside hears: lines on stdout, the state file, and the last line.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use contract::record::{END_PREFIX, End, Phase, STATE_FILE, State as StateRecord};
use serde::Serialize;

use crate::clock::Moment;
use crate::machine::{State, Verdict};

/// Says one line to people.
pub(crate) fn say(text: &str) {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    print(&format!("mayfly: {text}\n"));
}

/// Passes a line of the Listener on.
pub(crate) fn echo(line: &str) {
    // Nothing that a job can name may look like our last line.
    let guard = if line.starts_with(END_PREFIX) { " " } else { "" };
    print(&format!("{guard}{line}\n"));
}

/// One write for one line, so that lines of PID 1 and of its children do not mix. A closed stdout is no reason to stop.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// The record of a runner that has ended.
pub(crate) fn end(runner_name: &str, state: Option<&State>, verdict: &Verdict, now: Moment) -> End {
    let mut timings = state.map(|state| state.timings).unwrap_or_default();
    timings.uptime_ms = now.millis();
    End {
        mayfly: "end".to_owned(),
        cause: verdict.cause,
        code: verdict.cause.code(),
        deregistered: state.is_none_or(State::is_deregistered),
        runner_id: state.and_then(|state| state.registration.id()).map(|id| id.0),
        runner_name: runner_name.to_owned(),
        jobs: state.map_or(0, |state| state.tally.started),
        job_result: state.and_then(|state| state.tally.result).map(|result| result.name().to_owned()),
        message: verdict.message.clone(),
        timings,
    }
}

/// Prints the last line.
pub(crate) fn print_record(end: &impl Serialize) {
    // A record of numbers and strings always serialises.
    print(&format!("{}\n", serde_json::to_string(end).unwrap_or_default()));
}

/// Where the state file goes.
pub(crate) struct StateFile {
    folder: PathBuf,
    usable: bool,
}

impl StateFile {
    /// Makes the folder. Where that is not possible (a read-only root without a `tmpfs`), it is said once, and that is all:
    /// only the health check needs it.
    pub(crate) fn open(folder: PathBuf) -> Self {
        let made = fs::create_dir_all(&folder);
        if let Err(cause) = &made {
            say(&format!("no state file, so no health check: {} cannot be made: {cause}", folder.display()));
        }
        Self { folder, usable: made.is_ok() }
    }

    /// Writes where the life stands, by rename: a reader never sees half a file.
    pub(crate) fn write(&mut self, phase: Phase, runner_id: Option<u64>, end: Option<End>) {
        if !self.usable {
            return;
        }
        let record = StateRecord { phase, pid: std::process::id(), runner_id, end };
        let (path, new) = (self.folder.join(STATE_FILE), self.folder.join("state.json.new"));
        let written = serde_json::to_vec(&record).unwrap_or_default();
        if let Err(cause) = fs::write(&new, written).and_then(|()| fs::rename(&new, &path)) {
            say(&format!("no state file, so no health check: {} cannot be written: {cause}", path.display()));
            self.usable = false;
        }
    }
}
