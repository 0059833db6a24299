//! Whether and when a call is repeated: a pure decision.
//!
//! Carrying a call out twice does no harm, but for those that create something lasting: what may have been created is
//! looked for first.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::GitHubError;

/// Attempts in all. With the pauses below, four span about two seconds: GitHub's hiccups are shorter or much longer.
const ATTEMPTS: u32 = 4;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest wait for a rate limit. A longer one is told, not sat out.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait before attempt number `attempt + 1`; `None`: give up.
pub(super) fn pause_after(attempt: u32, fault: &GitHubError) -> Option<Duration> {
    if attempt >= ATTEMPTS {
        return None;
    }
    let pause = FIRST_PAUSE * 2u32.pow(attempt.saturating_sub(1));
    match fault {
        GitHubError::RateLimited { limited, .. } => Some(limited.wait.max(pause)).filter(|wait| *wait <= PATIENCE),
        GitHubError::Failed(refusal) if refusal.status >= 500 => Some(pause),
        GitHubError::NoAnswer { source, .. } if source.is_passing() => Some(pause),
        _ => None,
    }
}

/// A pause of between half and the whole of `pause`, so that those who failed together do not come back together.
pub(super) fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness the pause is the whole one.
    let share = SystemRandom::new().fill(&mut byte).map_or(1.0, |()| f64::from(byte[0]) / 255.0);
    pause.mul_f64(0.5 + share / 2.0)
}
