//! What all handlers and all tasks of one stand-in share.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use tokio::sync::watch;

use super::calls::Calls;
use super::codebuild::Builds;
use super::config::{AwsConfig, Pace, TaskTags};
use super::ecr::Registry;
use super::ecs::Ecs;
use super::elb::Elb;
use super::fault::Fault;
use super::identity::Keys;
use super::logs::LogStore;
use super::ssm::Parameters;

pub(crate) struct Shared {
    pub(crate) config: AwsConfig,
    pub(crate) url: String,
    pub(crate) work_dir: PathBuf,
    state: Mutex<State>,
    pace: Mutex<Pace>,
    changed: watch::Sender<()>,
    numbers: AtomicU64,
    /// Keeps the temporary folder for as long as anybody works in it.
    _temporary: Option<TempDir>,
}

pub(crate) struct State {
    pub(crate) keys: Keys,
    pub(crate) ecs: Ecs,
    pub(crate) parameters: Parameters,
    pub(crate) logs: LogStore,
    pub(crate) faults: Vec<Fault>,
    pub(crate) calls: Calls,
    pub(crate) elb: Elb,
    pub(crate) registry: Registry,
    pub(crate) builds: Builds,
    pub(crate) task_tags: TaskTags,
}

impl Shared {
    pub(crate) fn new(config: AwsConfig, url: &str) -> io::Result<Self> {
        let temporary = match config.work_dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("sandbox-aws-").tempdir()?),
        };
        let chosen = config.work_dir.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned()));
        let work_dir = chosen.unwrap_or_default();
        std::fs::create_dir_all(&work_dir)?;
        let state = State {
            keys: Keys::new(&config.account),
            ecs: Ecs::new(&config).map_err(|refusal| io::Error::other(refusal.message))?,
            parameters: Parameters::default(),
            logs: LogStore::new(&config.log_groups),
            faults: Vec::new(),
            calls: Calls::default(),
            elb: Elb::new(&config),
            registry: Registry::new(&config),
            builds: Builds::default(),
            task_tags: config.task_tags,
        };
        Ok(Self {
            pace: Mutex::new(config.pace),
            url: url.to_owned(),
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            numbers: AtomicU64::new(0),
            config,
            work_dir,
            _temporary: temporary,
        })
    }

    /// The state, for as long as the guard lives. Never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long things take at the moment.
    pub(crate) fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }

    /// A number that was not given before.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Tells everybody who waits for a task that one has changed.
    pub(crate) fn announce(&self) {
        self.changed.send_replace(());
    }

    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
