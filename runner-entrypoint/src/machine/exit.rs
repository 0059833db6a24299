//! What the Listener's exit means (`actions/runner src/Runner.Common/Constants.cs`, ReturnCode).

use contract::exit::Cause;

use crate::config::Jobs;
use crate::exit::Exit;
use crate::listener::{JobResult, Line};

use super::RunnerFiles;
use super::state::State;
use super::verdict::Verdict;

/// What follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The one job ran to its end.
    JobEnded(Option<JobResult>),
    /// It is over, for another reason.
    Over(Verdict),
    /// It may be started again after a pause.
    Again,
    /// It replaces itself by a new version and is to be started again after that.
    Updating,
}

/// Reads an exit that nobody here asked for.
pub(super) fn meaning(state: &State, exit: Exit, files: RunnerFiles) -> Meaning {
    let code = match exit {
        Exit::Code(code) => code,
        Exit::Signal(number) => {
            return over(Cause::ListenerFailed, format!("the Listener was killed by signal {number}"));
        }
    };
    match code {
        0 => without_error(state, files),
        1 => terminated(state),
        2 if state.tally.started == 0 => Meaning::Again,
        2 => {
            over(Cause::ListenerFailed, format!("the Listener failed (code 2) after its job had started{}", why(state)))
        }
        3 | 4 => Meaning::Updating,
        5 => over(Cause::SessionConflict, format!("another live session holds this registration{}", why(state))),
        7 => over(Cause::VersionRefused, version_refused(state)),
        _ => match JobResult::from_exit_code(code) {
            Some(result) => Meaning::JobEnded(Some(result)),
            None => over(Cause::ListenerFailed, format!("the Listener failed (code {code}){}", why(state))),
        },
    }
}

/// Code 0 alone says nothing: job done, stopped, revoked and removed all give it. The files and the job lines tell.
fn without_error(state: &State, files: RunnerFiles) -> Meaning {
    let tally = &state.tally;
    if let Some(Line::RegistrationDeleted(line)) = &state.complaint {
        return over(Cause::RegistrationLost, format!("the Listener left: {line}"));
    }
    if state.jobs == Jobs::Several {
        return over(Cause::RegistrationLost, format!("the Listener left without having been asked to{}", why(state)));
    }
    match (tally.started, files) {
        (0, RunnerFiles::Gone) if !tally.witnessed => over(
            Cause::NothingRan,
            "the Listener left and its registration is used up, but no job ran: GitHub withdrew the job".to_owned(),
        ),
        (_, RunnerFiles::Present) if tally.started == 0 || tally.running => over(
            Cause::RegistrationLost,
            format!(
                "the Listener left without having been asked to: somebody stopped it, or its access was revoked{}",
                why(state)
            ),
        ),
        _ => Meaning::JobEnded(None),
    }
}

fn terminated(state: &State) -> Meaning {
    match &state.complaint {
        Some(Line::VersionRefused(_)) => over(Cause::VersionRefused, version_refused(state)),
        Some(Line::RegistrationDeleted(line)) => over(Cause::RegistrationLost, line.clone()),
        _ => over(Cause::ListenerFailed, format!("the Listener failed (code 1){}", why(state))),
    }
}

fn version_refused(state: &State) -> String {
    format!("GitHub no longer accepts this runner version; build the image with a current one{}", why(state))
}

/// The Listener's last complaint, to be put behind a message.
fn why(state: &State) -> String {
    match &state.complaint {
        Some(Line::VersionRefused(line) | Line::RegistrationDeleted(line) | Line::Fault(line)) => format!(": {line}"),
        _ => String::new(),
    }
}

fn over(cause: Cause, message: String) -> Meaning {
    Meaning::Over(Verdict { cause, message })
}
