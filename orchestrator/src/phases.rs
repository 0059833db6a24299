//! How long each phase of a launch took: the waterfall that `start` prints.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// One phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// `oidc`, `sts`, `run_task`, `provisioning`, `pull`, `start`, `registered`.
    pub name: &'static str,
    /// How long it took, in milliseconds.
    #[serde(rename = "ms", serialize_with = "millis")]
    pub took: Duration,
}

fn millis<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

/// A stopwatch that several owners write into.
#[derive(Clone, Debug, Default)]
pub struct Phases(Arc<Mutex<Vec<Phase>>>);

impl Phases {
    /// Notes a phase that was measured elsewhere.
    pub fn note(&self, name: &'static str, took: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Phase { name, took });
    }

    /// Runs and measures a phase.
    pub async fn measure<T>(&self, name: &'static str, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let result = work.await;
        self.note(name, begun.elapsed());
        result
    }

    /// What was noted so far, in order.
    pub fn list(&self) -> Vec<Phase> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
