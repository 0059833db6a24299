//! The death certificate: why a preview ended, in plain words, and what it was worth.

use std::fmt;
use std::time::{Duration, SystemTime};

use contract::exit::AppCause;
use contract::record::{AppEnd, END_PREFIX};

use super::markdown::clean;
use crate::phases::Phase;

/// How many lines of the log are shown.
const LINES: usize = 20;
/// Before what the reason of a stop says, so that it is recognised when ECS gives it back.
const REASON: &str = "mayfly preview:";

/// What is known of a preview that is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Death {
    /// Why.
    pub cause: Cause,
    /// What ECS or the supervisor said, where that says more.
    pub detail: Option<String>,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// How long it ran.
    pub uptime: Option<Duration>,
    /// What it cost, in US dollars.
    pub cost: Option<f64>,
    /// How long each phase of its start took.
    pub boot: Vec<Phase>,
    /// The end of its log: lines of the app, whatever they are.
    pub log: Vec<String>,
    /// The command that brings the same image back.
    pub revive: Option<String>,
}

/// Why a preview ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its lease was up.
    Ttl,
    /// Its lease was up, and the app had to be killed.
    Killed,
    /// Nobody came.
    Idle,
    /// The app ended by itself.
    AppExit(i32),
    /// The app cannot be executed.
    NotStarted,
    /// The app did not answer in time.
    NeverReady,
    /// Somebody asked for it.
    Asked(Asked),
    /// A signal from outside, of which nobody knows why.
    Signal,
    /// AWS took a Spot machine back.
    SpotInterruption,
    /// It wanted more memory than it has.
    OutOfMemory,
    /// Its image cannot be pulled.
    ImagePull,
    /// Its task came to no start: a container that others wait for, a secret, a volume.
    NoStart,
    /// The supervisor failed.
    Internal,
    /// Something else, which the detail tells.
    Other,
}

/// Why we ended it: the reason that StopTask is given, and ECS gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `down`, and by whom.
    Down(Option<String>),
    /// The pull request was closed.
    Closed,
    /// The pull request was merged.
    Merged,
    /// A newer commit took its place.
    Replaced(String),
    /// It outlived its lease.
    PastLease,
    /// Whoever launched it never brought it to answer.
    GivenUp,
}

impl fmt::Display for Asked {
    /// As StopTask's `reason`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down(None) => write!(f, "{REASON} down"),
            Self::Down(Some(by)) => write!(f, "{REASON} down by {by}"),
            Self::Closed => write!(f, "{REASON} closed"),
            Self::Merged => write!(f, "{REASON} merged"),
            Self::Replaced(sha) => write!(f, "{REASON} replaced by {sha}"),
            Self::PastLease => write!(f, "{REASON} past its lease"),
            Self::GivenUp => write!(f, "{REASON} given up"),
        }
    }
}

impl Asked {
    /// Finds in `stoppedReason` what was given to StopTask.
    pub fn of(reason: &str) -> Option<Self> {
        let said = reason.split_once(REASON)?.1.trim();
        let after = |words: &str| said.strip_prefix(words).map(|rest| rest.trim().to_owned());
        match said {
            "down" => Some(Self::Down(None)),
            "closed" => Some(Self::Closed),
            "merged" => Some(Self::Merged),
            "past its lease" => Some(Self::PastLease),
            "given up" => Some(Self::GivenUp),
            _ => after("down by ").map(|by| Self::Down(Some(by))).or_else(|| after("replaced by ").map(Self::Replaced)),
        }
    }
}

/// What is known about an end: all of it may be missing.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// The task's `stopCode`.
    pub stop_code: Option<&'a str>,
    /// The task's `stoppedReason`.
    pub stopped_reason: Option<&'a str>,
    /// The container's `reason`.
    pub container_reason: Option<&'a str>,
    /// The container's exit code.
    pub exit_code: Option<i32>,
    /// The supervisor's last line.
    pub end: Option<&'a AppEnd>,
    /// What we asked for ourselves, where that is known first-hand.
    pub asked: Option<Asked>,
}

/// Decides why it ended. What we asked for explains a signal, and nothing that happened before it.
pub fn judge(facts: &Facts<'_>) -> Cause {
    let reason = format!("{} {}", facts.stopped_reason.unwrap_or_default(), facts.container_reason.unwrap_or_default());
    // Codes of the kernel and of the platform come first: the supervisor may have had no time to say anything.
    if reason.contains("OutOfMemory") {
        return Cause::OutOfMemory;
    }
    if ["CannotPull", "pull image", "toomanyrequests"].iter().any(|words| reason.contains(words)) {
        return Cause::ImagePull;
    }
    // Containers that never ran have exit codes of the platform's clean-up.
    if facts.stop_code == Some("TaskFailedToStart") {
        return Cause::NoStart;
    }
    let asked = facts.asked.clone().or_else(|| Asked::of(&reason)).map(Cause::Asked);
    match facts.end.map(|end| (end.cause, i32::from(end.code))).or_else(|| facts.exit_code.and_then(by_code)) {
        Some((AppCause::Signal, _)) | None => {
            asked.or_else(|| by_stop_code(facts.stop_code)).unwrap_or_else(|| without_record(facts))
        }
        Some((cause, code)) => by_record(cause, code),
    }
}

