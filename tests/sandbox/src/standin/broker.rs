//! The runner's line to the sandbox.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Response;

use crate::github::Misbehaviour;
use crate::wire::{Message, OpenSession, Report, SessionOpened};

/// Longer than the sandbox keeps a question open.
const LONGEST_CALL: Duration = Duration::from_secs(90);

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokerError {
    /// No answer came.
    #[error("{0}")]
    Unreachable(String),
    /// The answer was a refusal.
    #[error("{text}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The sandbox's sentence.
        text: String,
    },
}

impl From<ureq::Error> for BrokerError {
    fn from(fault: ureq::Error) -> Self {
        Self::Unreachable(fault.to_string())
    }
}

/// One connection pool.
#[derive(Clone)]
pub(super) struct Broker {
    agent: Agent,
    url: String,
}

impl Broker {
    pub(super) fn new(url: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(LONGEST_CALL))
            .user_agent(format!("standin-runner/{}", crate::distribution::VERSION));
        Self { agent: config.build().into(), url: url.trim_end_matches('/').to_owned() }
    }

    pub(super) fn behaviour(&self, runner: &str) -> Misbehaviour {
        let asked = self.agent.get(format!("{}/behaviour?runner={runner}", self.url)).call();
        asked.ok().and_then(|mut answer| answer.body_mut().read_json().ok()).unwrap_or_default()
    }

    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, body: impl Serialize) -> Result<T, BrokerError> {
        let mut answer = accepted(self.agent.post(format!("{}/{path}", self.url)).send_json(body)?)?;
        Ok(answer.body_mut().read_json()?)
    }

    /// A POST whose answer has no body.
    pub(super) fn tell(&self, path: &str, body: impl Serialize) -> Result<(), BrokerError> {
        accepted(self.agent.post(format!("{}/{path}", self.url)).send_json(body)?).map(|_| ())
    }

    pub(super) fn open_session(&self, wanted: &OpenSession) -> Result<SessionOpened, BrokerError> {
        self.post("sessions", wanted)
    }

    /// Waits for a message; `None`: there is none yet, ask again.
    pub(super) fn next_message(&self, session: &str) -> Result<Option<Message>, BrokerError> {
        let mut answer = accepted(self.agent.get(format!("{}/sessions/{session}/message", self.url)).call()?)?;
        if answer.status().as_u16() == 204 {
            return Ok(None);
        }
        Ok(Some(answer.body_mut().read_json()?))
    }

    pub(super) fn close_session(&self, session: &str) {
        // Best effort, as in the real thing: a session that stays is dropped by the service.
        let _ = self.agent.delete(format!("{}/sessions/{session}", self.url)).call();
    }

    /// Sends news of a job.
    pub(super) fn report(&self, url: &str, token: &str, report: &Report) -> Result<(), BrokerError> {
        let call = self.agent.post(url).header("Authorization", format!("Bearer {token}"));
        accepted(call.send_json(report)?).map(|_| ())
    }
}

fn accepted(mut answer: Response<ureq::Body>) -> Result<Response<ureq::Body>, BrokerError> {
    let status = answer.status().as_u16();
    if status < 400 {
        return Ok(answer);
    }
    let body: serde_json::Value = answer.body_mut().read_json().unwrap_or_default();
    let text = body["message"].as_str().unwrap_or("no reason was given").to_owned();
    Err(BrokerError::Refused { status, text })
}
