//! Everything that talks to GitHub, each time in a short-lived child of PID 1.
//!
//! Each call is an [`errand`](crate::errand): the child inherits the vault and the settings, and its result is one [`Answer`].

mod configure;
mod credential;
pub(crate) mod files;
mod patience;
mod register;
mod remove;

use std::time::Duration;

use contract::exit::Cause;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::config::Config;
use crate::listener::account::Account;
use crate::machine::{Arbiter, AskAgain, Event, Removal, RunnerId, Verdict, WhenBusy};
use crate::secrets::vault::Vault;
use crate::signal::SignalSet;

/// What a child is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Register { within: Duration },
    Remove { id: Option<RunnerId>, within: Duration, when_busy: WhenBusy },
}

impl Task {
    pub(crate) fn within(self) -> Duration {
        match self {
            Self::Register { within } | Self::Remove { within, .. } => within,
        }
    }
}

/// What a child has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// Registered, and removable by REST.
    Registered(u64),
    /// Registered, and removable by the Listener only.
    RegisteredByToken(u64),
    NotRegistered(Cause, String),
    /// It may be registered: an answer was lost, or the files could not be written.
    Unclear(Cause, String),
    Gone,
    Busy,
    /// Could not be removed; a later attempt may do better.
    NotRemoved(String),
    /// Could not be removed, and no later attempt will do better.
    NotRemovable(String),
}

impl From<Answer> for Event {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Registered(id) => Self::Registered(RunnerId(id), Arbiter::Delete),
            Answer::RegisteredByToken(id) => Self::Registered(RunnerId(id), Arbiter::Nobody),
            Answer::NotRegistered(cause, message) => Self::NotRegistered(Verdict { cause, message }),
            Answer::Unclear(cause, message) => Self::RegistrationUnclear(Verdict { cause, message }),
            Answer::Gone => Self::Removal(Removal::Gone),
            Answer::Busy => Self::Removal(Removal::Busy),
            Answer::NotRemoved(message) => Self::Removal(Removal::Failed { message, again: AskAgain::Later }),
            Answer::NotRemovable(message) => Self::Removal(Removal::Failed { message, again: AskAgain::Never }),
        }
    }
}

/// What the children are given.
pub(crate) struct Registrar {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) account: Account,
    pub(crate) vault: Vault,
    /// The signal mask that the Listener is started with.
    pub(crate) mask: SignalSet,
}

impl Registrar {
    /// Does a task. Runs in the child.
    pub(crate) fn work(&mut self, task: Task) -> Answer {
        match task {
            Task::Register { within } => register::register(self, within),
            Task::Remove { id, within, when_busy } => remove::remove(self, id, within, when_busy),
        }
    }
}
