//! Registered runners and their sessions.

use contract::Scope;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::directory::Place;
use super::run::JobId;

/// GitHub's number for a runner.
pub type RunnerId = u64;

/// How a stand-in runner shall misbehave. Given in its file `misbehave.json`, or by the sandbox for a runner's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misbehaviour {
    /// It does not.
    #[default]
    None,
    /// Starts and never connects.
    NeverConnect,
    /// Dies by SIGABRT before it connected.
    CrashBeforeConnect,
    /// Dies by SIGABRT after it connected.
    CrashAfterConnect,
    /// Exits with this code instead of connecting.
    Exit(u8),
    /// Stays after its job was done.
    HangAfterJob,
    /// Its Worker never ends, whatever it is told.
    HangWorker,
    /// Prints bytes that are no UTF-8 before it works as usual.
    Garbage,
    /// Prints one line of a megabyte before it works as usual.
    MegabyteLine,
    /// Says that its version is refused, and exits as the real one does.
    VersionRefused,
    /// Says that it updates itself, touches `update.finished`, and exits with this code (3 or 4).
    Update(u8),
    /// Another session holds its registration.
    SessionConflict,
}

/// A connected stand-in runner.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    /// Long polls that are open now.
    pub(crate) polls: u32,
}

/// A registration.
#[derive(Clone, Debug)]
pub struct Runner {
    /// GitHub's number.
    pub id: RunnerId,
    /// Its name, unique within its place.
    pub name: String,
    /// Where it belongs to, as the client wrote it.
    pub scope: Scope,
    /// The same by number.
    pub place: Place,
    /// Its group.
    pub group: u64,
    /// Labels that came with the registration or later, lower case.
    pub labels: Vec<String>,
    /// Labels that nobody can take away (`self-hosted`, OS and architecture, where the runner was configured by token).
    pub fixed_labels: Vec<String>,
    /// Whether it goes after one job.
    pub ephemeral: bool,
    /// Version that the runner said at its last session.
    pub version: Option<String>,
    /// When it was registered.
    pub created_at: OffsetDateTime,
    /// When it last was there.
    pub last_seen: Option<OffsetDateTime>,
    /// Work folder, relative to the runner's.
    pub work_folder: String,
    /// The job that it runs.
    pub job: Option<JobId>,
    /// Whether it counts as connected: what the list calls `online`.
    pub online: bool,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) session: Option<Session>,
}

/// What a registration asks for.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) place: Place,
    pub(crate) group: u64,
    pub(crate) labels: Vec<String>,
    pub(crate) fixed_labels: Vec<String>,
    pub(crate) ephemeral: bool,
    pub(crate) work_folder: String,
}

impl Runner {
    /// Whether it counts as working: GitHub's `busy`.
    pub fn busy(&self) -> bool {
        self.job.is_some()
    }

    pub(crate) fn new(id: RunnerId, wanted: Registration, now: OffsetDateTime) -> Self {
        let lower = |labels: Vec<String>| labels.into_iter().map(|label| label.to_lowercase()).collect();
        Self {
            id,
            name: wanted.name,
            scope: wanted.scope,
            place: wanted.place,
            group: wanted.group,
            labels: lower(wanted.labels),
            fixed_labels: lower(wanted.fixed_labels),
            ephemeral: wanted.ephemeral,
            version: None,
            created_at: now,
            last_seen: None,
            work_folder: wanted.work_folder,
            job: None,
            online: false,
            client_id: Uuid::new_v4().to_string(),
            // As long as the private exponent whose place it takes, so that the configuration has the real one's size.
            client_secret: Uuid::new_v4().simple().to_string().repeat(11)[..344].to_owned(),
            session: None,
        }
    }

    /// All labels of the job must be the runner's, in any case.
    pub(crate) fn has_labels(&self, wanted: &[String]) -> bool {
        wanted.iter().all(|label| {
            let label = label.to_lowercase();
            self.labels.contains(&label) || self.fixed_labels.contains(&label)
        })
    }
}
