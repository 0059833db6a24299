//! The wait for a moment, on the clock that PID 1 counts by. A limit of `poll` runs on another one, which stands still while
//! the machine is suspended, and the kernel may round it up by a timer slack; a `timerfd` does neither.

use std::os::fd::{AsFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use nix::errno::Errno;

use crate::clock::{Clock, Moment};

/// One timer, made when it is first needed.
#[derive(Default)]
pub(super) struct Alarm {
    timer: Option<OwnedFd>,
    until: Option<Moment>,
}

impl Alarm {
    /// Sets it and gives what to wait for; nothing, where there is no moment to wait for.
    pub(super) fn set(&mut self, until: Option<Moment>, clock: Clock) -> Option<BorrowedFd<'_>> {
        let until = until?;
        if self.timer.is_none() {
            self.timer = Some(open().expect("timerfd on CLOCK_BOOTTIME exists since Linux 3.15"));
        }
        let timer = self.timer.as_ref()?;
        if self.until != Some(until) {
            arm(timer, clock.boot_time_of(until)).expect("a timer takes every moment from now on");
            self.until = Some(until);
        }
        Some(timer.as_fd())
    }
}

fn open() -> nix::Result<OwnedFd> {
    // SAFETY: two numbers.
    let number = unsafe { libc::timerfd_create(libc::CLOCK_BOOTTIME, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) };
    // SAFETY: the kernel has just opened it for us.
    Errno::result(number).map(|number| unsafe { OwnedFd::from_raw_fd(number) })
}

/// Once, at that time of the clock. It is set anew before it is waited for again, which also takes the expiry off it.
fn arm(timer: &OwnedFd, at: std::time::Duration) -> nix::Result<()> {
    use std::os::fd::AsRawFd as _;
    let never = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    // All zeros would disarm it.
    let nanoseconds = libc::c_long::from(at.subsec_nanos()).max(libc::c_long::from(seconds == 0));
    let when =
        libc::itimerspec { it_interval: never, it_value: libc::timespec { tv_sec: seconds, tv_nsec: nanoseconds } };
    // SAFETY: the pointer is to a value that lives through the call; a null pointer is allowed where nobody wants the old one.
    let result = unsafe {
        libc::timerfd_settime(timer.as_raw_fd(), libc::TFD_TIMER_ABSTIME, &raw const when, std::ptr::null_mut())
    };
    Errno::result(result).map(drop)
}
