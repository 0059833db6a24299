//! Whether the child may act as the task's role.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

use contract::env;

use crate::secrets::environment;

/// What the child gets of the task role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskRole {
    /// Its variables reach the child: deploying without keys is what a task role is for.
    Share,
    /// They stay with PID 1.
    Hide,
}

impl TaskRole {
    /// The words for it, the default first.
    pub(crate) const WORDS: [(&str, Self); 2] = [("share", Self::Share), ("hide", Self::Hide)];
}

/// Takes the way to the task role out of the environment block, where others of this uid could read it, and keeps it for this
/// process and its forked children. The path in it is the credentials' only protection.
///
/// Only for the start of the program, before there is a second thread.
pub(crate) fn hide() -> io::Result<()> {
    let mut kept = Vec::new();
    environment::take_out(&env::TASK_ROLE_KEYS, |name, value| {
        kept.push((name, OsStr::from_bytes(value).to_owned()));
        Ok(())
    })?;
    for (name, value) in kept {
        // What is set later lies on the heap, and that is not shown in `/proc/PID/environ`.
        #[expect(clippy::disallowed_methods, reason = "there is one thread")]
        // SAFETY: there is one thread, so nobody reads the environment meanwhile.
        unsafe {
            std::env::set_var(name, value);
        }
    }
    Ok(())
}
