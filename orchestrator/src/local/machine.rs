//! A machine as its folder shows it.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use contract::record::{END_PREFIX, End, State};

use super::folder::{self, Folder};
use super::{LaunchRecord, LocalError};

/// How much of a log's end is searched for its last line, in bytes.
const TAIL: u64 = 64 * 1024;

/// Whether a machine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It holds its lock.
    Live,
    /// Nobody holds its lock.
    Ended,
}

/// A machine, live or ended.
#[derive(Clone, Debug)]
pub struct LocalMachine {
    pub(super) folder: Folder,
    record: LaunchRecord,
}

impl LocalMachine {
    pub(super) fn new(folder: Folder, record: LaunchRecord) -> Self {
        Self { folder, record }
    }

    /// What was written down when it was launched.
    pub fn record(&self) -> &LaunchRecord {
        &self.record
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its log: what `runner-entrypoint` and the Listener write.
    pub fn log_path(&self) -> PathBuf {
        self.folder.log()
    }

    /// Whether it lives, now.
    ///
    /// # Errors
    /// Where the lock cannot be looked at.
    pub fn life(&self) -> Result<Life, LocalError> {
        Ok(if self.folder.is_locked()? { Life::Live } else { Life::Ended })
    }

    /// Where its life stands by its own word; `None` before the first word. Of a machine that was killed it is the last one.
    pub fn state(&self) -> Option<State> {
        serde_json::from_slice(&fs::read(self.folder.state_file()).ok()?).ok()
    }

    /// Its last line, from the state file or else the log; `None` while it lives, and where it was killed.
    pub fn end(&self) -> Option<End> {
        let written = || serde_json::from_str(&last_line(&self.log_path())?).ok();
        self.state().and_then(|state| state.end).or_else(written)
    }
}

/// All machines below `machines`, oldest first.
pub(super) fn all(machines: &Path) -> Result<Vec<LocalMachine>, LocalError> {
    let machine = |(folder, record)| LocalMachine { folder, record };
    let mut found: Vec<LocalMachine> = folder::records(machines)?.into_iter().map(machine).collect();
    found.sort_by(|a, b| (&a.record.created, &a.record.runner_name).cmp(&(&b.record.created, &b.record.runner_name)));
    Ok(found)
}

/// The last line of a log that is a record.
pub(super) fn last_line(log: &Path) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    let tail = String::from_utf8_lossy(&tail);
    tail.lines().rev().find(|line| line.starts_with(END_PREFIX)).map(str::to_owned)
}
