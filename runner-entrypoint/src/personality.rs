//! Names that this program answers to besides its own: an image's `timeout`, `tini` or `dumb-init` may be a link to it.
//!
//! Each translates its options to the settings of the one guard. A personality does no more than its namesake: it keeps no
//! lease, prints no record, and leaves alone whom its namesake leaves alone.

mod dumb_init;
pub(crate) mod quote;
mod timeout;
mod tini;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::clock::Clock;

/// Somebody else's name and job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Personality {
    DumbInit,
    Timeout,
    Tini,
}

impl Personality {
    /// The personality that the program was called by.
    pub(crate) fn of(program: &OsStr) -> Option<Self> {
        match Path::new(program).file_name()?.as_bytes() {
            b"dumb-init" => Some(Self::DumbInit),
            b"timeout" => Some(Self::Timeout),
            b"tini" | b"tini-static" => Some(Self::Tini),
            _ => None,
        }
    }

    /// Does its job, to the exit code.
    pub(crate) fn run(self, program: &OsStr, arguments: &[OsString], clock: Clock) -> u8 {
        match self {
            Self::DumbInit => dumb_init::run(program, arguments, clock),
            Self::Timeout => timeout::run(program, arguments, clock),
            Self::Tini => tini::run(program, arguments, clock),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::Personality;

    #[test]
    fn personality_follows_the_last_part_of_the_name() {
        let cases = [
            ("timeout", Some(Personality::Timeout)),
            ("/usr/bin/timeout", Some(Personality::Timeout)),
            ("/sbin/tini", Some(Personality::Tini)),
            ("dumb-init", Some(Personality::DumbInit)),
            ("runner-entrypoint", None),
            ("/timeout/x", None),
            ("", None),
        ];
        for (program, personality) in cases {
            assert_eq!(Personality::of(OsStr::new(program)), personality, "{program}");
        }
    }
}
