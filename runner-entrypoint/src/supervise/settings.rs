//! What the guard of a command is told, whichever personality tells it.

use std::ffi::CString;

use super::lease::Lease;
use super::machine::Rules;
use super::voice::Voice;
use crate::signal::{Signal, SignalSet};

/// Everything about one life under guard.
pub(crate) struct Settings {
    /// The command and its arguments; never empty.
    pub(crate) command: Vec<CString>,
    /// The command's environment, where it is not ours.
    pub(crate) environment: Option<Vec<CString>>,
    /// Where the command is put.
    pub(crate) isolation: Isolation,
    /// Whom signals are passed on to.
    pub(crate) reach: Reach,
    /// Who is told to go on after having been asked to end.
    pub(crate) resume: Resume,
    /// What the command is sent when we are killed.
    pub(crate) parent_death: Option<Signal>,
    /// Whether orphans become our children, where we are not PID 1.
    pub(crate) adoption: Adoption,
    /// The signals that we take. All others do to us what they do to anybody.
    pub(crate) intake: SignalSet,
    /// Signals that the command gets with their default action, whatever it was for us.
    pub(crate) defaults: SignalSet,
    /// The mask of blocked signals that the command starts with, where it is not the one that we were started with.
    pub(crate) mask: Option<SignalSet>,
    /// What the machine decides by.
    pub(crate) rules: Rules,
    /// How long the command may live.
    pub(crate) lease: Lease,
    /// A command for `/bin/sh -c` that is run when the end is near.
    pub(crate) on_warn: Option<CString>,
    /// How it is told.
    pub(crate) voice: Box<dyn Voice>,
}

/// Where the command is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// Where we are.
    None,
    /// In a process group of its own, in the foreground of our terminal.
    Group,
    /// In a session of its own, which takes over our terminal.
    Session,
}

/// Whom signals are passed on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The command itself.
    Child,
    /// The command's process group.
    Group,
    /// The command's session.
    Session,
    /// The command, and the process group that it shares with us.
    OwnGroup,
}

/// Who is told to go on (SIGCONT) after having been asked to end: a stopped process receives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Nobody.
    Nobody,
    /// Everybody, as GNU `timeout` does.
    All,
    /// Those that are stopped: a program may have a handler for SIGCONT that means something else.
    Stopped,
}

/// Whether orphans become our children, where we are not PID 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adoption {
    No,
    Yes,
}
