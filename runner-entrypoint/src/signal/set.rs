//! Sets of signals as the kernel sees them: 64 bits. The sets of the C libraries refuse the signals that their thread
//! libraries use, and a PID 1 has to pass those on too.

use std::os::fd::{FromRawFd as _, OwnedFd};

use nix::errno::Errno;

use super::Signal;

/// The kernel's idea of a set's size, in bytes.
const SIZE: usize = size_of::<u64>();

/// Any number of signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignalSet(u64);

impl SignalSet {
    pub(crate) const EMPTY: Self = Self(0);
    pub(crate) const ALL: Self = Self(u64::MAX);

    pub(crate) const fn contains(self, signal: Signal) -> bool {
        self.0 & bit(signal) != 0
    }

    #[must_use]
    pub(crate) const fn with(self, signal: Signal) -> Self {
        Self(self.0 | bit(signal))
    }

    /// Those of a list of numbers that are signals.
    pub(crate) fn of(numbers: &[i32]) -> Self {
        numbers.iter().copied().filter_map(Signal::new).fold(Self::EMPTY, Self::with)
    }

    /// Those of this set that are not in the other.
    #[must_use]
    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Each of them, by number.
    pub(crate) fn iter(self) -> impl Iterator<Item = Signal> {
        (1..=64).filter_map(Signal::new).filter(move |signal| self.contains(*signal))
    }

    /// Makes it this process's mask of blocked signals and says what the mask was.
    pub(crate) fn block(self) -> nix::Result<Self> {
        let mut before = 0_u64;
        // SAFETY: both pointers are to 64 bits that live through the call; the kernel copies. It leaves KILL and STOP out.
        let result = unsafe {
            libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const self.0, &raw mut before, SIZE)
        };
        Errno::result(result).map(|_| Self(before))
    }

    /// A descriptor that these signals, where blocked, can be read from.
    pub(crate) fn descriptor(self) -> nix::Result<OwnedFd> {
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        // SAFETY: the pointer is to 64 bits that live through the call; the kernel copies.
        let number = unsafe { libc::syscall(libc::SYS_signalfd4, -1, &raw const self.0, SIZE, flags) };
        let number = i32::try_from(Errno::result(number)?).expect("descriptors are small numbers");
        // SAFETY: the kernel has just opened it for us.
        Ok(unsafe { OwnedFd::from_raw_fd(number) })
    }
}

const fn bit(signal: Signal) -> u64 {
    1 << (signal.number() - 1)
}

#[cfg(test)]
mod tests {
    use super::SignalSet;
    use crate::signal::Signal;

    #[test]
    fn set_holds_what_was_put_in_up_to_the_last_signal() {
        let set = SignalSet::of(&[libc::SIGTERM, 64]).with(Signal::HUP);
        assert_eq!(set.iter().map(Signal::number).collect::<Vec<_>>(), [1, 15, 64]);
        assert!(!set.minus(SignalSet::EMPTY.with(Signal::HUP)).contains(Signal::HUP));
        assert_eq!(SignalSet::ALL.minus(set).iter().count(), 61);
    }
}
