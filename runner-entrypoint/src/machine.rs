//! What a runner's machine does about what happens: pure, without clients, clocks or processes.
//!
//! [`step`] takes a state, a moment and an event, and gives the next state and what to do. The loop in `supervisor` waits,
//! calls it, and does as it is told; it has no choices of its own. Deadlines are part of the state: [`State::deadline`] says
//! when to come back with [`Event::Tick`].

mod budget;
mod exit;
mod state;
mod step;
mod verdict;

#[cfg(test)]
mod random;
#[cfg(test)]
mod table;

pub(crate) use self::state::{Arbiter, RunnerId, State};
pub(crate) use self::step::step;
pub(crate) use self::verdict::Verdict;

use std::time::Duration;

use contract::record::Phase;

use crate::exit::Exit;
use crate::listener::Line;
use crate::listener::witness::Testimony;
use crate::listener::worker::Worker;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// PID 1 is ready.
    Started,
    /// A deadline was reached.
    Tick,
    /// Somebody outside wants us to end.
    Signal(StopSignal),
    /// GitHub has the runner, and its files are written.
    Registered(RunnerId, Arbiter),
    /// There is no registration.
    NotRegistered(Verdict),
    /// Nobody knows whether there is a registration: an answer was lost.
    RegistrationUnclear(Verdict),
    /// The answer to [`Effect::Remove`].
    Removal(Removal),
    /// The registrar ended without an answer, or had to be killed.
    RegistrarDied,
    /// The Listener said something.
    Line(Line),
    /// The Listener could not be started.
    ListenerNotStarted(String),
    /// The Listener ended.
    ListenerExited { exit: Exit, files: RunnerFiles },
    /// The answer to [`Effect::LookForUpdate`].
    Update(Update),
    /// A hook, or somebody who pretends to be one, says something of the job.
    Testimony(Testimony),
    /// The answer to [`Effect::LookForWorker`].
    Worker(Worker),
}

/// How urgently somebody wants us to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopSignal {
    /// SIGTERM, SIGINT, SIGHUP: by the rules. A second one does not wait for the job.
    Stop,
    /// SIGQUIT: now.
    Quit,
}

/// What became of a DELETE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// GitHub says that the runner is gone.
    Gone,
    /// GitHub says that it runs a job.
    Busy,
    /// No answer, or one that says neither.
    Failed { message: String, again: AskAgain },
}

/// Whether the same question may have another answer later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskAgain {
    Later,
    Never,
}

/// Whether `.runner` is still there: the Listener removes it when the registration is used up (`actions/runner
/// src/Runner.Listener/Runner.cs`, its last `finally`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunnerFiles {
    Present,
    Gone,
}

/// Whether the Listener's self-update is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    Finished,
    Running,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Tell people.
    Say(String),
    /// Write the state file.
    Enter(Phase),
    /// Register the runner and write its files.
    Register { within: Duration },
    /// Tell the registrar to finish what it is at and not to try again.
    HurryRegistrar { within: Duration },
    /// Take the registration from GitHub.
    Remove { within: Duration, when_busy: WhenBusy },
    /// Start the Listener.
    StartListener,
    /// SIGINT to the Listener alone: it cancels its job and uploads the logs.
    InterruptListener,
    /// SIGKILL to the Listener and all that it started.
    KillListener,
    /// See whether the self-update is through.
    LookForUpdate,
    /// See whether the job's Worker is there.
    LookForWorker,
    /// End all processes that are left.
    Sweep,
    /// The end: sweep, forget the credential, write the last line, leave.
    Leave,
}

/// What the registrar does when GitHub says that the runner is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenBusy {
    /// Come back with it: it is an answer.
    Tell,
    /// Ask again each second: the Listener is gone, and GitHub will notice.
    Insist,
}
