//! What all routes share: the model behind its lock, and the signal that it changed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{OnceCell, watch};

use super::exchange::Log;
use super::fault::Faults;
use super::page::{AskTasks, TaskCard, TaskSource};
use super::rate::Rates;
use super::state::{Limits, State};
use crate::clock::Clock;
use crate::contract_check::Checker;
use crate::distribution::{self, Archive};

/// Shared by all routes.
pub(crate) type Hub = Arc<Shared>;

/// The model and its surroundings.
pub(crate) struct Shared {
    /// Base of the API, without a slash at its end.
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) bin_dir: Option<PathBuf>,
    pub(crate) checker: Option<Checker>,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) rates: Rates,
    state: Mutex<State>,
    /// Where the page has AWS's tasks from. Weak: the two sides do not keep each other alive.
    tasks: Mutex<Option<Weak<AskTasks>>>,
    archive: OnceCell<Archive>,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(
        url: String,
        clock: Clock,
        limits: Limits,
        bin_dir: Option<PathBuf>,
        checker: Option<Checker>,
    ) -> Self {
        Self {
            url,
            clock,
            limits,
            bin_dir,
            checker,
            faults: Faults::default(),
            log: Log::default(),
            rates: Rates::default(),
            state: Mutex::new(State::default()),
            tasks: Mutex::default(),
            archive: OnceCell::new(),
            changes: watch::channel(0).0,
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// From now on the page shows these tasks, as long as the source is kept.
    pub(crate) fn show_tasks(&self, source: &TaskSource) {
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::downgrade(source));
    }

    /// The tasks of the other side, if there is one.
    pub(crate) fn tasks(&self) -> Vec<TaskCard> {
        let source = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade);
        source.map(|ask| ask()).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panicking test must not hide its own message behind a poisoned lock.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sweep(self.now(), &self.limits);
        state
    }

    /// The packed stand-in distribution: packed when first asked for.
    pub(crate) async fn archive(&self) -> Result<&Archive, String> {
        let pack = async || {
            let bin_dir = match &self.bin_dir {
                Some(folder) => folder.clone(),
                None => distribution::own_folder().map_err(|fault| fault.to_string())?,
            };
            let packed = tokio::task::spawn_blocking(move || distribution::archive(&bin_dir)).await;
            packed.map_err(|fault| fault.to_string())?.map_err(|fault| fault.to_string())
        };
        self.archive.get_or_try_init(pack).await
    }

    /// Looks at the model.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the model and wakes everybody who waits for a change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State, OffsetDateTime) -> T) -> T {
        let result = change(&mut self.lock(), self.now());
        self.changes.send_modify(|count| *count += 1);
        result
    }

    /// Asks again after each change until there is an answer or the time is up.
    pub(crate) async fn wait_for<T>(&self, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
        let deadline = tokio::time::Instant::now() + limit;
        let mut changes = self.changes.subscribe();
        loop {
            changes.mark_unchanged();
            if let Some(answer) = ask() {
                return Some(answer);
            }
            // Some conditions come true by the passing of time alone, so a question is repeated without a change too.
            let next_look = deadline.min(tokio::time::Instant::now() + Duration::from_millis(200));
            let changed = tokio::time::timeout_at(next_look, changes.changed()).await;
            if changed.is_err() && tokio::time::Instant::now() >= deadline {
                return None;
            }
        }
    }
}
