//! What an image is on this machine.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Prepares a task's fresh folder, and returns the environment that follows from where the folder is.
pub type LayOut = Arc<dyn Fn(&Path) -> io::Result<Vec<(String, String)>> + Send + Sync>;

/// What an image is on this machine: a program that runs in a folder of its own.
#[derive(Clone)]
pub struct LocalImage {
    /// The image's ENTRYPOINT; empty where it has none, and the command itself names the program.
    pub program: PathBuf,
    /// The image's CMD; a command in the task definition or in the overrides replaces it.
    pub args: Vec<String>,
    /// The image's ENV.
    pub env: BTreeMap<String, String>,
    /// Prepares the container's file system.
    pub lay_out: Option<LayOut>,
    /// Where programs that a health check, an entry point or a command names are looked up by their base name. Default:
    /// beside [`LocalImage::program`].
    pub binaries: Option<PathBuf>,
    /// The image of a Docker engine that it really is; then the rest says nothing.
    pub engine: Option<String>,
}

impl LocalImage {
    /// An image with a program and nothing else.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        Self { program, args: Vec::new(), env: BTreeMap::new(), lay_out: None, binaries: None, engine: None }
    }

    /// An image that this machine's Docker engine has: its containers are real ones, with its ENTRYPOINT, CMD and ENV, its file
    /// system and mounted volumes. Only the network is this machine's: addresses and ports are as for processes.
    pub fn of_engine(reference: &str) -> Self {
        Self { engine: Some(reference.to_owned()), ..Self::new("") }
    }

    /// A plain Linux image: no ENTRYPOINT and no CMD, so that a task definition has to name the program. Programs are
    /// looked up in this folder first, then as on this machine.
    pub fn linux(binaries: impl Into<PathBuf>) -> Self {
        Self { binaries: Some(binaries.into()), ..Self::new("") }
    }

    /// Sets the CMD.
    #[must_use]
    pub fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args = args.map(str::to_owned).to_vec();
        self
    }

    /// Adds a variable to the ENV.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets what prepares the container's folder.
    #[must_use]
    pub fn lay_out<F>(mut self, prepare: F) -> Self
    where
        F: Fn(&Path) -> io::Result<Vec<(String, String)>> + Send + Sync + 'static,
    {
        self.lay_out = Some(Arc::new(prepare));
        self
    }

    /// The program that a path within the image stands for.
    pub(crate) fn binary(&self, path: &str) -> PathBuf {
        let name = Path::new(path).file_name().unwrap_or_default();
        let folder = self.binaries.as_deref().or_else(|| self.program.parent()).unwrap_or(Path::new("."));
        let beside = folder.join(name);
        if beside.exists() { beside } else { PathBuf::from(path) }
    }
}

impl fmt::Debug for LocalImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalImage").field("program", &self.program).field("args", &self.args).finish_non_exhaustive()
    }
}
