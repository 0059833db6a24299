//! The loop of PID 1, the same for every mode: settle what has happened, wait, hear what happens. It decides nothing.

pub(crate) mod alarm;
pub(crate) mod footprint;
mod reaper;
pub(crate) mod signals;
pub(crate) mod sweep;
pub(crate) mod tree;

use std::os::fd::{AsFd as _, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;

use crate::clock::{Clock, Moment};
use crate::exit::Exit;
use crate::report::say;
use crate::signal::Signal;

use self::alarm::Alarm;
use self::signals::{Received, Signals};

pub(crate) use self::reaper::has_children;

/// What is guarded: it is told what happens, and says what is to be waited for.
pub(crate) trait Charge {
    /// Does what follows from all that was heard.
    fn settle(&mut self, signals: &Signals) -> Next;
    /// What else can be read from, besides the signals.
    fn watched(&self) -> Vec<BorrowedFd<'_>>;
    /// Something may be there to be read. Comes before signals and exits: what was written has happened before them.
    fn hear_watched(&mut self);
    /// A signal came from outside. SIGCHLD is none.
    fn hear_signal(&mut self, signal: Signal);
    /// A signal came that we have caused ourselves.
    fn hear_own_signal(&mut self, _signal: Signal) {}
    /// Some children have ended; each is heard of next.
    fn hear_of_exits(&mut self) {}
    /// A process ended: a child, or an orphan that was handed to us.
    fn hear_exit(&mut self, pid: Pid, exit: Exit);
    /// All processes that had ended were heard of.
    fn hear_no_more_exits(&mut self) {}
    /// The moment that was waited for has come.
    fn hear_the_clock(&mut self);
}

/// What the loop does next.
pub(crate) enum Next {
    /// Wait until something happens, or until then.
    Wait(Option<Moment>),
    /// The end.
    Leave(u8),
}

/// Guards it to its end.
pub(crate) fn guard(charge: &mut impl Charge, signals: &Signals, clock: Clock) -> u8 {
    let mut alarm = Alarm::default();
    loop {
        let until = match charge.settle(signals) {
            Next::Wait(until) => until,
            Next::Leave(code) => return code,
        };
        wait(charge, signals, alarm.set(until, clock));
        charge.hear_watched();
        hear_signals(charge, signals);
        if until.is_some_and(|until| clock.now() >= until) {
            charge.hear_the_clock();
        }
    }
}

/// Sleeps until there is something to hear.
fn wait(charge: &impl Charge, signals: &Signals, alarm: Option<BorrowedFd<'_>>) {
    let others = charge.watched();
    let descriptors = [signals.as_fd()].into_iter().chain(alarm).chain(others);
    let mut watched: Vec<PollFd<'_>> =
        descriptors.map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)).collect();
    match poll(&mut watched, PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => {}
        // Only a bug in the lines above can get here; without the wait this would spin.
        Err(cause) => say(&format!("waiting failed: {cause}")),
    }
}

fn hear_signals(charge: &mut impl Charge, signals: &Signals) {
    for received in signals.read() {
        match received {
            Received::Signal(signal) => charge.hear_signal(signal),
            Received::Own(signal) => charge.hear_own_signal(signal),
            Received::Child => {
                charge.hear_of_exits();
                reaper::reap(|pid, exit| charge.hear_exit(pid, exit));
                charge.hear_no_more_exits();
            }
        }
    }
}
