//! Signals as something to read: all are blocked, so that none interrupts anything.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::machine::StopSignal;

/// What a blocked one of these would hide is a bug of ours; they end us as they should.
const FAULTS: [Signal; 7] =
    [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGILL, Signal::SIGFPE, Signal::SIGABRT, Signal::SIGTRAP, Signal::SIGSYS];

/// A signal that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A child has ended.
    Child,
    /// Somebody wants us to end.
    Stop(StopSignal),
}

/// The blocked signals.
pub(crate) struct Signals {
    descriptor: SignalFd,
    before: SigSet,
}

impl Signals {
    pub(crate) fn block() -> nix::Result<Self> {
        // Who started us may have ignored SIGCHLD; the kernel would then reap the children and lose their exit codes.
        // SAFETY: the default action is no handler, so nothing of ours runs inside a signal.
        unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }?;
        let mut blocked = SigSet::all();
        FAULTS.iter().for_each(|fault| blocked.remove(*fault));
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), Some(&mut before))?;
        let descriptor = SignalFd::with_flags(&blocked, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { descriptor, before })
    }

    /// The mask that we were started with; the Listener gets it back.
    pub(crate) fn before(&self) -> SigSet {
        self.before
    }

    /// Takes all that is there.
    pub(crate) fn read(&self) -> Vec<Received> {
        std::iter::from_fn(|| self.descriptor.read_signal().ok().flatten())
            .filter_map(|info| Signal::try_from(info.ssi_signo.cast_signed()).ok())
            .filter_map(meaning)
            .collect()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn meaning(signal: Signal) -> Option<Received> {
    match signal {
        Signal::SIGCHLD => Some(Received::Child),
        Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP => Some(Received::Stop(StopSignal::Stop)),
        Signal::SIGQUIT => Some(Received::Stop(StopSignal::Quit)),
        _ => None,
    }
}
