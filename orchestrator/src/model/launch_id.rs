//! The launch id: one UUID that is the runner's label, the task's `startedBy` and the key of everything else.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// One launch (or, with `--count`, one group of launches that share a label).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaunchId(Uuid);

impl LaunchId {
    /// An id that nobody can guess and nobody can derive again.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id that belongs to a profile key of a workflow run: always the same, and unguessable without the namespace.
    pub fn derived(namespace: &Uuid, repository_id: u64, run_id: u64, key: &str) -> Self {
        Self(Uuid::new_v5(namespace, format!("{repository_id}/{run_id}/{key}").as_bytes()))
    }

    /// The id that belongs to a preview's description: always the same for the same.
    pub fn of_preview(namespace: &Uuid, description: &str) -> Self {
        Self(Uuid::new_v5(namespace, description.as_bytes()))
    }

    /// The 32 hexadecimal digits without hyphens, as they stand in a runner's name.
    pub fn digits(self) -> String {
        self.0.simple().to_string()
    }
}

impl fmt::Display for LaunchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for LaunchId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Uuid::parse_str(text.trim()).map(Self).map_err(|_| {
            format!("\"{text}\" is not a label of mayfly; it is the UUID that `mayfly runner start` printed as `label`")
        })
    }
}

impl Serialize for LaunchId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
