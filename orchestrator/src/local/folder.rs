//! A machine's folder: `launch.json`, `lock`, `log`, `state/` and `runner/`.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, DirEntry, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use contract::record::{LEASE_FILE, STATE_FILE};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lock::{self, Attempt};
use super::{LocalError, Token};

/// What names of folders begin with that are not machines yet.
const STAGING: &str = ".new-";
/// Folders are for their owner alone: the log may hold what jobs print.
const PRIVATE: u32 = 0o700;

/// A machine's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder(PathBuf);

/// A folder with what it says about its launch, which is the first launch's word.
pub(super) struct Opened<R> {
    pub(super) folder: Folder,
    pub(super) record: R,
}

impl Folder {
    /// The folder of the launch, made where it is not there. It appears complete: no other process sees one without its
    /// record, wherever this process is killed.
    pub(super) fn open<R>(machines: &Path, token: &Token, record: &R) -> Result<Opened<R>, LocalError>
    where
        R: Serialize + DeserializeOwned,
    {
        token.check()?;
        let place = machines.join(&token.place);
        let folder = Self(place.join(token.folder_name()));
        if !folder.record_file().exists() {
            make_private(&place)?;
            folder.publish(&place, record)?;
        }
        let record = folder.record()?;
        Ok(Opened { folder, record })
    }

    /// A folder that is there.
    pub(super) fn existing(path: PathBuf) -> Self {
        Self(path)
    }

    fn publish<R: Serialize>(&self, place: &Path, record: &R) -> Result<(), LocalError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let staging = Self(place.join(format!("{STAGING}{}-{number}", std::process::id())));
        make_private(&staging.state())?;
        let json = serde_json::to_vec_pretty(record).expect("a record of texts and numbers can be written");
        fs::write(staging.record_file(), json).map_err(LocalError::file("write", &staging.record_file()))?;
        match fs::rename(&staging.0, &self.0) {
            Ok(()) => Ok(()),
            // Somebody else was first: rename(2) does not replace a folder that has something in it.
            Err(_) if self.record_file().exists() => {
                fs::remove_dir_all(&staging.0).map_err(LocalError::file("remove", &staging.0))
            }
            Err(cause) => Err(LocalError::file("make", &self.0)(cause)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    pub(super) fn state_file(&self) -> PathBuf {
        self.state().join(STATE_FILE)
    }

    pub(super) fn lease_file(&self) -> PathBuf {
        self.state().join(LEASE_FILE)
    }

    pub(super) fn runner(&self) -> PathBuf {
        self.0.join("runner")
    }

    fn record_file(&self) -> PathBuf {
        self.0.join("launch.json")
    }

    fn lock_file(&self) -> PathBuf {
        self.0.join("lock")
    }

    pub(super) fn record<R: DeserializeOwned>(&self) -> Result<R, LocalError> {
        let path = self.record_file();
        let json = fs::read(&path).map_err(LocalError::file("read", &path))?;
        serde_json::from_slice(&json).map_err(|source| LocalError::Record { path, source })
    }

    pub(super) fn lock(&self) -> Result<Attempt, LocalError> {
        lock::take(&self.lock_file())
    }

    pub(super) fn is_locked(&self) -> Result<bool, LocalError> {
        lock::is_taken(&self.lock_file())
    }

    /// Whether a machine has lived here. Without a trace of one, whoever made the folder was stopped before it started one.
    pub(super) fn was_used(&self) -> bool {
        self.state_file().exists() || self.lease_file().exists() || self.log().metadata().is_ok_and(|log| log.len() > 0)
    }

    /// The log, to be appended to.
    pub(super) fn open_log(&self) -> Result<File, LocalError> {
        let path = self.log();
        let file = File::options().append(true).create(true).mode(0o600).open(&path);
        file.map_err(LocalError::file("open", &path))
    }

    /// One line of ours in the machine's log.
    pub(super) fn note(&self, text: &str) {
        if let Ok(mut log) = self.open_log() {
            // The log is for reading; that it cannot be written must not stop what it tells of.
            let _ = writeln!(log, "mayfly: {text}");
        }
    }

    fn last_change(&self) -> Option<SystemTime> {
        [self.state_file(), self.lease_file(), self.log(), self.record_file()]
            .iter()
            .filter_map(|path| changed(path))
            .max()
    }
}

/// Folders within `path`; none where it is not there.
fn folders(path: &Path) -> Result<Vec<DirEntry>, LocalError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(LocalError::file("read", path)(cause)),
    };
    Ok(entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).collect())
}

/// All folders below `root` with their records. One that cannot be read is told in the log and left out.
pub(super) fn records<R: DeserializeOwned>(root: &Path) -> Result<Vec<(Folder, R)>, LocalError> {
    let mut found = Vec::new();
    for place in folders(root)? {
        for entry in folders(&place.path())?.into_iter().filter(|entry| is_machine(&entry.file_name())) {
            let folder = Folder::existing(entry.path());
            match folder.record() {
                Ok(record) => found.push((folder, record)),
                Err(fault) => tracing::warn!(folder = %folder.path().display(), %fault, "left a machine out"),
            }
        }
    }
    Ok(found)
}

/// Whether a folder of that name is a machine's.
fn is_machine(name: &OsStr) -> bool {
    !name.to_string_lossy().starts_with('.')
}

/// Removes the folders of machines that ended more than `keep` ago, and folders that never became machines.
pub(super) fn prune(machines: &Path, keep: Duration) -> Result<usize, LocalError> {
    let mut removed = 0;
    for place in folders(machines)? {
        for entry in folders(&place.path())? {
            match prune_one(&entry, keep) {
                Ok(true) => removed += 1,
                Ok(false) => {}
                Err(fault) => {
                    tracing::warn!(folder = %entry.path().display(), %fault, "could not remove an old machine");
                }
            }
        }
    }
    Ok(removed)
}

fn prune_one(entry: &DirEntry, keep: Duration) -> Result<bool, LocalError> {
    let folder = Folder(entry.path());
    let is_old = |at: SystemTime| at.elapsed().is_ok_and(|age| age >= keep);
    if !folder.last_change().or_else(|| changed(&folder.0)).is_some_and(is_old) {
        return Ok(false);
    }
    // Held until the folder is gone, so that nobody starts a machine in it meanwhile.
    let _lock = match folder.lock()? {
        Attempt::Held(lock) => lock,
        Attempt::Refused => return Ok(false),
    };
    fs::remove_dir_all(&folder.0).map_err(LocalError::file("remove", &folder.0))?;
    Ok(is_machine(&entry.file_name()))
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|data| data.modified()).ok()
}

fn make_private(path: &Path) -> Result<(), LocalError> {
    DirBuilder::new().recursive(true).mode(PRIVATE).create(path).map_err(LocalError::file("make", path))
}
