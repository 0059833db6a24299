//! Where a program runs.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What `unshare` is told for a PID namespace whose first process is the program, and which dies with the suite.
const NAMESPACE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/// Where a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// As PID 1 of a PID namespace of its own, as in a container.
    First,
    /// As any process, told (where it has to be told) to adopt the orphans below it.
    Subreaper,
    /// As any process, as it comes.
    Plain,
}

impl Setting {
    /// In a sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::First => "as PID 1",
            Self::Subreaper => "as subreaper",
            Self::Plain => "as a plain process",
        }
    }

    /// What stands before the program on the command line.
    pub(crate) fn prefix(self) -> Vec<String> {
        match self {
            Self::First => std::iter::once("unshare").chain(NAMESPACE).map(str::to_owned).collect(),
            Self::Subreaper | Self::Plain => Vec::new(),
        }
    }

    /// Whether this machine allows it.
    pub fn is_allowed(self) -> bool {
        self != Self::First || namespaces_are_allowed()
    }
}

fn namespaces_are_allowed() -> bool {
    static ALLOWED: OnceLock<bool> = OnceLock::new();
    *ALLOWED.get_or_init(|| {
        let tried = Command::new("unshare").args(NAMESPACE).arg("true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    })
}
