//! Whether the child may act as the task's role.

use std::io;

use contract::env;

use crate::secrets::environment;

/// What the child gets of the task role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TaskRole {
    /// Its variables reach the child: deploying without keys is what a task role is for.
    #[default]
    Share,
    /// They stay with PID 1.
    Hide,
}

impl TaskRole {
    /// The words for it, the default first.
    pub(crate) const WORDS: [(&str, Self); 2] = [("share", Self::Share), ("hide", Self::Hide)];
}

/// Takes the way to the task role out of the environment block, where others of this uid could read it. The path in it is the
/// credentials' only protection. This process and those that it forks still find it.
///
/// Only for the start of the program, before there is a second thread.
pub(crate) fn hide() -> io::Result<()> {
    environment::move_out(&env::TASK_ROLE_KEYS)
}
