//! How long the command may live: a deadline, one that no renewal passes, and the warning before.

use std::time::Duration;

use crate::clock::Moment;

/// What is granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The end as granted last; nothing where there is no limit.
    pub(crate) ends: Option<Moment>,
    /// No renewal goes beyond it (`--max-ttl`).
    pub(crate) latest: Option<Moment>,
    /// How long before the end people are warned.
    pub(crate) warn: Option<Duration>,
    /// Whether they were, since the end was last moved.
    pub(crate) warned: bool,
    /// How often the end was moved.
    pub(crate) renewals: u32,
}

impl Lease {
    /// When the time is up.
    pub(crate) fn end(&self) -> Option<Moment> {
        self.ends.into_iter().chain(self.latest).min()
    }

    /// When people are to be warned, if they are still to be.
    pub(crate) fn warning(&self) -> Option<Moment> {
        let before = self.warn.filter(|_| !self.warned)?;
        Some(Moment(self.end()?.0.saturating_sub(before)))
    }
}