fn by_record(cause: AppCause, code: i32) -> Cause {
    match cause {
        AppCause::AppExit => Cause::AppExit(code),
        AppCause::Signal => Cause::Signal,
        AppCause::NotStarted => Cause::NotStarted,
        AppCause::Ttl => Cause::Ttl,
        AppCause::Internal => Cause::Internal,
        AppCause::Killed => Cause::Killed,
        AppCause::NeverReady => Cause::NeverReady,
        AppCause::AppIdle => Cause::Idle,
    }
}

/// Codes that are the supervisor's alone. 137 is everybody's: without a record it says nothing.
fn by_code(code: i32) -> Option<(AppCause, i32)> {
    let ours = |cause: &&AppCause| cause.code().map(i32::from) == Some(code) && **cause != AppCause::Killed;
    AppCause::ALL.iter().find(ours).map(|cause| (*cause, code))
}

fn by_stop_code(code: Option<&str>) -> Option<Cause> {
    match code? {
        "SpotInterruption" | "TerminationNotice" => Some(Cause::SpotInterruption),
        "UserInitiated" | "ServiceSchedulerInitiated" => Some(Cause::Signal),
        _ => None,
    }
}

fn without_record(facts: &Facts<'_>) -> Cause {
    match (facts.end, facts.exit_code) {
        (Some(_), _) => Cause::Signal,
        (None, Some(126 | 127)) => Cause::NotStarted,
        (None, Some(code)) => Cause::AppExit(code),
        (None, None) => Cause::Other,
    }
}

impl Cause {
    /// In plain words: fits after "it ended: ".
    pub fn words(&self) -> String {
        match self {
            Self::Ttl => "its time was up".to_owned(),
            Self::Killed => "its time was up, and the app had to be killed".to_owned(),
            Self::Idle => "nobody used it for too long".to_owned(),
            Self::AppExit(code) => format!("the app ended by itself with exit code {code}{}", meaning(*code)),
            Self::NotStarted => "the app's command cannot be executed or does not exist".to_owned(),
            Self::NeverReady => "the app did not become ready in time".to_owned(),
            Self::Asked(Asked::Down(_)) => "it was taken down".to_owned(),
            Self::Asked(Asked::Closed) => "the pull request was closed".to_owned(),
            Self::Asked(Asked::Merged) => "the pull request was merged".to_owned(),
            Self::Asked(Asked::Replaced(_)) => "a newer commit took its place".to_owned(),
            Self::Asked(Asked::PastLease) => "its time was up, and it had to be stopped from outside".to_owned(),
            Self::Asked(Asked::GivenUp) => "its launch was given up".to_owned(),
            Self::Signal => "it was stopped from outside".to_owned(),
            Self::SpotInterruption => "AWS took the Spot machine back".to_owned(),
            Self::OutOfMemory => "it ran out of memory (exit code 137)".to_owned(),
            Self::ImagePull => "its image could not be pulled".to_owned(),
            Self::NoStart => "its task failed to start".to_owned(),
            Self::Internal => "its supervisor failed".to_owned(),
            Self::Other => "its machine ended".to_owned(),
        }
    }

    /// What can be done about it.
    pub const fn fix(&self) -> Option<&'static str> {
        match self {
            Self::Ttl | Self::Killed => Some("next time renew it before its end: `/preview extend 2h`"),
            Self::OutOfMemory => Some("give it more: `/preview up size=large`"),
            Self::ImagePull => Some("check that the image exists and that the execution role may pull it"),
            Self::NeverReady => Some("check its port and health path, and the log below"),
            Self::NotStarted => Some("check the image's command and entry point"),
            Self::SpotInterruption => Some("bring it back; on demand it is not interrupted"),
            _ => None,
        }
    }

    /// Whether something is wrong, as opposed to over.
    pub const fn is_fault(&self) -> bool {
        match self {
            Self::AppExit(code) => *code != 0,
            Self::Ttl | Self::Killed | Self::Idle | Self::Asked(_) | Self::Signal => false,
            _ => true,
        }
    }
}

const fn meaning(code: i32) -> &'static str {
    match code {
        137 => ": it was killed, perhaps for want of memory",
        139 => ": it crashed",
        143 => ": it was ended by SIGTERM",
        _ => "",
    }
}

