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
}
