//! Trying again: how often, how long, and when to stop.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::github::{Sent, Trouble};
use crate::report::say;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether PID 1 may cut the patience short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heed {
    /// SIGTERM from PID 1 ends it: there is no point in registering any more.
    Stop,
    /// It lasts to its end: a DELETE is worth every attempt.
    Nothing,
}

/// How long to go on.
pub(super) struct Patience {
    pub(super) until: Instant,
    heed: Heed,
    pause: Duration,
    stopped: bool,
}

impl Patience {
    pub(super) fn new(within: Duration, heed: Heed) -> Self {
        Self { until: Instant::now() + within, heed, pause: FIRST_PAUSE, stopped: false }
    }

    /// Repeats a request that may do better next time.
    pub(super) fn retry<T>(&mut self, mut attempt: impl FnMut() -> Result<T, Trouble>) -> Result<T, Trouble> {
        loop {
            if !self.rest(Duration::ZERO) {
                let message = "there is no time left, or no use any more".to_owned();
                return Err(Trouble::Unavailable { message, sent: Sent::No });
            }
            let trouble = match attempt() {
                Ok(value) => return Ok(value),
                Err(trouble) => trouble,
            };
            let pause = match &trouble {
                Trouble::Refused(_) => return Err(trouble),
                Trouble::Throttled { wait, .. } => *wait,
                Trouble::Unavailable { .. } => self.next_pause(),
            };
            if !self.has_room_for(pause) {
                return Err(trouble);
            }
            say(&format!("{}; trying again in {:.1} s", trouble.message(), pause.as_secs_f32()));
            if !self.rest(pause) {
                return Err(trouble);
            }
        }
    }

    /// Waits. `false`: there is no time left, or nobody wants it any more.
    pub(super) fn rest(&mut self, pause: Duration) -> bool {
        if self.stopped || !self.has_room_for(pause) {
            return false;
        }
        self.stopped = match self.heed {
            Heed::Nothing => pause_for(pause),
            Heed::Stop => stop_came_within(pause),
        };
        !self.stopped
    }

    fn has_room_for(&self, pause: Duration) -> bool {
        Instant::now().checked_add(pause).is_some_and(|then| then < self.until)
    }

    /// Doubles up to a limit, with jitter: a hundred machines that start together do not come back together.
    fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        pause.mul_f64(0.75 + f64::from(nanos % 1_000) / 2_000.0)
    }
}

/// Waits, whatever comes.
#[expect(clippy::disallowed_methods, reason = "a pause between two attempts has no condition to wait for")]
fn pause_for(pause: Duration) -> bool {
    if !pause.is_zero() {
        std::thread::sleep(pause);
    }
    false
}

/// Waits for SIGTERM. All signals are blocked in PID 1 and so in its children; a pending one is found here, between two
/// requests, and never cuts a request off whose answer would then be lost.
fn stop_came_within(pause: Duration) -> bool {
    let timeout = libc::timespec {
        tv_sec: libc::time_t::try_from(pause.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(pause.subsec_nanos().cast_signed()),
    };
    // SAFETY: a zeroed signal set is valid memory for `sigemptyset`, and all pointers are to locals that outlive the call.
    unsafe {
        let mut stop: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut stop);
        libc::sigaddset(&raw mut stop, libc::SIGTERM);
        libc::sigtimedwait(&raw const stop, std::ptr::null_mut(), &raw const timeout) == libc::SIGTERM
    }
}
