//! The lock by which a machine shows that it lives.
//!
//! `flock` belongs to the open file, not to a process: the machine inherits the descriptor, and the kernel lets go of the
//! lock when the last process that has it is gone, however it went. Whoever only looks takes the lock shared and only for
//! that moment, so that looking can be told from living.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::LocalError;

/// The lock, held alone.
#[derive(Debug)]
pub(super) struct Lock(File);

/// What an attempt to lock came to.
pub(super) enum Attempt {
    /// Nobody else holds it.
    Held(Lock),
    /// A machine, or somebody who is about to start one, holds it.
    Refused,
}

impl Lock {
    /// The file, to be inherited. Dropping it without a word leaves the lock with those who inherited it.
    pub(super) fn into_file(self) -> File {
        self.0
    }
}

/// Takes the lock alone, if no machine holds it.
pub(super) fn take(path: &Path) -> Result<Attempt, LocalError> {
    loop {
        let file = open(path).map_err(LocalError::file("open", path))?;
        match file.try_lock() {
            Ok(()) if is_current(&file, path) => return Ok(Attempt::Held(Lock(file))),
            // The folder was pruned, and perhaps made anew, between opening and locking.
            Ok(()) if path.parent().is_some_and(Path::exists) => {}
            Ok(()) => return Err(LocalError::file("lock", path)(io::ErrorKind::NotFound.into())),
            Err(TryLockError::WouldBlock) if is_held(&file, path)? => return Ok(Attempt::Refused),
            // Somebody only looked; that is over in a moment.
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            Err(TryLockError::Error(cause)) => return Err(LocalError::file("lock", path)(cause)),
        }
    }
}

/// Whether a machine holds the lock.
pub(super) fn is_taken(path: &Path) -> Result<bool, LocalError> {
    match File::open(path) {
        Ok(file) => is_held(&file, path),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(LocalError::file("open", path)(cause)),
    }
}

fn is_held(file: &File, path: &Path) -> Result<bool, LocalError> {
    match file.try_lock_shared() {
        Ok(()) => file.unlock().map(|()| false).map_err(LocalError::file("unlock", path)),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(cause)) => Err(LocalError::file("lock", path)(cause)),
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn is_current(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(named)) = (file.metadata(), path.metadata()) else {
        return false;
    };
    (held.dev(), held.ino()) == (named.dev(), named.ino())
}
