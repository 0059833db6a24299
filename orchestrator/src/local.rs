//! Launch mode `local`: a machine is a process on this one, with its own folder, log and lifetime.
//!
//! What exists is learnt from the folders, and whether a machine lives from the lock in its folder, which the machine holds
//! until its last breath: a process id alone may belong to somebody else by now.

mod distribution;
mod error;
mod folder;
mod lock;
mod machine;
mod preview;
mod protection;
mod record;
mod spawn;
mod stop;
mod tree;

use std::path::PathBuf;
use std::time::Duration;

pub use self::error::LocalError;
use self::folder::{Folder, Opened};
use self::lock::Attempt;
pub use self::machine::{Life, LocalMachine};
pub use self::preview::{LocalPreview, LocalPreviewLaunch, PreviewOutcome, PreviewRecord};
pub use self::protection::missing_protections;
pub use self::record::{LaunchRecord, LocalLaunch, Token};
pub use self::stop::{Force, Stopped};

/// How long the folder of a machine that ended is kept: long enough to read its log the next morning.
pub const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// Where state is kept instead of `$XDG_STATE_HOME`.
pub const STATE_HOME: &str = "MAYFLY_STATE_HOME";
/// Path of the `runner-entrypoint` to start.
pub const ENTRYPOINT: &str = "MAYFLY_ENTRYPOINT";

/// Variables of the caller that a machine gets besides its own: what any program needs, and nothing that tells of accounts.
const BASE: [&str; 9] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SHELL"];

/// This machine as a place to launch on.
#[derive(Clone, Debug)]
pub struct Local {
    machines: PathBuf,
    previews: PathBuf,
    cache: PathBuf,
    entrypoint: Option<PathBuf>,
    base: Vec<(String, String)>,
}

/// What became of a launch.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A machine was started.
    Started(LocalMachine),
    /// The token's machine lives, or is being started by somebody else: nothing was started.
    Adopted(LocalMachine),
    /// The token's machine has lived and ended: the next generation is due.
    Ended(LocalMachine),
}

impl Local {
    /// Reads `MAYFLY_STATE_HOME`, `XDG_STATE_HOME`, `XDG_CACHE_HOME`, `HOME`, `MAYFLY_ENTRYPOINT` and what a machine's
    /// environment is made of. Touches no file.
    ///
    /// # Errors
    /// [`LocalError::NoHome`] where neither of the folders can be told.
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, LocalError> {
        let set = |name: &str| vars(name).filter(|value| !value.is_empty());
        let home = |rest: &str| set("HOME").map(|home| PathBuf::from(home).join(rest));
        let folder = |name: &str, rest: &str| set(name).map(PathBuf::from).or_else(|| home(rest));
        let state = set(STATE_HOME).map(PathBuf::from).or_else(|| folder("XDG_STATE_HOME", ".local/state"));
        let cache = folder("XDG_CACHE_HOME", ".cache");
        let state = state.ok_or(LocalError::NoHome)?.join("mayfly");
        Ok(Self {
            machines: state.join("machines"),
            previews: state.join("previews"),
            cache: cache.ok_or(LocalError::NoHome)?.join("mayfly/runner"),
            entrypoint: set(ENTRYPOINT).map(PathBuf::from),
            base: BASE.iter().filter_map(|name| Some(((*name).to_owned(), set(name)?))).collect(),
        })
    }

    /// Starts the token's machine, unless it lives or has lived. Two at once start one.
    ///
    /// The machine outlives the caller: it has its own session, and its credential waits in a pipe.
    ///
    /// # Errors
    /// Where a folder cannot be written, or the entrypoint is not found or does not start.
    pub fn launch(&self, launch: &LocalLaunch) -> Result<Outcome, LocalError> {
        let entrypoint = self.find_entrypoint()?;
        let record = LaunchRecord::of(launch, entrypoint.clone());
        let Opened { folder, record } = Folder::open(&self.machines, &launch.token, &record)?;
        let machine = LocalMachine::new(folder.clone(), record);
        let lock = match folder.lock()? {
            Attempt::Held(lock) => lock,
            Attempt::Refused => return Ok(Outcome::Adopted(machine)),
        };
        if folder.was_used() {
            return Ok(Outcome::Ended(machine));
        }
        tree::copy(&launch.distribution, &folder.runner())?;
        spawn::start(&entrypoint, &folder, lock, launch, &self.base)?;
        Ok(Outcome::Started(machine))
    }

    /// All machines that have a folder, live or ended. A folder that cannot be read is told in the log and left out.
    ///
    /// # Errors
    /// Where the folder of all machines is there and cannot be read.
    pub fn machines(&self) -> Result<Vec<LocalMachine>, LocalError> {
        machine::all(&self.machines)
    }

    /// Removes what machines left that ended more than `keep` ago; answers with how many.
    ///
    /// # Errors
    /// Where the folder of all machines cannot be read. A single folder that cannot be removed is told in the log.
    pub fn prune(&self, keep: Duration) -> Result<usize, LocalError> {
        Ok(folder::prune(&self.machines, keep)? + folder::prune(&self.previews, keep)?)
    }

    fn find_entrypoint(&self) -> Result<PathBuf, LocalError> {
        let path = self.base.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.as_str());
        spawn::find_entrypoint(self.entrypoint.as_deref(), path.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