/// The last lines of the app. The supervisor's record is told in words and is not shown again.
pub fn last_lines(log: &[String]) -> Vec<&str> {
    let lines: Vec<&str> = log
        .iter()
        .map(|line| line.trim_end())
        .filter(|line| !line.starts_with(END_PREFIX) && !clean(line).trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(LINES)..].to_vec()
}

#[cfg(test)]
mod tests {
    use contract::exit::AppCause;
    use contract::record::AppEnd;

    use super::{Asked, Cause, Facts, judge, last_lines};

    fn end(cause: AppCause, code: u8) -> AppEnd {
        AppEnd { mayfly: "end".to_owned(), cause, code, renewals: 0, uptime_ms: 1, message: String::new() }
    }

    #[test]
    fn supervisors_record_tells_the_cause() {
        let cases = [
            (AppCause::Ttl, 124, Cause::Ttl),
            (AppCause::Killed, 137, Cause::Killed),
            (AppCause::AppIdle, 222, Cause::Idle),
            (AppCause::AppExit, 3, Cause::AppExit(3)),
            (AppCause::NotStarted, 127, Cause::NotStarted),
            (AppCause::NeverReady, 221, Cause::NeverReady),
            (AppCause::Internal, 125, Cause::Internal),
            (AppCause::Signal, 143, Cause::Signal),
        ];
        for (cause, code, expected) in cases {
            let record = end(cause, code);
            assert_eq!(judge(&Facts { end: Some(&record), ..Facts::default() }), expected);
        }
    }

    #[test]
    fn platforms_words_tell_the_cause_where_the_supervisor_said_nothing() {
        type Row<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<i32>, Cause);
        let pull = "CannotPullContainerError: pull image manifest has been retried 5 time(s): not found";
        let cases: [Row<'_>; 12] = [
            (None, None, Some("OutOfMemoryError: Container killed due to memory usage"), Some(137), Cause::OutOfMemory),
            (Some("TaskFailedToStart"), Some(pull), None, None, Cause::ImagePull),
            (
                Some("SpotInterruption"),
                Some("Your Spot Task was interrupted."),
                None,
                Some(143),
                Cause::SpotInterruption,
            ),
            (Some("UserInitiated"), Some("Task stopped by user"), None, Some(143), Cause::Signal),
            (Some("TaskFailedToStart"), Some("Task failed to start"), None, Some(143), Cause::NoStart),
            (Some("EssentialContainerExited"), None, None, Some(124), Cause::Ttl),
            (Some("EssentialContainerExited"), None, None, Some(222), Cause::Idle),
            (Some("EssentialContainerExited"), None, None, Some(221), Cause::NeverReady),
            (Some("EssentialContainerExited"), None, None, Some(137), Cause::AppExit(137)),
            (Some("EssentialContainerExited"), None, None, Some(127), Cause::NotStarted),
            (Some("EssentialContainerExited"), None, None, Some(0), Cause::AppExit(0)),
            (None, None, None, None, Cause::Other),
        ];
        for (stop_code, stopped_reason, container_reason, exit_code, expected) in cases {
            let facts = Facts { stop_code, stopped_reason, container_reason, exit_code, ..Facts::default() };
            assert_eq!(judge(&facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn reason_of_a_stop_comes_back_and_explains_a_signal_but_no_earlier_end() {
        let asked = [
            Asked::Down(None),
            Asked::Down(Some("ann".to_owned())),
            Asked::Closed,
            Asked::Merged,
            Asked::Replaced("0123abc".to_owned()),
            Asked::PastLease,
            Asked::GivenUp,
        ];
        let (signal, ttl) = (end(AppCause::Signal, 143), end(AppCause::Ttl, 124));
        for asked in asked {
            let reason = asked.to_string();
            assert_eq!(Asked::of(&reason), Some(asked.clone()));
            let stop_code = Some("UserInitiated");
            let facts = Facts { stop_code, stopped_reason: Some(&reason), ..Facts::default() };
            let expected = Cause::Asked(asked);
            assert_eq!(judge(&facts), expected);
            assert_eq!(judge(&Facts { exit_code: Some(143), ..facts.clone() }), expected);
            assert_eq!(judge(&Facts { end: Some(&signal), ..facts.clone() }), expected);
            assert_eq!(judge(&Facts { end: Some(&ttl), ..facts }), Cause::Ttl);
        }
        assert_eq!(Asked::of("Task stopped by user"), None);
    }

    #[test]
    fn log_shows_the_last_twenty_lines_and_no_record() {
        let mut log: Vec<String> = (0..30).map(|number| format!("line {number}")).collect();
        log.push("\u{1b}[0m".to_owned());
        log.push("{\"mayfly\":\"end\",\"cause\":\"ttl\"}".to_owned());
        let shown = last_lines(&log);
        assert_eq!((shown.len(), shown[0], shown[19]), (20, "line 10", "line 29"));
    }
}
