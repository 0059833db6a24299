//! A moment of the clock that all processes share: what one of them noted can be compared with what another saw.

use std::ops::Add;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// A moment of `CLOCK_MONOTONIC`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Duration);

impl Moment {
    pub(crate) fn now() -> Self {
        Self(clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default())
    }

    /// Zero where the other one is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// As [`Moment::parse`] reads it.
    pub(crate) fn written(self) -> String {
        format!("{} {}", self.0.as_secs(), self.0.subsec_nanos())
    }

    /// Seconds, nanoseconds.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (seconds, nanos) = text.split_once(' ')?;
        Some(Self(Duration::new(seconds.parse().ok()?, nanos.parse().ok()?)))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0 + later)
    }
}
