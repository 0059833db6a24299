//! Sends signals to the command and to whoever belongs to it.

use nix::sched::sched_yield;
use nix::unistd::Pid;

use super::settings::{Reach, Resume};
use crate::signal::{Sent, Signal};
use crate::supervisor::tree;

/// The group of whoever sends.
const OWN_GROUP: i32 = 0;

/// Sends a signal. A process that has just ended is reaped in a moment; that nobody received it is then no news.
pub(super) fn send(reach: Reach, child: Pid, sent: Sent) {
    let child = child.as_raw();
    let _ = match reach {
        Reach::Child => sent.send_to(child),
        // The child alone, should it not have been able to make a group.
        Reach::Group | Reach::Session => sent.send_to(-child).or_else(|_| sent.send_to(child)),
        // To itself as well: it may have left the group. Ours comes back to us, and `supervisor::signals` drops it.
        Reach::OwnGroup => sent.send_to(child).and(sent.send_to(OWN_GROUP)),
    };
    if reach == Reach::Session {
        // The look at all processes takes a while, and the command may have been woken on our processor: it goes first.
        let _ = sched_yield();
        tree::signal_session(child, sent, tree::Which::OtherGroups);
    }
}

/// Lets those go on that could not receive what was sent because they are stopped.
pub(super) fn resume(resume: Resume, reach: Reach, child: Pid, sent: Sent) {
    if [Sent::Signal(Signal::KILL), Sent::Signal(Signal::CONT)].contains(&sent) {
        return;
    }
    let go_on = Sent::Signal(Signal::CONT);
    match (resume, reach) {
        (Resume::Nobody, _) => {}
        (Resume::Stopped, Reach::Session) => tree::signal_session(child.as_raw(), go_on, tree::Which::Stopped),
        (Resume::Stopped, _) => tree::signal_if_stopped(child.as_raw(), go_on),
        (Resume::All, _) => send(reach, child, go_on),
    }
}

/// Sends a signal to the group of a child that is gone; not to the child, whose number may be another's by now.
pub(super) fn send_to_group(reach: Reach, child: Pid, sent: Sent) {
    if matches!(reach, Reach::Group | Reach::Session) {
        let _ = sent.send_to(-child.as_raw());
    }
}
