//! The programs, and how each runs a command.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::sizes::Entrypoint;

/// What ours is called in the table.
pub(super) const SUPERVISE: &str = "supervise";

/// A program that runs a command.
pub(super) struct Contender {
    pub(super) name: &'static str,
    program: PathBuf,
    words: &'static [&'static str],
    clock: Clock,
    /// Keeps the link that the program is called by.
    _link: Option<TempDir>,
}

/// How a program is given a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    None,
    /// The first word.
    Word,
    /// `--ttl`.
    Option,
}

impl Contender {
    /// The program with a command that it must not end.
    pub(super) fn running(&self, command: &[&str]) -> Command {
        let limit = (self.clock == Clock::Word).then_some("1000");
        self.call(limit.into_iter().chain(command.iter().copied()))
    }

    /// The program with a command and a limit in seconds; nothing where it has no clock.
    pub(super) fn limiting(&self, limit: &str, command: &[&str]) -> Option<Command> {
        let words: &[&str] = match self.clock {
            Clock::None => return None,
            Clock::Word => &[limit],
            Clock::Option => &["--ttl", limit],
        };
        Some(self.call(words.iter().chain(command).copied()))
    }

    fn call<'a>(&self, words: impl Iterator<Item = &'a str>) -> Command {
        let mut call = Command::new(&self.program);
        call.args(self.words).args(words).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        call.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        call
    }
}

/// Ours, and the others where they are installed.
pub(super) fn all(own: &Entrypoint) -> io::Result<Vec<Contender>> {
    let supervise = Contender {
        name: SUPERVISE,
        program: own.path.clone(),
        words: &["supervise"],
        clock: Clock::Option,
        _link: None,
    };
    let link = tempfile::tempdir()?;
    let program = link.path().join("timeout");
    symlink(std::path::absolute(&own.path)?, &program)?;
    let as_timeout = Contender { name: "as timeout", program, words: &[], clock: Clock::Word, _link: Some(link) };
    let others = [
        ("tini", &["-s", "--"][..], Clock::None),
        ("tini-static", &["-s", "--"], Clock::None),
        ("dumb-init", &["--"], Clock::None),
        ("catatonit", &["--"], Clock::None),
        ("timeout", &[], Clock::Word),
    ];
    let other = |(name, words, clock)| Some(Contender { name, program: installed(name)?, words, clock, _link: None });
    Ok([supervise, as_timeout].into_iter().chain(others.into_iter().filter_map(other)).collect())
}

fn installed(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/bin", "/bin", "/usr/local/bin"].map(Path::new);
    folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}
