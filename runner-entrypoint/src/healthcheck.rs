//! `runner-entrypoint healthcheck`: what ECS runs to see whether the Listener is connected.

use std::path::{Path, PathBuf};

use contract::env;
use contract::record::{Phase, STATE_FILE, State};

use crate::cli::print;
use crate::secrets;

/// Reads the state file and judges it.
pub(crate) fn run() -> u8 {
    // A container engine starts it with the container's environment, and so with the credential, every few seconds.
    if let Err(cause) = secrets::lock_away() {
        print(&format!("the credential in the environment cannot be locked away: {cause}\n"));
        return 1;
    }
    let folder = std::env::var_os(env::STATE_DIR).filter(|value| !value.is_empty());
    let path = folder.map_or_else(|| PathBuf::from("/run/mayfly"), PathBuf::from).join(STATE_FILE);
    match judge(&path) {
        Ok(line) => print(&format!("{line}\n")),
        Err(line) => {
            print(&format!("{line}\n"));
            1
        }
    }
}

/// Healthy or not, with the reason.
fn judge(path: &Path) -> Result<&'static str, String> {
    let content = std::fs::read(path)
        .map_err(|cause| format!("not connected: no state file yet ({}: {cause})", path.display()))?;
    let state: State = serde_json::from_slice(&content)
        .map_err(|cause| format!("not connected: {} cannot be read: {cause}", path.display()))?;
    match state.phase {
        Phase::Online => Ok("connected: listening for jobs"),
        Phase::Busy => Ok("connected: a job runs"),
        Phase::Draining => Ok("connected: stopping"),
        Phase::Starting => Err("not connected: registering at GitHub".to_owned()),
        Phase::Registered => Err("not connected: registered, the Listener has not connected yet".to_owned()),
        Phase::Ended => Err("not connected: the runner has ended".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use contract::record::{Phase, State};

    use super::judge;

    #[test]
    fn only_a_connected_listener_is_healthy() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        assert!(judge(&path).is_err_and(|line| line.contains("no state file yet")));
        let cases = [
            (Phase::Starting, false),
            (Phase::Registered, false),
            (Phase::Online, true),
            (Phase::Busy, true),
            (Phase::Draining, true),
            (Phase::Ended, false),
        ];
        for (phase, healthy) in cases {
            let state = State { phase, pid: 1, runner_id: None, end: None };
            std::fs::write(&path, serde_json::to_vec(&state).expect("JSON")).expect("written");
            assert_eq!(judge(&path).is_ok(), healthy, "{phase:?}");
        }
    }
}
