//! What one mode does and another does not.

use std::time::Duration;

use crate::signal::{Sent, Signal, SignalSet};

/// The choices that stay the same for a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// What asks for the end when a limit is reached (`--signal`).
    pub(crate) signal: Sent,
    /// From the first signal that asks for the end to SIGKILL (`--kill-after`), whoever sent it.
    pub(crate) kill_after: Option<Duration>,
    /// The same where a limit of ours was reached and `kill_after` says nothing.
    pub(crate) kill_after_limit: Option<Duration>,
    /// Received signals that ask for the end. All others are passed on and that is all.
    pub(crate) endings: SignalSet,
    /// What SIGALRM from outside means.
    pub(crate) alarm: Alarm,
    /// What the exit code says when a limit was reached.
    pub(crate) code: Code,
    /// What becomes of those that the command leaves behind.
    pub(crate) clearing: Clearing,
    /// What a received signal is passed on as.
    pub(crate) rewrites: Rewrites,
    /// Whether a stop from the terminal stops us too.
    pub(crate) suspension: Suspension,
}

/// What SIGALRM from outside means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// A signal like others.
    Signal,
    /// The limit is reached: GNU `timeout` sends it to itself, so that it cannot tell its own from another's.
    Limit,
}

/// What the exit code says when a limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// That it was.
    Limit,
    /// What the command says (`--preserve-status`).
    Command,
}

/// What becomes of those that the command leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clearing {
    /// Nothing.
    None,
    /// SIGTERM to the command's group, without waiting.
    Group,
    /// SIGTERM to all, so much time, SIGKILL.
    All { grace: Duration },
}

/// What a stop from the terminal (SIGTSTP, SIGTTIN, SIGTTOU) does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspension {
    /// It is passed on like others.
    Forward,
    /// We stop too, once it is passed on.
    Stop,
}

/// What a received signal is passed on as: a number for each, 0 for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rewrites([u8; 65]);

impl Rewrites {
    /// Each as itself.
    pub(crate) const NONE: Self = {
        let mut table = [0; 65];
        let mut number = 0;
        while number < 65 {
            table[number as usize] = number;
            number += 1;
        }
        Self(table)
    };

    /// As itself, but for stops from the terminal: the command's session is not that of the terminal that they come from, and
    /// the kernel drops them where the group has no parent within its session to continue it (`kernel/signal.c`, orphaned
    /// process groups). SIGSTOP it does not drop.
    pub(crate) const SESSION: Self = {
        let mut table = Self::NONE.0;
        table[libc::SIGTSTP as usize] = libc::SIGSTOP as u8;
        table[libc::SIGTTIN as usize] = libc::SIGSTOP as u8;
        table[libc::SIGTTOU as usize] = libc::SIGSTOP as u8;
        Self(table)
    };

    /// Passes one on as another, or as nothing.
    pub(crate) fn set(&mut self, received: Signal, sent: Sent) {
        let entry = usize::try_from(received.number()).ok().and_then(|index| self.0.get_mut(index));
        if let (Some(entry), Ok(number)) = (entry, u8::try_from(sent.number())) {
            *entry = number;
        }
    }

    /// What is passed on; nothing where it is dropped.
    pub(crate) fn of(&self, received: Signal) -> Option<Signal> {
        let number = usize::try_from(received.number()).ok().and_then(|index| self.0.get(index))?;
        Signal::new(i32::from(*number))
    }
}
