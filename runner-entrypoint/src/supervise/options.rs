//! The command line of `runner-entrypoint supervise`.

mod read;

pub(crate) use self::read::{Asked, parse};

use std::ffi::CString;
use std::time::{Duration, SystemTime};

use crate::signal::Sent;
use crate::task_role::TaskRole;

/// All that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The command and its arguments; never empty.
    pub(crate) command: Vec<CString>,
    /// `--ttl`
    pub(crate) ttl: Option<Duration>,
    /// `--until`
    pub(crate) until: Option<SystemTime>,
    /// `--max-ttl`
    pub(crate) max_ttl: Option<Duration>,
    /// `-s`, `--signal`
    pub(crate) signal: Sent,
    /// `-k`, `--kill-after`; zero switches it off.
    pub(crate) kill_after: Option<Duration>,
    /// `-p`, `--preserve-status`
    pub(crate) preserve_status: bool,
    /// `-f`, `--foreground`
    pub(crate) foreground: bool,
    /// `--single-child`
    pub(crate) single_child: bool,
    /// `-v`, `--verbose`
    pub(crate) verbose: bool,
    /// `--grace`
    pub(crate) grace: Duration,
    /// `--warn`
    pub(crate) warn: Option<Duration>,
    /// `--on-warn`: a command for `/bin/sh -c`.
    pub(crate) on_warn: Option<CString>,
    /// `--ready-url`
    pub(crate) ready_url: Option<String>,
    /// `--ready-timeout`
    pub(crate) ready_timeout: Option<Duration>,
    /// `--idle`
    pub(crate) idle: Option<Duration>,
    /// `--port`, each.
    pub(crate) ports: Vec<u16>,
    /// `--idle-ignore`, each, not yet judged.
    pub(crate) idle_ignore: Vec<String>,
    /// `--renew-from`
    pub(crate) renew_from: RenewFrom,
    /// `--secret-from`, each, not yet judged.
    pub(crate) secret_from: Vec<String>,
    /// `--task-role`
    pub(crate) task_role: TaskRole,
}

/// Where renewals of the lease are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RenewFrom {
    /// Nowhere.
    #[default]
    None,
    /// The task metadata endpoint's tags, else the ECS API.
    Metadata,
    /// The ECS API.
    Tags,
    /// A file in the state folder: for a command that runs on no ECS.
    File,
}

pub(crate) const HELP: &str = "\
Guards a command: passes signals on, reaps orphans, ends it when its time is up, and ends all that it leaves behind.

Usage: runner-entrypoint supervise [OPTIONS] [--] COMMAND [ARGUMENT]...

Time (durations: 90, 90s, 1.5h, 1h30m; 0 is no limit):
      --ttl DURATION         End the command so long after the start
      --until MOMENT         End it then: 2030-01-31T18:00:00Z
      --max-ttl DURATION     No renewal goes beyond so long after the start
      --warn DURATION        Say so, so long before the end
      --on-warn COMMAND      Run this by /bin/sh -c with the warning
      --renew-from SOURCE    Look for renewals: metadata, tags, file (`renew` in MAYFLY_STATE_DIR) or none [default: none]

The end:
  -s, --signal SIGNAL        What asks the command to end [default: TERM]
  -k, --kill-after DURATION  From the first signal that asks for the end, whoever sent it, to KILL; 0 is never
                             [default: --grace where a limit was reached, else never]
      --grace DURATION       From TERM to KILL for what the command leaves behind [default: 10s]
  -p, --preserve-status      Exit as the command does, even at a limit
  -v, --verbose              Say on stderr which signal is sent

Place:
  -f, --foreground           Stay in the foreground of the terminal; signal the command alone, and leave its children alone
      --single-child         Pass signals on to the command alone, not to its session

Readiness and idleness:
      --ready-url URL        End the command unless this answers with 2xx or 3xx
      --ready-timeout DURATION
      --idle DURATION        End the command after so long without traffic
      --port PORT            The port whose traffic counts; may be repeated
      --idle-ignore CIDR     Peers that do not count; may be repeated

Secrets:
      --secret-from SOURCE   ssm:NAME, secretsmanager:NAME, env:NAME or file:PATH; may be repeated
      --task-role WHO        share or hide: whether the command can use the task's role [default: share]

Exit codes: the command's own, 128 + n where signal n ended it; 124 the time was up, 125 a failure of our own,
126 or 127 the command cannot be executed or does not exist, 137 the time was up and KILL was needed, 221 never ready, 222 idle.
";

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use proptest::prelude::*;

    use super::{Asked, parse};

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(
            words in prop::collection::vec("-{0,2}[a-z-]{0,14}(=[0-9a-z:./]{0,9})?|[0-9.]{0,4}[smhd]?|[^\0]{0,5}", 0..8),
        ) {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            if let Ok(Asked::Guard(options)) = parse(&words) {
                prop_assert!(!options.command.is_empty());
            }
        }

        #[test]
        fn options_with_any_values_are_read_or_refused(
            given in prop::collection::vec(
                ("ttl|until|max-ttl|signal|kill-after|grace|warn|ready-timeout|idle|port|renew-from|task-role",
                 "[0-9.]{0,6}[smhd]?|[0-9T:Z-]{0,20}|[A-Z]{0,6}|[^\0]{0,5}"), 0..6),
        ) {
            let words = given.into_iter().map(|(name, value)| OsString::from(format!("--{name}={value}")));
            let words: Vec<OsString> = words.chain(["--", "-x"].map(OsString::from)).collect();
            if let Ok(Asked::Guard(options)) = parse(&words) {
                prop_assert_eq!(options.command, [c"-x".to_owned()]);
            }
        }
    }
}
