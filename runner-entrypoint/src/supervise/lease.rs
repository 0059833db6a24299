//! How long the command may live: a deadline, one that no renewal passes, and the warning before.

use std::time::Duration;

use crate::clock::Moment;

/// Two clocks tell the same moment a little differently; less than this is no renewal.
const LEAST: Duration = Duration::from_secs(1);

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

    /// The lease with another end, as somebody asked for it; nothing where that is no later one. It is never moved back: a
    /// tag may be read as it was some time ago.
    pub(crate) fn renewed(&self, asked: Moment) -> Option<Self> {
        let ends = self.latest.map_or(asked, |latest| asked.min(latest));
        // Without an end there is nothing to renew.
        let is_later = self.end().is_some_and(|end| ends > end.plus(LEAST));
        is_later.then(|| Self { ends: Some(ends), warned: false, renewals: self.renewals + 1, ..*self })
    }

    /// When people are to be warned, if they are still to be.
    pub(crate) fn warning(&self) -> Option<Moment> {
        let before = self.warn.filter(|_| !self.warned)?;
        Some(Moment(self.end()?.0.saturating_sub(before)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Lease;
    use crate::clock::Moment;

    const fn at(second: u64) -> Moment {
        Moment(Duration::from_secs(second))
    }

    fn lease(ends: Option<u64>, latest: Option<u64>) -> Lease {
        Lease { ends: ends.map(at), latest: latest.map(at), warned: true, ..Lease::default() }
    }

    #[test]
    fn renewal_moves_the_end_forward_and_never_beyond_the_latest() {
        let cases = [
            ("later", lease(Some(100), None), 200, Some(200)),
            ("earlier", lease(Some(100), None), 50, None),
            ("the same", lease(Some(100), None), 100, None),
            ("the same by another clock", lease(Some(100), None), 101, None),
            ("up to the latest", lease(Some(100), Some(150)), 200, Some(150)),
            ("at the latest already", lease(Some(150), Some(150)), 200, None),
            ("granted beyond the latest", lease(Some(200), Some(150)), 300, None),
            ("no end", lease(None, None), 200, None),
            ("no end but the latest", lease(None, Some(150)), 100, None),
        ];
        for (situation, lease, asked, ends) in cases {
            assert_eq!(lease.renewed(at(asked)).and_then(|lease| lease.ends), ends.map(at), "{situation}");
        }
    }

    #[test]
    fn renewed_lease_warns_again_and_counts() {
        let lease = Lease { warn: Some(Duration::from_secs(10)), ..lease(Some(100), None) };
        assert_eq!((lease.warning(), lease.renewals), (None, 0));
        let renewed = lease.renewed(at(200)).expect("a renewal");
        assert_eq!((renewed.warning(), renewed.renewals), (Some(at(190)), 1));
    }
}
