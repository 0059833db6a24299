//! The one bounded wait: cases wait on conditions, never for a time.

use std::thread;
use std::time::{Duration, Instant};

/// Nothing here takes so long, not even on a busy machine; only what fails waits for it.
pub const LIMIT: Duration = Duration::from_secs(5);

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Asks until there is an answer; nothing where there was none within the limit.
#[expect(clippy::disallowed_methods, reason = "the pause between two looks of the one bounded wait")]
pub fn within<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
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

/// Whether a condition comes to hold within [`LIMIT`].
pub fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    within(LIMIT, || condition().then_some(())).is_some()
}
