//! What is asked of a launch, and what is written down about it. Nothing in the record is secret.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use contract::{Credential, duration};
use serde::{Deserialize, Serialize};

use super::LocalError;
use crate::stamp;

/// What makes a launch the same launch: the counterpart of ECS's `clientToken`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// Short name of this machine and user.
    pub place: String,
    /// The launch id.
    pub id: String,
    /// Which of `--count`.
    pub index: u32,
    /// The run's attempt.
    pub attempt: u32,
    /// How often this index was launched before, within its attempt.
    pub generation: u32,
}

impl Token {
    /// The machine's folder, below the folder of its place.
    pub(super) fn folder_name(&self) -> String {
        format!("{}-{}-{}.{}", self.id, self.index, self.attempt, self.generation)
    }

    pub(super) fn check(&self) -> Result<(), LocalError> {
        for part in [&self.place, &self.id] {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            if part.is_empty() || !part.chars().all(plain) {
                return Err(LocalError::BadToken(part.clone()));
            }
        }
        Ok(())
    }
}

/// A machine to start.
#[derive(Clone, Debug)]
pub struct LocalLaunch {
    /// Which one.
    pub token: Token,
    /// The runner's name at GitHub.
    pub runner_name: String,
    /// `OWNER/REPO` that asked for it, within a run.
    pub repo: Option<String>,
    /// The workflow run that asked for it.
    pub run: Option<u64>,
    /// The profile key.
    pub key: String,
    /// When it was asked for.
    pub created: SystemTime,
    /// When it dies by itself at the latest.
    pub expires: SystemTime,
    /// It leaves when no job came for so long.
    pub max_idle: Duration,
    /// It leaves when so old.
    pub max_lifetime: Duration,
    /// The variables of [`contract::env`], proxy and certificate settings, and those for the job. None of them secret.
    pub env: Vec<(String, String)>,
    /// The right to register; it goes through a pipe.
    pub credential: Option<Credential>,
    /// The runner distribution to copy: see [`super::Local::distribution`].
    pub distribution: PathBuf,
}

/// What is known about a machine from its folder alone: `launch.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchRecord {
    /// The launch id.
    pub id: String,
    /// Short name of this machine and user.
    pub place: String,
    /// Which of `--count`.
    pub index: u32,
    /// The run's attempt.
    pub attempt: u32,
    /// How often this index was launched before, within its attempt.
    pub generation: u32,
    /// The runner's name at GitHub.
    pub runner_name: String,
    /// `OWNER/REPO` that asked for it, within a run.
    pub repo: Option<String>,
    /// The workflow run that asked for it.
    pub run: Option<u64>,
    /// The profile key.
    pub key: String,
    /// When it was asked for: RFC 3339, UTC.
    pub created: String,
    /// When it dies by itself at the latest: RFC 3339, UTC.
    pub expires: String,
    /// As in [`contract::duration`].
    pub max_idle: String,
    /// As in [`contract::duration`].
    pub max_lifetime: String,
    /// The program that was started.
    pub entrypoint: PathBuf,
    /// Version of `mayfly` that started it.
    pub version: String,
}

impl LaunchRecord {
    pub(super) fn of(launch: &LocalLaunch, entrypoint: PathBuf) -> Self {
        let Token { place, id, index, attempt, generation } = launch.token.clone();
        Self {
            id,
            place,
            index,
            attempt,
            generation,
            runner_name: launch.runner_name.clone(),
            repo: launch.repo.clone(),
            run: launch.run,
            key: launch.key.clone(),
            created: stamp::rfc3339(launch.created),
            expires: stamp::rfc3339(launch.expires),
            max_idle: duration::format(launch.max_idle),
            max_lifetime: duration::format(launch.max_lifetime),
            entrypoint,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
