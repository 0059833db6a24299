//! The programs that are held to the guarantees, and how each is asked for the same thing.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::setting::Setting;

/// A command line and a set of promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `runner-entrypoint supervise`.
    Supervise,
    /// tini's.
    Tini,
    /// dumb-init's.
    DumbInit,
    /// catatonit's.
    Catatonit,
    /// GNU timeout's.
    Timeout,
}

/// Whose program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `runner-entrypoint`, called by one of its names.
    Ours,
    /// The one whose name the kind has.
    Theirs,
}

/// A program under test.
#[derive(Clone, Debug)]
pub struct Program {
    /// Heads its column.
    pub title: &'static str,
    /// What it promises.
    pub kind: Kind,
    /// Whose it is.
    pub origin: Origin,
    path: PathBuf,
}

/// What a program is asked to do beyond running the command.
#[derive(Clone, Copy, Debug)]
pub enum Duty<'a> {
    /// Nothing.
    Run,
    /// To pass signals on to its child alone.
    ReachChild,
    /// To pass signals on to its child's whole group or session.
    ReachGroup,
    /// To end the command after so long, with further options as GNU timeout writes them.
    Limit(&'a str, &'a [&'a str]),
    /// Options in the words of its kind.
    Words(&'a [&'a str]),
}

impl Program {
    /// Its command line up to the child's: nothing where its kind has no such duty or setting.
    pub(crate) fn command(&self, setting: Setting, duty: Duty<'_>) -> Option<Vec<String>> {
        let mut line = vec![self.path.display().to_string()];
        let mut add = |words: &[&str]| line.extend(words.iter().map(|word| (*word).to_owned()));
        if self.kind == Kind::Supervise {
            add(&["supervise"]);
        }
        add(self.kind.words_for_setting(setting)?);
        match (self.kind, duty) {
            (_, Duty::Words(words)) => add(words),
            (Kind::Timeout, Duty::Run | Duty::ReachGroup) => add(&["1000"]),
            (Kind::Timeout, Duty::ReachChild) => add(&["--foreground", "1000"]),
            (Kind::Timeout, Duty::Limit(limit, options)) => add(&[options, &[limit]].concat()),
            (Kind::Supervise, Duty::Limit(limit, options)) => add(&[options, &["--ttl", limit, "--"]].concat()),
            (_, Duty::Limit(..)) => return None,
            (Kind::Supervise | Kind::DumbInit, Duty::ReachChild) => add(&["--single-child", "--"]),
            (Kind::Tini | Kind::Catatonit, Duty::ReachGroup) => add(&["-g", "--"]),
            (_, Duty::Run | Duty::ReachChild | Duty::ReachGroup) => add(&["--"]),
        }
        Some(line)
    }
}

impl Kind {
    /// The options that a setting needs; nothing where the kind has no such setting.
    fn words_for_setting(self, setting: Setting) -> Option<&'static [&'static str]> {
        match (self, setting) {
            (Self::Tini, Setting::Subreaper) => Some(&["-s"]),
            (Self::Timeout | Self::DumbInit, Setting::Subreaper) => None,
            _ => Some(&[]),
        }
    }

    /// Whether it is an init: started as PID 1 and made to reap.
    pub const fn is_init(self) -> bool {
        !matches!(self, Self::Timeout)
    }

    /// Whether it ends commands by the clock.
    pub const fn has_clock(self) -> bool {
        matches!(self, Self::Timeout | Self::Supervise)
    }
}

/// `runner-entrypoint` in its roles.
pub fn ours(entrypoint: &Path) -> Vec<Program> {
    let roles = [
        ("supervise", Kind::Supervise, entrypoint.to_owned()),
        ("as tini", Kind::Tini, called(entrypoint, "tini")),
        ("as dumb-init", Kind::DumbInit, called(entrypoint, "dumb-init")),
        ("as timeout", Kind::Timeout, called(entrypoint, "timeout")),
    ];
    roles.into_iter().map(|(title, kind, path)| Program { title, kind, origin: Origin::Ours, path }).collect()
}

/// The others, where they are installed.
pub fn theirs() -> Vec<Program> {
    let names = [
        ("tini", Kind::Tini),
        ("dumb-init", Kind::DumbInit),
        ("catatonit", Kind::Catatonit),
        ("timeout", Kind::Timeout),
    ];
    let path_of = |name: &str| {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
    };
    let program = |(title, kind)| Some(Program { title, kind, origin: Origin::Theirs, path: path_of(title)? });
    names.into_iter().filter_map(program).collect()
}

/// The entrypoint by another name.
fn called(entrypoint: &Path, name: &str) -> PathBuf {
    static NAMES: OnceLock<TempDir> = OnceLock::new();
    let folder = NAMES.get_or_init(|| tempfile::tempdir().expect("there is room for a folder"));
    let link = folder.path().join(name);
    match symlink(entrypoint, &link) {
        Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists => panic!("{}: {cause}", link.display()),
        _ => link,
    }
}
