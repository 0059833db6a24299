//! What the stand-in runner and the sandbox say to each other below `/_standin`. Not GitHub's own protocol.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::github::{Step, StepResult};

/// Opens a session.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenSession {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) version: String,
}

/// A session is open.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionOpened {
    pub(crate) session_id: String,
}

/// What a long poll brings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Message {
    /// A job to run.
    Job(Box<JobMessage>),
    /// The running job shall be cancelled.
    Cancel,
}

/// A job as its runner gets it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct JobMessage {
    pub(crate) job_id: u64,
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    /// `GITHUB_*` and `ACTIONS_*` of each step.
    pub(crate) variables: BTreeMap<String, String>,
    /// Where reports go.
    pub(crate) report_url: String,
    /// Lets the Worker report, and fetch OIDC tokens.
    pub(crate) token: String,
}

/// How a job ended, in the runner's words (`actions/runner` TaskResult).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TaskResult {
    Succeeded,
    Failed,
    Canceled,
}

impl TaskResult {
    /// Exit code of a Worker, and of a Listener that was asked to tell: 100 and the result's number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Succeeded => 100,
            Self::Failed => 102,
            Self::Canceled => 103,
        }
    }

    pub(crate) fn from_code(code: i32) -> Option<Self> {
        [Self::Succeeded, Self::Failed, Self::Canceled].into_iter().find(|result| i32::from(result.code()) == code)
    }
}

/// News from a job.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) lines: Vec<String>,
    pub(crate) steps: Vec<StepResult>,
    pub(crate) result: Option<TaskResult>,
}

/// Registers a runner by a registration token: what `configure` sends.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Configure {
    pub(crate) token: String,
    pub(crate) url: String,
    pub(crate) name: String,
    pub(crate) labels: Vec<String>,
    pub(crate) default_labels: bool,
    pub(crate) group: Option<String>,
    pub(crate) ephemeral: bool,
    pub(crate) replace: bool,
    pub(crate) work_folder: String,
}

/// The files of a runner that was registered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Configured {
    pub(crate) files: BTreeMap<String, Value>,
}

/// Removes a runner by a removal or registration token.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Remove {
    pub(crate) token: String,
    pub(crate) runner_id: u64,
}
