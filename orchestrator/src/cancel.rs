//! The signals that ask us to stop. GitHub cancels a step by SIGINT, SIGTERM 7.5 s later, and SIGKILL 2.5 s after that
//! (actions/runner `ProcessInvoker.cs`), so there is time to clean up, if it begins at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Error;

/// Waits for SIGINT or SIGTERM.
pub struct Cancel {
    interrupt: Signal,
    terminate: Signal,
}

impl Cancel {
    /// From now on both signals are ours.
    ///
    /// # Errors
    /// The system refuses handlers.
    pub fn listen() -> Result<Self, Error> {
        let on = |kind| signal(kind).map_err(|cause| Error::Other(format!("cannot listen for signals: {cause}")));
        Ok(Self { interrupt: on(SignalKind::interrupt())?, terminate: on(SignalKind::terminate())? })
    }

    /// Comes back when one has arrived. May be asked again: for a second signal.
    pub async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
