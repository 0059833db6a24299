//! `runner-entrypoint install FOLDER`: puts this program into a folder that another container shares, whose image has none.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::mkstemp;

use crate::cli;

/// The program's name in the folder.
const NAME: &str = "runner-entrypoint";

/// What we are, even where the file that we were started from has another name by now.
const SELF: &str = "/proc/self/exe";

/// Installs the program and says where.
pub(crate) fn run(folder: &OsStr) -> u8 {
    match install(Path::new(folder)) {
        Ok(path) => cli::print(&format!("installed {}\n", path.display())),
        Err(fault) => cli::refuse(&format!("install: {fault}")),
    }
}

fn install(folder: &Path) -> Result<PathBuf, String> {
    let named = |path: &Path, cause: &dyn std::fmt::Display| format!("{}: {cause}", path.display());
    fs::create_dir_all(folder).map_err(|cause| named(folder, &cause))?;
    let mut program = File::open(SELF).map_err(|cause| named(Path::new(SELF), &cause))?;
    let template = folder.join(format!(".{NAME}.XXXXXX"));
    let (descriptor, draft) = mkstemp(&template).map_err(|cause| named(folder, &cause.desc()))?;
    let path = folder.join(NAME);
    // Renamed when it is whole: nobody executes half a program, and one that runs is not written to.
    let installed = fill(&mut program, File::from(descriptor)).and_then(|()| fs::rename(&draft, &path));
    installed.map_err(|cause| {
        // The first fault is the one to tell of.
        let _ = fs::remove_file(&draft);
        named(&path, &cause)
    })?;
    Ok(path)
}

fn fill(program: &mut File, mut draft: File) -> io::Result<()> {
    io::copy(program, &mut draft)?;
    draft.set_permissions(Permissions::from_mode(0o755))
}
