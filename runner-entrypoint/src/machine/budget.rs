//! How the time is divided between SIGTERM and SIGKILL, and what is waited for otherwise.

use std::time::Duration;

/// What an interrupted Worker needs: up to 10 s for a step that resists (`actions/runner src/Runner.Sdk/ProcessInvoker.cs`:
/// SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL), and the upload of its logs.
const INTERRUPT_NEEDS: Duration = Duration::from_secs(35);
/// In a shorter window there is no room for draining: the interruption takes all of it.
const DRAIN_NEEDS: Duration = Duration::from_secs(45);
/// Kept for the DELETE after the Listener had to be killed.
const AFTER_KILL: Duration = Duration::from_secs(8);
/// Kept for the way out.
const LAST: Duration = Duration::from_secs(2);

/// The Listener deletes its session when it is interrupted: one request of at most 30 s, usually far below a second.
pub(super) const QUIET_EXIT: Duration = Duration::from_secs(10);
/// SIGKILL takes effect at once, but for a process in an uninterruptible wait.
pub(super) const KILL_GRACE: Duration = Duration::from_secs(5);
/// An interruption without a stop window, at the end of the lifetime.
pub(super) const INTERRUPT_GRACE: Duration = Duration::from_secs(60);
/// A job that was assigned and not started within 60 s is given to another runner (GitHub's documentation), so that after
/// this time a "busy" is not about a job any more that could still come.
pub(super) const ASSIGNED_GRACE: Duration = Duration::from_secs(60);
/// One DELETE with its repetitions while the Listener is alive.
pub(super) const ASK_WITHIN: Duration = Duration::from_secs(30);
/// The last DELETE with its repetitions.
pub(super) const REMOVE_WITHIN: Duration = Duration::from_secs(30);
/// Pause between questions that failed, and their number.
pub(super) const ASK_PAUSE: Duration = Duration::from_secs(30);
pub(super) const MOST_FAILED_REMOVALS: u32 = 3;
/// `run-helper.sh` of actions/runner sleeps 5 s before it starts the Listener again; we do so once, then twice as long, …
pub(super) const RELAUNCH_PAUSE: Duration = Duration::from_secs(5);
/// … and not for ever: a registration that is gone gives the same code (actions/runner issue 2286).
pub(super) const MOST_RELAUNCHES: u32 = 5;
/// The update script polls every 2 s for the end of the old Listener (`actions/runner src/Misc/layoutbin/update.sh.template`).
pub(super) const UPDATE_WITHIN: Duration = Duration::from_secs(60);
pub(super) const UPDATE_LOOK: Duration = Duration::from_millis(500);

/// The stop window, counted from the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The running job is interrupted.
    pub(super) interrupt: Duration,
    /// The Listener is killed.
    pub(super) kill: Duration,
    /// All is over.
    pub(super) leave: Duration,
}

/// Divides a stop timeout. Short ones keep a share of theirs for the DELETE, so that it is never given up altogether.
pub(super) fn divide(stop_timeout: Duration) -> Window {
    let interrupt =
        if stop_timeout < DRAIN_NEEDS { Duration::ZERO } else { stop_timeout.saturating_sub(INTERRUPT_NEEDS) };
    Window {
        interrupt,
        kill: stop_timeout - AFTER_KILL.min(stop_timeout / 3),
        leave: stop_timeout - LAST.min(stop_timeout / 10),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::divide;

    #[test]
    fn window_is_divided_between_draining_interrupting_and_deregistering() {
        let seconds = |timeout| {
            let window = divide(Duration::from_secs(timeout));
            [window.interrupt, window.kill, window.leave].map(|span| span.as_secs())
        };
        assert_eq!(seconds(120), [85, 112, 118]);
        assert_eq!(seconds(45), [10, 37, 43]);
        assert_eq!(seconds(30), [0, 22, 28]);
    }

    #[test]
    fn parts_are_in_order_for_every_timeout() {
        for millis in (1..200_000).step_by(97) {
            let window = divide(Duration::from_millis(millis));
            assert!(window.interrupt <= window.kill && window.kill <= window.leave, "{millis}");
            assert!(window.leave <= Duration::from_millis(millis), "{millis}");
        }
    }
}
