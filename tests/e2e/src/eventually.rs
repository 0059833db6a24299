//! The one bounded wait: tests wait on conditions, never for a time.

use std::thread;
use std::time::{Duration, Instant};

/// Nothing here takes so long, not even on a busy machine; it ends a test that hangs.
pub const LIMIT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Asks until there is an answer.
///
/// # Panics
/// Where there was none within [`LIMIT`].
#[track_caller]
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(LIMIT, ask).unwrap_or_else(|| panic!("this did not come about within {}s: {what}", LIMIT.as_secs()))
}

/// Whether a condition comes to hold.
pub fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    within(limit, || condition().then_some(())).is_some()
}

#[expect(clippy::disallowed_methods, reason = "the pause between two looks of the one bounded wait")]
pub(crate) fn within<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if begun.elapsed() > limit {
            return None;
        }
        thread::sleep(LOOK_EVERY);
    }
}
