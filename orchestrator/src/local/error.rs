//! What can go wrong on this machine, with the fix.

use std::io;
use std::path::{Path, PathBuf};

use crate::github::GitHubError;
use crate::http::HttpError;

/// A local launch, or what belongs to it, failed.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// There is no folder to keep machines in.
    #[error("there is no folder for local machines: HOME is not set; set HOME or MAYFLY_STATE_HOME and XDG_CACHE_HOME")]
    NoHome,
    /// A file or folder.
    #[error("could not {doing} {path}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The token's parts do not make a folder name.
    #[error("\"{0}\" cannot be part of a folder's name; only letters, digits, hyphens and dots can")]
    BadToken(String),
    /// What a former launch wrote down.
    #[error("{path} cannot be understood; remove its folder if no machine of that name lives")]
    Record {
        /// The file.
        path: PathBuf,
        /// What could not be read.
        source: serde_json::Error,
    },
    /// No `runner-entrypoint`.
    #[error("runner-entrypoint was not found {0}; put it beside mayfly, or set MAYFLY_ENTRYPOINT to its path")]
    NoEntrypoint(String),
    /// It did not start.
    #[error("could not start {entrypoint}")]
    Spawn {
        /// The program.
        entrypoint: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A credential that no pipe takes in one go.
    #[error("the credential has {0} bytes, more than any of GitHub's; check what was stored")]
    CredentialTooLong(usize),
    /// No runner distribution.
    #[error("{0} has no bin/Runner.Listener; --runner-dist must name the unpacked folder of actions/runner")]
    NoListener(PathBuf),
    /// GitHub offers nothing for this machine.
    #[error("GitHub offers no runner for {0}; give one with --runner-dist")]
    NoDownload(String),
    /// The archive came without a checksum.
    #[error("GitHub gave no checksum for {0}; fetch and check it yourself, and give it with --runner-dist")]
    NoChecksum(String),
    /// The archive is not what GitHub announced.
    #[error("{url} has the SHA-256 {found}, and GitHub announced {announced}; it was not used")]
    WrongChecksum {
        /// Where it came from.
        url: String,
        /// What it should be.
        announced: String,
        /// What it is.
        found: String,
    },
    /// The archive could not be fetched.
    #[error("could not fetch {url}: {why}")]
    Fetch {
        /// Where from.
        url: String,
        /// A status, or too many redirections.
        why: String,
    },
    /// The archive could not be fetched: no answer.
    #[error("could not fetch {url}")]
    NoAnswer {
        /// Where from.
        url: String,
        /// Why.
        source: HttpError,
    },
    /// GitHub did not say where the archives are.
    #[error("could not learn where the runner distribution is; --runner-dist does without")]
    Downloads(#[source] GitHubError),
    /// The archive could not be unpacked.
    #[error("tar could not unpack {archive}: {why}")]
    Unpack {
        /// The archive.
        archive: PathBuf,
        /// What tar said.
        why: String,
    },
    /// A machine that lives without having said its process id.
    #[error("the machine in {0} lives and has not told its process id; try again in a moment")]
    NoPid(PathBuf),
    /// The process does not take the signal.
    #[error("could not signal process {pid} of the machine in {folder}")]
    Signal {
        /// The process.
        pid: i32,
        /// The machine's folder.
        folder: PathBuf,
        /// What the system said.
        source: nix::Error,
    },
}

impl LocalError {
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }
}
