//! The stand-in runner distribution: what takes the place of the archive that GitHub offers for download.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// The version that the stand-in says it is: the real runner that its texts and codes were taken from.
pub const VERSION: &str = "2.336.0";
/// GitHub refuses registrations of older runners (community discussion 194762).
const OLDEST_ACCEPTED: (u32, u32) = (2, 329);
/// GitHub's name for this machine's architecture.
pub const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
/// Name of the binary among this workspace's.
pub const BINARY: &str = "standin-listener";

const NOTICE: &str = "This is a stand-in runner of Mayfly's sandbox, not GitHub's runner.\n\
    It speaks to the sandbox only, runs nothing but `run:` steps, and can be told to misbehave (misbehave.json).\n";

/// Makes a runner folder: `bin/Runner.Listener` and `bin/Runner.Worker`, both the stand-in, and a notice that says so.
///
/// # Errors
/// The folder could not be written, or `bin_dir` has no stand-in.
pub fn lay_out(dir: &Path, bin_dir: &Path) -> io::Result<()> {
    let bin = dir.join("bin");
    fs::create_dir_all(&bin)?;
    for name in ["Runner.Listener", "Runner.Worker"] {
        place(&bin_dir.join(BINARY), &bin.join(name))?;
    }
    fs::write(dir.join("STAND-IN.txt"), NOTICE)
}

/// A hard link where the file system allows it: the program finds its folder by its own path, which a link would hide.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_file(to) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
        _ => {}
    }
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(|_| ())).map_err(|fault| {
        io::Error::new(fault.kind(), format!("could not place the stand-in runner {}: {fault}", from.display()))
    })
}

/// Whether GitHub still takes runners of a version.
pub fn is_accepted(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) >= OLDEST_ACCEPTED,
        _ => false,
    }
}

/// File name of the archive, in the pattern of GitHub's own.
pub fn archive_name() -> String {
    format!("actions-runner-linux-{ARCHITECTURE}-{VERSION}.tar.gz")
}

/// The packed distribution.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The `.tar.gz`.
    pub bytes: Bytes,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Packs the distribution by the system's `tar`.
///
/// # Errors
/// No stand-in in `bin_dir`, no room for the copy, or no `tar`.
pub fn archive(bin_dir: &Path) -> io::Result<Archive> {
    let folder = tempfile::tempdir()?;
    // A copy first: tar refuses a file whose count of links changes under it, and runners are laid out at any time.
    let copy = folder.path().join("copy");
    fs::create_dir(&copy)?;
    fs::copy(bin_dir.join(BINARY), copy.join(BINARY))?;
    let runner = folder.path().join("runner");
    lay_out(&runner, &copy)?;
    let packed = Command::new("tar").args(["-czf", "-", "-C"]).arg(&runner).arg(".").output()?;
    if !packed.status.success() {
        return Err(io::Error::other(format!("tar failed: {}", String::from_utf8_lossy(&packed.stderr).trim())));
    }
    let sha256 = Sha256::digest(&packed.stdout).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Archive { bytes: packed.stdout.into(), sha256 })
}

/// The folder of the running program: where cargo puts the other binaries, also for tests (one folder up from `deps`).
///
/// # Errors
/// The operating system does not tell.
pub fn own_folder() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().unwrap_or(Path::new("/"));
    let in_deps = folder.ends_with("deps");
    Ok(if in_deps { folder.parent().unwrap_or(folder) } else { folder }.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::is_accepted;

    #[test]
    fn versions_below_the_enforced_minimum_are_refused() {
        for (version, accepted) in
            [("2.329.0", true), ("2.328.9", false), ("3.0.0", true), ("1.999.0", false), ("x", false)]
        {
            assert_eq!(is_accepted(version), accepted, "{version}");
        }
    }
}
