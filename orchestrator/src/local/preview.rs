//! A preview of launch mode `local`: the app as a process of this machine, under the same supervisor.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::record::{AppEnd, Lease, RENEW_FILE};
use nix::unistd::{Pid, getsid};
use serde::{Deserialize, Serialize};

use super::folder::{self, Folder, Opened};
use super::lock::Attempt;
use super::machine::last_line;
use super::{Life, Local, LocalError, Token, spawn, stop};
use crate::stamp;

/// A preview to start here.
#[derive(Clone, Debug)]
pub struct LocalPreviewLaunch {
    /// Which one.
    pub token: Token,
    /// What is written down about it.
    pub record: PreviewRecord,
    /// What `runner-entrypoint supervise` is told, with the app's command.
    pub arguments: Vec<String>,
    /// Variables of the supervisor and the app.
    pub env: Vec<(String, String)>,
    /// Where the app runs.
    pub working_directory: PathBuf,
}

/// What is known about a preview from its folder alone: `launch.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRecord {
    /// The launch id.
    pub id: String,
    /// `OWNER/REPO`.
    pub repo: String,
    /// The pull request.
    pub pr: u64,
    /// The commit that it shows.
    pub sha: Option<String>,
    /// Who asked for it.
    pub owner: Option<String>,
    /// What stands for the image: nothing is pulled here.
    pub image: String,
    /// Where it is reached.
    pub url: String,
    /// When it was asked for: RFC 3339, UTC.
    pub created: String,
    /// As in [`contract::duration`].
    pub ttl: String,
    /// As in [`contract::duration`].
    pub max_ttl: String,
}

/// What became of a launch.
#[derive(Clone, Debug)]
pub enum PreviewOutcome {
    /// It was started.
    Started(LocalPreview),
    /// It lives already.
    Adopted(LocalPreview),
    /// It has lived and ended: the next generation is due.
    Ended,
}

/// A preview here, live or ended.
#[derive(Clone, Debug)]
pub struct LocalPreview {
    folder: Folder,
    record: PreviewRecord,
}

impl Local {
    /// Starts the token's preview, unless it lives or has lived. Two at once start one.
    ///
    /// # Errors
    /// Where a folder cannot be written, or the entrypoint is not found or does not start.
    pub fn launch_preview(&self, launch: &LocalPreviewLaunch) -> Result<PreviewOutcome, LocalError> {
        let entrypoint = self.find_entrypoint()?;
        let Opened { folder, record } = Folder::open(&self.previews, &launch.token, &launch.record)?;
        let preview = LocalPreview { folder: folder.clone(), record };
        let lock = match folder.lock()? {
            Attempt::Held(lock) => lock,
            Attempt::Refused => return Ok(PreviewOutcome::Adopted(preview)),
        };
        if folder.was_used() {
            return Ok(PreviewOutcome::Ended);
        }
        spawn::start_preview(&entrypoint, &folder, lock, launch, &self.base)?;
        Ok(PreviewOutcome::Started(preview))
    }

    /// All previews that have a folder, live or ended, oldest first.
    ///
    /// # Errors
    /// Where the folder of all previews is there and cannot be read.
    pub fn previews(&self) -> Result<Vec<LocalPreview>, LocalError> {
        let preview = |(folder, record)| LocalPreview { folder, record };
        let mut found: Vec<LocalPreview> = folder::records(&self.previews)?.into_iter().map(preview).collect();
        found.sort_by(|a, b| (&a.record.created, &a.record.id).cmp(&(&b.record.created, &b.record.id)));
        Ok(found)
    }
}

impl LocalPreview {
    /// What was written down when it was launched.
    pub fn record(&self) -> &PreviewRecord {
        &self.record
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its log: what the supervisor and the app write.
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

    /// When its lease ends, as its supervisor has granted it; before its first word, as it was asked for.
    pub fn expires(&self) -> Option<SystemTime> {
        let since_1970 = |lease: Lease| UNIX_EPOCH + Duration::from_millis(lease.expires_at_ms);
        let asked = || Some(stamp::parse(&self.record.created)? + contract::duration::parse(&self.record.ttl).ok()?);
        self.lease().map(since_1970).or_else(asked)
    }

    fn lease(&self) -> Option<Lease> {
        serde_json::from_slice(&fs::read(self.folder.lease_file()).ok()?).ok()
    }

    /// Asks the supervisor for a later end, which it takes at its next look.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn ask_until(&self, end: SystemTime) -> Result<(), LocalError> {
        let path = self.folder.state().join(RENEW_FILE);
        let staged = path.with_extension("new");
        fs::write(&staged, stamp::rfc3339(end)).map_err(LocalError::file("write", &staged))?;
        fs::rename(&staged, &path).map_err(LocalError::file("write", &path))
    }

    /// Its last line; `None` while it lives, and where it was killed.
    pub fn end(&self) -> Option<AppEnd> {
        serde_json::from_str(&last_line(&self.log_path())?).ok()
    }

    /// Asks it to end; answers whether there was anybody to ask.
    ///
    /// # Errors
    /// It lives and cannot be signalled.
    pub fn stop(&self) -> Result<bool, LocalError> {
        if self.life()? == Life::Ended {
            return Ok(false);
        }
        let pid = self.lease().and_then(|lease| i32::try_from(lease.pid).ok()).map(Pid::from_raw);
        // The number comes from a file; a supervisor leads its own session, which few other processes do.
        let pid = pid.filter(|pid| pid.as_raw() > 1 && getsid(Some(*pid)) == Ok(*pid));
        let pid = pid.ok_or_else(|| LocalError::NoPid(self.folder().to_owned()))?;
        self.folder.note("asked to stop");
        stop::terminate(pid, self.folder())?;
        Ok(true)
    }
}
