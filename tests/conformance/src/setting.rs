//! Where a program runs.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::container;

/// What `unshare` is told for a PID namespace whose first process is the program, and which dies with the suite.
const NAMESPACE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/// Where a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// As PID 1 of a PID namespace of its own, as in a container.
    First,
    /// As PID 1 of a container, as `docker run -i` starts it. Tried in place of [`Setting::First`] where that is asked for.
    Container,
    /// As PID 1 of a container with a terminal, as `docker run -it` starts it.
    ContainerOnTerminal,
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
            Self::Container => "in a container",
            Self::ContainerOnTerminal => "in a container with a terminal",
            Self::Subreaper => "as subreaper",
            Self::Plain => "as a plain process",
        }
    }

    /// Where a case of this setting is tried: where containers are asked for, in those and nowhere else.
    pub fn places(self) -> Vec<Self> {
        match (self.is_first(), container::image()) {
            (_, None) => vec![self],
            (true, Some(_)) => vec![Self::Container, Self::ContainerOnTerminal],
            (false, Some(_)) => Vec::new(),
        }
    }

    /// Whether the program is PID 1.
    pub const fn is_first(self) -> bool {
        matches!(self, Self::First | Self::Container | Self::ContainerOnTerminal)
    }

    /// Whether a container engine starts the program.
    pub const fn is_container(self) -> bool {
        matches!(self, Self::Container | Self::ContainerOnTerminal)
    }

    /// What stands before the program on the command line, where that does not depend on the trial.
    pub(crate) fn prefix(self) -> Vec<String> {
        match self {
            Self::First => std::iter::once("unshare").chain(NAMESPACE).map(str::to_owned).collect(),
            _ => Vec::new(),
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
