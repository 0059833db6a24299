//! Exit codes of `runner-entrypoint`, one table for both sides.
//!
//! Codes below 200 are the child's own or a shell's convention (124 time was up, 125 own failure, 126 / 127 not executable /
//! not found, 128 + n killed by signal n). Codes above 200 are causes of ours.

use serde::{Deserialize, Serialize};

macro_rules! causes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $code:literal, $name:literal, $meaning:literal; )+) => {
        /// Why a runner's machine ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Cause {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl Cause {
            /// All causes, in the order of the documented table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The process exit code that tells this cause.
            pub const fn code(self) -> u8 {
                match self { $( Self::$variant => $code, )+ }
            }

            /// The cause's name in records and tables.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// One clause for people: fits after "ended: ".
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $meaning, )+ }
            }

            /// The cause that an exit code tells, if it is one of ours.
            pub fn from_code(code: i32) -> Option<Self> {
                Self::ALL.iter().copied().find(|cause| i32::from(cause.code()) == code)
            }
        }
    };
}

causes! {
    /// The one job (or, with several jobs, the last of them) ran to its end; its result is in the record.
    JobDone = 0, "job_done", "the job ran to its end";
    /// An error of our own: a system call refused, a bug.
    Internal = 125, "internal", "runner-entrypoint itself failed";
    /// No job came within `--max-idle`.
    Idle = 201, "idle", "no job came within max-idle";
    /// `--max-lifetime` was reached.
    Lifetime = 202, "lifetime", "max-lifetime was reached";
    /// A signal came while no job ran.
    Stopped = 203, "stopped", "stopped from outside while no job ran";
    /// A signal came while a job ran; the job finished inside the stop window.
    Drained = 204, "drained", "stopped from outside; the running job was allowed to finish";
    /// A signal came while a job ran; the job had to be interrupted.
    Interrupted = 205, "interrupted", "stopped from outside; the running job had to be interrupted";
    /// GitHub refused the registration: credentials, permission, scope, group or name.
    RegistrationRefused = 210, "registration_refused", "GitHub refused the registration";
    /// GitHub could not be reached, or answered with errors, until the retries were used up.
    RegistrationUnavailable = 211, "registration_unavailable", "GitHub could not be reached for the registration";
    /// A setting is missing or makes no sense.
    BadConfiguration = 212, "bad_configuration", "a setting of the task is missing or wrong";
    /// GitHub no longer accepts this version of the runner.
    VersionRefused = 213, "version_refused", "GitHub no longer accepts this runner version";
    /// Another live session holds this registration.
    SessionConflict = 214, "session_conflict", "another live session holds this registration";
    /// The registration vanished at GitHub.
    RegistrationLost = 215, "registration_lost", "the registration vanished at GitHub";
    /// The Listener failed, was killed, or could not be started.
    ListenerFailed = 216, "listener_failed", "the Listener failed";
    /// The Listener did not connect in time.
    NeverOnline = 217, "never_online", "the Listener did not connect in time";
    /// The registration was spent without a job of ours having run.
    NothingRan = 218, "nothing_ran", "the registration was used up without a job";
    /// The Listener did not end in time after its job, or after having been asked to.
    Hung = 219, "hung", "the Listener or its Worker hung";
    /// The machine ended, but its registration is still at GitHub; `mayfly reap` removes it.
    GhostLeft = 220, "ghost_left", "the registration could not be removed from GitHub";
}

impl Cause {
    /// Whether a job ran to its end: the machine did what it was for.
    pub const fn has_served(self) -> bool {
        matches!(self, Self::JobDone | Self::Drained)
    }
}

macro_rules! app_causes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $code:expr, $name:literal, $meaning:literal; )+) => {
        /// Why a command under `runner-entrypoint supervise` ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AppCause {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl AppCause {
            /// All causes, in the order of the documented table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The process exit code that tells this cause; nothing where the code is the command's own, or a shell's.
            pub const fn code(self) -> Option<u8> {
                match self { $( Self::$variant => $code, )+ }
            }

            /// The cause's name in records and tables.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// One clause for people: fits after "ended: ".
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $meaning, )+ }
            }
        }
    };
}

app_causes! {
    /// The command ended by itself; its code, or 128 and the number of the signal that ended it.
    AppExit = None, "app_exit", "the command ended by itself";
    /// A signal from outside asked for the end; the code is the command's answer to it.
    Signal = None, "signal", "a signal from outside asked for the end";
    /// The command could not be executed: 126, or 127 where there is none.
    NotStarted = None, "not_started", "the command cannot be executed (126) or does not exist (127)";
    /// The time was up.
    Ttl = Some(124), "ttl", "the time was up";
    /// An error of our own, or a wrong option.
    Internal = Some(125), "internal", "runner-entrypoint itself failed, or an option is wrong";
    /// The time was up, and SIGKILL was needed.
    Killed = Some(137), "killed", "the time was up and SIGKILL was needed";
    /// The command never answered as a healthy one does.
    NeverReady = Some(221), "never_ready", "the command did not become ready in time";
    /// The command had no traffic.
    AppIdle = Some(222), "app_idle", "the command had no traffic for too long";
}

#[cfg(test)]
mod tests {
    use super::{AppCause, Cause};

    #[test]
    fn every_cause_is_found_again_by_its_code_and_its_name_is_its_serialised_form() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_code(i32::from(cause.code())), Some(*cause));
            assert_eq!(serde_json::to_string(cause).ok(), Some(format!("\"{}\"", cause.name())));
        }
    }

    #[test]
    fn every_cause_of_a_command_has_its_serialised_form_as_name_and_no_code_of_a_runners() {
        for cause in AppCause::ALL {
            assert_eq!(serde_json::to_string(cause).ok(), Some(format!("\"{}\"", cause.name())));
            let of_runner = cause.code().and_then(|code| Cause::from_code(i32::from(code)));
            assert!(of_runner.is_none() || of_runner == Some(Cause::Internal), "{cause:?}");
        }
    }
}
