//! Finds the programs that the sandbox runs, and builds them where nobody said where they are.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::distribution;

/// Names the folder of the binaries, where no `--bin-dir` does.
pub const BIN_DIR: &str = "MAYFLY_BIN_DIR";

/// A folder with `mayfly`, `runner-entrypoint` and `standin-listener`.
#[derive(Clone, Debug)]
pub struct Binaries(PathBuf);

impl Binaries {
    /// The folder that was asked for, else the one that `MAYFLY_BIN_DIR` names, else that of the running program, after
    /// `cargo build --workspace --bins` in its profile.
    ///
    /// # Errors
    /// A binary is missing, or the build failed.
    pub fn find(asked_for: Option<PathBuf>) -> io::Result<Self> {
        let given = asked_for.or_else(|| std::env::var_os(BIN_DIR).map(PathBuf::from));
        let folder = match given {
            Some(folder) => std::path::absolute(folder)?,
            None => {
                let own = distribution::own_folder()?;
                build(&own)?;
                own
            }
        };
        let binaries = Self(folder);
        for name in ["mayfly", "runner-entrypoint", distribution::BINARY] {
            let path = binaries.path(name);
            if !path.is_file() {
                let text = format!("{} is missing; build it with: cargo build --workspace --bins", path.display());
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
        }
        Ok(binaries)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// A program's path.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Builds all programs in the profile of `folder`: cargo names the folder after it, but for `dev`.
fn build(folder: &Path) -> io::Result<()> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
    let profile = if name == "debug" { "dev" } else { name };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--workspace", "--bins", "--profile", profile]).stdin(Stdio::null()).stdout(Stdio::piped());
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    forget_package(&mut command);
    // The first build takes minutes: a person at a terminal sees cargo's progress, everybody else its faults only.
    command.stderr(if io::stderr().is_terminal() { Stdio::inherit() } else { Stdio::piped() });
    let built = command.spawn()?.wait_with_output()?;
    if built.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&built.stderr);
    Err(io::Error::other(format!("could not build the programs that the sandbox runs:\n{}", text.trim())))
}

/// cargo tells its tests and programs which package they are of, and ring's build script asks for that: it would be run again
/// with each change of who builds, and all that stands on ring be compiled again.
fn forget_package(command: &mut Command) {
    let of_package = |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_package)) {
        command.env_remove(name);
    }
}
