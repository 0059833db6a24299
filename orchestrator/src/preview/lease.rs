//! How long a preview may live: what its supervisor is told, and what a renewal may ask for.

use std::time::{Duration, SystemTime};

/// A lease as it is asked for at the launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// From the start of the app.
    pub ttl: Duration,
    /// No renewal goes beyond so long after the start.
    pub max_ttl: Duration,
    /// People are warned so long before the end.
    pub warn: Duration,
    /// The app is ended after so long without traffic.
    pub idle: Option<Duration>,
    /// How long the app may take to answer on its health path.
    pub ready: Duration,
}

/// What an extension comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// The lease may end then.
    Until(SystemTime),
    /// The lease may end then, which is less than was asked for: the cap.
    Capped(SystemTime),
    /// The lease ends at its cap already.
    AtCap(SystemTime),
}

/// Decides about `by` more, counted from the end that is granted now (an end that has passed counts from now: the supervisor may
/// be a moment behind).
pub fn extend(expires: SystemTime, created: SystemTime, max_ttl: Duration, by: Duration, now: SystemTime) -> Extension {
    let cap = created + max_ttl;
    // What is further than a clock can tell is beyond any cap.
    let asked = expires.max(now).checked_add(by);
    // Tags carry whole seconds, the cap finer ones.
    if expires + Duration::from_secs(1) > cap {
        return Extension::AtCap(cap);
    }
    match asked {
        Some(end) if end <= cap => Extension::Until(end),
        _ => Extension::Capped(cap),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Extension, extend};

    #[test]
    fn extension_counts_from_the_granted_end_and_stops_at_the_cap() {
        let at = |minutes: u64| UNIX_EPOCH + Duration::from_secs(minutes * 60);
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let cases = [
            ("within", 120, 60, 30, Extension::Until(at(180))),
            ("to the cap exactly", 120, 120, 30, Extension::Until(at(240))),
            ("beyond the cap", 120, 121, 30, Extension::Capped(at(240))),
            ("further than a clock goes", 120, u64::MAX / 60, 30, Extension::Capped(at(240))),
            ("at the cap", 240, 1, 30, Extension::AtCap(at(240))),
            ("an end that has passed", 120, 60, 130, Extension::Until(at(190))),
        ];
        for (situation, expires, by, now, expected) in cases {
            assert_eq!(extend(at(expires), at(0), minutes(240), minutes(by), at(now)), expected, "{situation}");
        }
    }
}
