//! What is done about a command under guard: pure, without clocks or processes.
//!
//! All personalities are this machine with other [`Rules`]: what `timeout`, `tini` and `dumb-init` do are parts of what
//! `supervise` does.

mod rules;
mod state;
mod step;
mod verdict;

#[cfg(test)]
mod random;
#[cfg(test)]
mod table;

pub(crate) use self::rules::{Alarm, Clearing, Code, Rewrites, Rules, Suspension};
pub(crate) use self::state::{Reason, Stage, State};
pub(crate) use self::step::step;
pub(crate) use self::verdict::{Verdict, of_command_not_started};

use nix::errno::Errno;

use crate::clock::Moment;
use crate::exit::Exit;
use crate::signal::{Sent, Signal};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The guard is ready.
    Started,
    /// A deadline was reached.
    Tick,
    /// A signal came from outside.
    Signal(Signal),
    /// The command cannot be executed.
    NotStarted(Errno),
    /// The command ended.
    Exited(Exit),
    /// No process is left that we could wait for.
    NobodyLeft,
    /// The lease was moved to this end.
    Renewed(Moment),
    /// The command answered as a healthy one does.
    Ready,
    /// It did not in time; why, as one sentence.
    NeverReady(String),
    /// It had no traffic for too long; how long, as one sentence.
    Idle(String),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Execute the command. Answered by [`Event::NotStarted`] where that fails.
    Start,
    /// Pass a signal on.
    Forward(Sent),
    /// Ask for the end by this signal, and let those that are stopped go on so that they receive it.
    End(Sent),
    /// Signal all other processes that are left.
    SignalOthers(Signal),
    /// A last signal to the command's group, whose first process is gone.
    SignalGroup(Sent),
    /// A signal is not passed on.
    Drop(Signal),
    /// Stop ourselves, as a job that is stopped from its terminal does.
    Suspend,
    /// Note the lease's new end, so that a restart grants the same.
    Keep(Moment),
    /// Tell people that the end is near, and run their hook.
    Warn,
    /// Tell people.
    Say(String),
    /// The end.
    Leave,
}
