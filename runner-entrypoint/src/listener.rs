//! What `Runner.Listener` says: its lines on stdout and stderr, read as facts.
//!
//! The texts are those of `actions/runner src/Runner.Listener/{Runner,JobDispatcher,MessageListener}.cs`. Job names are
//! whatever a workflow's author wrote, so a line only counts where it stands exactly as the Listener writes it, behind its
//! own time stamp.

pub(crate) mod account;
mod environment;
pub(crate) mod folder;
mod lines;
pub(crate) mod process;
pub(crate) mod witness;
pub(crate) mod worker;

/// What one line means for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It is connected and listens for jobs.
    Listening,
    /// A job was picked up.
    JobStarted,
    /// The job ended.
    JobCompleted(JobResult),
    /// GitHub no longer accepts this version.
    VersionRefused(String),
    /// GitHub no longer knows the registration.
    RegistrationDeleted(String),
    /// Another error, in the Listener's words.
    Fault(String),
    /// Nothing that matters here.
    Other,
}

/// A job's result, as `TaskResult` of actions/runner has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobResult {
    Succeeded,
    SucceededWithIssues,
    Failed,
    Canceled,
    Skipped,
    Abandoned,
}

impl JobResult {
    /// In the order of their numbers: the Listener's exit code is 100 plus the number, where that was asked for.
    const ALL: [Self; 6] =
        [Self::Succeeded, Self::SucceededWithIssues, Self::Failed, Self::Canceled, Self::Skipped, Self::Abandoned];

    /// The result that an exit code tells (`TaskResultUtil` of actions/runner).
    pub(crate) fn from_exit_code(code: i32) -> Option<Self> {
        let number = usize::try_from(code.checked_sub(100)?).ok()?;
        Self::ALL.get(number).copied()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::SucceededWithIssues => "SucceededWithIssues",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::Skipped => "Skipped",
            Self::Abandoned => "Abandoned",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.name() == name)
    }
}

/// Reads one line.
pub(crate) fn read(line: &str) -> Line {
    let line = line.trim_end_matches('\r');
    if let Some(text) = after_time_stamp(line) {
        return read_stamped(text);
    }
    if line.contains("is deprecated and cannot receive messages") {
        return Line::VersionRefused(line.to_owned());
    }
    let deleted =
        ["The runner no longer exists on the server", "Failed to create a session. The runner registration has"];
    if deleted.iter().any(|start| line.starts_with(start)) {
        return Line::RegistrationDeleted(line.to_owned());
    }
    let faults = ["An error occurred: ", "A session for this runner already exists", "Stop retry on SessionConflict"];
    if faults.iter().any(|start| line.starts_with(start)) {
        return Line::Fault(line.to_owned());
    }
    Line::Other
}

fn read_stamped(text: &str) -> Line {
    if text == "Listening for Jobs" || text == "Runner reconnected." {
        return Line::Listening;
    }
    if text.starts_with("Running job: ") {
        return Line::JobStarted;
    }
    if text.starts_with("Runner connect error: ") {
        return Line::Fault(text.to_owned());
    }
    // From the right: the job's name may contain the same words.
    let result = text.strip_prefix("Job ").and_then(|rest| rest.rsplit_once(" completed with result: "));
    result.and_then(|(_, name)| JobResult::from_name(name)).map_or(Line::Other, Line::JobCompleted)
}

/// The text behind `yyyy-MM-dd HH:mm:ssZ: `.
fn after_time_stamp(line: &str) -> Option<&str> {
    const FORM: &[u8] = b"0000-00-00 00:00:00Z: ";
    let (stamp, text) = line.split_at_checked(FORM.len())?;
    let fits = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    stamp.bytes().zip(FORM.iter().copied()).all(fits).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{JobResult, Line, read};

    #[test]
    fn lines_of_the_listener_are_read_as_facts() {
        let deprecated = "An error occurred: Runner version v2.300.0 is deprecated and cannot receive messages.";
        let deleted = "The runner no longer exists on the server. Cleaning up local configuration.";
        let cases = [
            ("2026-11-02 10:00:00Z: Listening for Jobs", Line::Listening),
            ("2026-11-02 10:00:00Z: Listening for Jobs\r", Line::Listening),
            ("2026-11-02 10:00:01Z: Running job: build", Line::JobStarted),
            ("2026-11-02 10:00:09Z: Job build completed with result: Failed", Line::JobCompleted(JobResult::Failed)),
            (deprecated, Line::VersionRefused(deprecated.to_owned())),
            (deleted, Line::RegistrationDeleted(deleted.to_owned())),
            ("An error occurred: no route", Line::Fault("An error occurred: no route".to_owned())),
            ("√ Connected to GitHub", Line::Other),
            ("", Line::Other),
        ];
        for (text, line) in cases {
            assert_eq!(read(text), line, "{text}");
        }
    }

    #[test]
    fn job_name_cannot_pretend_to_be_a_line() {
        let stamped = |text: &str| read(&format!("2026-11-02 10:00:00Z: {text}"));
        assert_eq!(stamped("Running job: Job x completed with result: Succeeded"), Line::JobStarted);
        let cheat = "Job x completed with result: Succeeded completed with result: Failed";
        assert_eq!(stamped(cheat), Line::JobCompleted(JobResult::Failed));
        assert_eq!(read("Running job: without a time stamp"), Line::Other);
        assert_eq!(read("x 2026-11-02 10:00:00Z: Listening for Jobs"), Line::Other);
        // As ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT doubles it.
        assert_eq!(read("[RUNNER 2026-11-02 10:00:00Z INFO Terminal] WRITE LINE: Listening for Jobs"), Line::Other);
    }

    #[test]
    fn exit_codes_from_100_tell_the_job_result() {
        assert_eq!(JobResult::from_exit_code(100), Some(JobResult::Succeeded));
        assert_eq!(JobResult::from_exit_code(105), Some(JobResult::Abandoned));
        for code in [0, 99, 106, -1, i32::MIN] {
            assert_eq!(JobResult::from_exit_code(code), None, "{code}");
        }
    }

    proptest! {
        #[test]
        fn job_of_any_name_is_seen_to_start_and_to_end(name in "\\PC{0,80}") {
            prop_assert_eq!(read(&format!("2026-11-02 10:00:00Z: Running job: {name}")), Line::JobStarted);
            let ended = read(&format!("2026-11-02 10:00:00Z: Job {name} completed with result: Canceled"));
            prop_assert_eq!(ended, Line::JobCompleted(JobResult::Canceled));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            read(&text);
        }
    }
}
