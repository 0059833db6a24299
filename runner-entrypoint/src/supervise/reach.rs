//! Sends signals to the command and to whoever belongs to it.

use nix::sched::sched_yield;
use nix::unistd::Pid;

use super::settings::{Reach, Resume};
use crate::signal::{Sent, Signal};
use crate::supervisor::tree::{self, Session, Which};

/// The group of whoever sends.
const OWN_GROUP: i32 = 0;

/// Sends a signal to whom one call reaches. A process that has just ended is reaped in a moment; that nobody received it is then no news.
fn send(reach: Reach, child: Pid, sent: Sent) {
    let child = child.as_raw();
    let _ = match reach {
        Reach::Child => sent.send_to(child),
        // The child alone, should it not have been able to make a group.
        Reach::Group | Reach::Session => sent.send_to(-child).or_else(|_| sent.send_to(child)),
        // To itself as well: it may have left the group. Ours comes back to us, and `supervisor::signals` drops it.
        Reach::OwnGroup => sent.send_to(child).and(sent.send_to(OWN_GROUP)),
    };
}

/// Passes a signal on.
pub(super) fn forward(reach: Reach, child: Pid, sent: Sent) {
    send(reach, child, sent);
    if reach == Reach::Session {
        look_around(child).signal(sent, Which::OtherGroups);
    }
}

/// Whether whoever asks for an end waits for it at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// Somebody outside has sent a signal: the command hears of it first.
    Signal,
    /// A limit of ours was reached: nobody has been told anything yet.
    Limit,
}

/// Asks for the end, and lets those go on that could not receive it because they are stopped.
pub(super) fn end(reach: Reach, resume: Resume, child: Pid, sent: Sent, asker: Asker) {
    let before = (reach == Reach::Session && asker == Asker::Limit).then(|| Session::below_us(child.as_raw()));
    send(reach, child, sent);
    let session = match before {
        None if reach == Reach::Session => Some(look_around(child)),
        before => before,
    };
    if let Some(session) = &session {
        session.signal(sent, Which::OtherGroups);
    }
    if [Sent::Signal(Signal::KILL), Sent::Signal(Signal::CONT)].contains(&sent) {
        return;
    }
    let go_on = Sent::Signal(Signal::CONT);
    match (resume, session) {
        (Resume::Nobody, _) => {}
        (Resume::Stopped, Some(session)) => session.signal(go_on, Which::Stopped),
        (Resume::Stopped, None) => tree::signal_if_stopped(child.as_raw(), go_on),
        (Resume::All, _) => forward(reach, child, go_on),
    }
}

/// The look at all processes takes a while, and the command may have been woken on our processor: it goes first.
fn look_around(child: Pid) -> Session {
    let _ = sched_yield();
    Session::among_all(child.as_raw())
}

/// Sends a signal to the group of a child that is gone; not to the child, whose number may be another's by now.
pub(super) fn send_to_group(reach: Reach, child: Pid, sent: Sent) {
    if matches!(reach, Reach::Group | Reach::Session) {
        let _ = sent.send_to(-child.as_raw());
    }
}
