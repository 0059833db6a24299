//! Numbers: medians, how they are written, and what they are held against.

use std::time::Duration;

/// The middle one; of an even number the upper of the two. Zero or nothing for no values.
pub(crate) fn median<T: Ord + Copy + Default>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// How many times larger `other` is than `own`.
pub(crate) fn times(own: Duration, other: Duration) -> f64 {
    other.as_secs_f64() / own.as_secs_f64().max(1e-9)
}

pub(crate) fn millis(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1e3;
    if millis < 100.0 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") }
}

pub(crate) fn micros(duration: Duration) -> String {
    format!("{} µs", duration.as_micros())
}

#[expect(clippy::cast_precision_loss, reason = "sizes stay far below 2^52 bytes")]
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[expect(clippy::cast_precision_loss, reason = "sizes stay far below 2^52 bytes")]
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

/// A number beside its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) measured: String,
    pub(crate) target: String,
    pub(crate) outcome: Outcome,
}

/// Whether a target is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Met,
    /// It depends on what could not be measured here.
    Open,
    Missed,
}

impl Outcome {
    fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Missed }
    }
}

impl Verdict {
    /// Ours must be so many times smaller.
    pub(crate) fn ratio(what: &str, own: Duration, other: Duration, at_least: f64) -> Self {
        let measured = times(own, other);
        let what = format!("{what} ({} : {})", millis(own), millis(other));
        let target = format!("≤ 1/{at_least:.0}");
        Self { what, measured: format!("1/{measured:.1}"), target, outcome: Outcome::of(measured >= at_least) }
    }

    /// The same, where the other one is only known to lie between two.
    pub(crate) fn ratio_between(what: &str, own: Duration, other: (Duration, Duration), at_least: f64) -> Self {
        let (low, high) = (times(own, other.0), times(own, other.1));
        let what = format!("{what} ({} : {} to {})", millis(own), millis(other.0), millis(other.1));
        let outcome = match (low >= at_least, high >= at_least) {
            (true, _) => Outcome::Met,
            (false, true) => Outcome::Open,
            (false, false) => Outcome::Missed,
        };
        Self { what, measured: format!("1/{low:.1} to 1/{high:.1}"), target: format!("≤ 1/{at_least:.0}"), outcome }
    }

    /// At most so many, of bytes or whatever is counted.
    pub(crate) fn at_most(what: &str, measured: u64, limit: u64, written: fn(u64) -> String) -> Self {
        let target = format!("≤ {}", written(limit));
        Self { what: what.to_owned(), measured: written(measured), target, outcome: Outcome::of(measured <= limit) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Outcome, Verdict, median};

    #[test]
    fn median_is_the_middle_one_in_any_order() {
        assert_eq!(median([9, 1, 5]), 5);
        assert_eq!(median([4, 1, 3, 2]), 3);
        assert_eq!(median(Vec::<u64>::new()), 0);
    }

    #[test]
    fn target_is_met_at_its_ratio_and_missed_right_below() {
        let (own, other) = (Duration::from_millis(10), Duration::from_millis(600));
        assert_eq!(Verdict::ratio("wall", own, other, 60.0).outcome, Outcome::Met);
        assert_eq!(Verdict::ratio("wall", own, other - Duration::from_millis(1), 60.0).outcome, Outcome::Missed);
    }

    #[test]
    fn target_between_the_bounds_of_what_is_not_known_is_open() {
        let own = Duration::from_millis(10);
        let between = |low, high| {
            let other = (Duration::from_millis(low), Duration::from_millis(high));
            Verdict::ratio_between("wall", own, other, 60.0).outcome
        };
        assert_eq!(between(600, 900), Outcome::Met);
        assert_eq!(between(500, 600), Outcome::Open);
        assert_eq!(between(500, 599), Outcome::Missed);
    }
}
