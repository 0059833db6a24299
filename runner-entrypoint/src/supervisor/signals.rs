//! Signals as something to read: they are blocked, so that none interrupts anything.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{SigHandler, Signal as Named, signal};

use crate::signal::{Signal, SignalSet};

/// What a blocked one of these would hide is a bug of ours; they end us as they should.
pub(crate) const FAULTS: [i32; 7] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT, libc::SIGTRAP, libc::SIGSYS];
/// The first number that is not stdin, stdout or stderr.
const FIRST_FREE: i32 = 3;
/// How many are taken at once.
const BATCH: usize = 8;

/// What a signal is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A child has ended.
    Child,
    /// One of our own making: sent to our own group, SIGPIPE, or what the kernel sends for letting go of a terminal
    /// (`drivers/tty/tty_jobctrl.c`, `disassociate_ctty`). It means nothing.
    Own(Signal),
    /// One from outside.
    Signal(Signal),
}

/// The blocked signals.
pub(crate) struct Signals {
    descriptor: OwnedFd,
    before: SignalSet,
    own_pid: u32,
}

impl Signals {
    /// Blocks all but those that tell of faults.
    pub(crate) fn block() -> nix::Result<Self> {
        Self::block_only(SignalSet::ALL.minus(SignalSet::of(&FAULTS)))
    }

    /// Blocks these and SIGCHLD.
    pub(crate) fn block_only(signals: SignalSet) -> nix::Result<Self> {
        // Who started us may have ignored SIGCHLD; the kernel would then reap the children and lose their exit codes.
        // SAFETY: the default action is no handler, so nothing of ours runs inside a signal.
        unsafe { signal(Named::SIGCHLD, SigHandler::SigDfl) }?;
        let blocked = signals.with(Signal::CHLD);
        let before = blocked.block()?;
        let descriptor = out_of_the_way(blocked.descriptor()?)?;
        Ok(Self { descriptor, before, own_pid: std::process::id() })
    }

    /// The mask that we were started with; the child gets it back.
    pub(crate) fn before(&self) -> SignalSet {
        self.before
    }

    /// Takes all that is there.
    pub(crate) fn read(&self) -> Vec<Received> {
        let mut all = Vec::new();
        loop {
            // SAFETY: the structure is made of numbers, for which zeros are a value.
            let mut batch: [libc::signalfd_siginfo; BATCH] = unsafe { std::mem::zeroed() };
            let room = size_of_val(&batch);
            // SAFETY: the kernel writes whole structures, at most as many as there is room for.
            let length = unsafe { libc::read(self.descriptor.as_raw_fd(), batch.as_mut_ptr().cast(), room) };
            let count = usize::try_from(length).unwrap_or(0) / size_of::<libc::signalfd_siginfo>();
            all.extend(batch[..count].iter().filter_map(|info| self.meaning(info)));
            if count < BATCH {
                return all;
            }
        }
    }

    fn meaning(&self, info: &libc::signalfd_siginfo) -> Option<Received> {
        let signal = Signal::new(info.ssi_signo.cast_signed())?;
        Some(match signal {
            Signal::CHLD => Received::Child,
            _ if info.ssi_pid == self.own_pid => Received::Own(signal),
            _ => Received::Signal(signal),
        })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// Where we were started with stdout closed, the kernel would give us its number, and what is printed would go there.
fn out_of_the_way(descriptor: OwnedFd) -> nix::Result<OwnedFd> {
    use std::os::fd::FromRawFd as _;
    if descriptor.as_raw_fd() >= FIRST_FREE {
        return Ok(descriptor);
    }
    let number = fcntl(&descriptor, FcntlArg::F_DUPFD_CLOEXEC(FIRST_FREE))?;
    // SAFETY: the kernel has just opened it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
