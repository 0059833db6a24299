//! The runner's folder: there, whole, and writable for the job's user.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use super::account::{Account, Identity};

/// What the Listener writes into besides the folder itself.
const WRITTEN: [&str; 2] = ["_work", "_diag"];

/// The Listener's program.
pub(crate) fn program(folder: &Path) -> PathBuf {
    folder.join("bin/Runner.Listener")
}

/// Makes the folder ready. What is inside of `bin` and `externals` stays as it is: changing the owner of 600 MB takes longer
/// than everything else here together, and in a container copies every file.
///
/// # Errors
/// A text: the distribution is not there, or the owner cannot be changed.
pub(crate) fn prepare(folder: &Path, account: &Account) -> Result<(), String> {
    let program = program(folder);
    if let Err(cause) = fs::metadata(&program) {
        let variable = contract::env::RUNNER_DIR;
        return Err(format!(
            "{} is not there ({cause}); {variable} must be the folder of a runner distribution",
            program.display()
        ));
    }
    let Some(identity) = account.identity() else { return Ok(()) };
    give(folder, identity)?;
    for name in WRITTEN {
        let path = folder.join(name);
        match fs::create_dir(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(fault(&path, &cause)),
            _ => give(&path, identity)?,
        }
    }
    Ok(())
}

fn give(path: &Path, identity: &Identity) -> Result<(), String> {
    let owner = fs::metadata(path).map_err(|cause| fault(path, &cause))?.uid();
    if owner == identity.uid.as_raw() {
        return Ok(());
    }
    chown(path, Some(identity.uid.as_raw()), Some(identity.gid.as_raw())).map_err(|cause| fault(path, &cause))
}

fn fault(path: &Path, cause: &io::Error) -> String {
    format!("{} cannot be made ready for the job's user: {cause}", path.display())
}
