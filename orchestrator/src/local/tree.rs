//! A machine's own copy of the runner distribution: hard links where the file system has them, else copies.
//!
//! Not symbolic links: .NET's host resolves them and would then look for its configuration in the original's folder.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use super::LocalError;

/// What a distribution has at its top once it was used: another runner's identity, its jobs and its logs.
const LEFT_BEHIND: [&str; 8] = [
    ".runner",
    ".runner_migrated",
    ".credentials",
    ".credentials_migrated",
    ".credentials_rsaparams",
    ".service",
    "_work",
    "_diag",
];

/// Makes `to` a copy of `from`. What an earlier, interrupted attempt left in `to` goes first.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), LocalError> {
    match fs::remove_dir_all(to) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(LocalError::file("remove", to)(cause)),
        _ => copy_folder(from, to, &LEFT_BEHIND),
    }
}

fn copy_folder(from: &Path, to: &Path, without: &[&str]) -> Result<(), LocalError> {
    fs::create_dir(to).map_err(LocalError::file("make", to))?;
    for entry in fs::read_dir(from).map_err(LocalError::file("read", from))? {
        let entry = entry.map_err(LocalError::file("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if without.iter().any(|name| entry.file_name() == OsStr::new(name)) {
            continue;
        }
        let kind = entry.file_type().map_err(LocalError::file("read", &source))?;
        if kind.is_dir() {
            copy_folder(&source, &target, &[])?;
        } else if kind.is_symlink() {
            copy_link(&source, &target).map_err(LocalError::file("make", &target))?;
        } else {
            copy_file(&source, &target).map_err(LocalError::file("make", &target))?;
        }
    }
    Ok(())
}

/// The links within a distribution (those of node's programs) are relative and stay within it.
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(from)?, to)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    // Another file system, one without hard links, somebody else's file (fs.protected_hardlinks), too many links: all of
    // them are answered by a copy, whose own error then tells what is really wrong.
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}
