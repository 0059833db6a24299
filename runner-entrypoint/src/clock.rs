//! Time since PID 1 started, by a clock that also runs while the machine is suspended.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// A moment, counted from the start of PID 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) Duration);

impl Moment {
    /// The moment so much later; one that lies beyond all counting is the last there is.
    pub(crate) fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// How long ago `earlier` was; zero if it has not come yet.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole milliseconds from the start.
    pub(crate) fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Counts from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: boot_time() }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment(boot_time().saturating_sub(self.start))
    }

    /// The moment as CLOCK_BOOTTIME shows it, for timers of the kernel.
    pub(crate) fn boot_time_of(&self, moment: Moment) -> Duration {
        self.start.saturating_add(moment.0)
    }
}

/// CLOCK_BOOTTIME and not CLOCK_MONOTONIC: a paused machine must not get its lifetime a second time.
fn boot_time() -> Duration {
    // The clock exists since Linux 2.6.39. Without it time would stand still and no limit would ever be reached.
    clock_gettime(ClockId::CLOCK_BOOTTIME).expect("CLOCK_BOOTTIME exists on every Linux that Rust supports").into()
}
