//! Reads a comment: a command, nothing of ours, or something that was meant as one.
//!
//! A command is the whole comment: it begins with the first byte and nothing but white space follows its line. Everything that
//! quotes, indents, fences or hides it puts something before or behind, and so makes it no command. Letters that only look
//! like ASCII's are other letters.

mod env;
mod size;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::size::Size;
use super::word::{lease, shown};

/// How a repository's people write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What stands before X in the variable that `/testenv up FEATURE_X=true` sets.
    pub feature_prefix: String,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { feature_prefix: "SUPERSET_FEATURE_".to_owned() }
    }
}

/// What was heard in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing for us.
    Nothing,
    /// A command.
    Command(Command),
    /// It was meant for us and cannot be understood.
    Malformed(Malformed),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start a preview, or replace it.
    Up(Up),
    /// Renew the lease, for so long or for as long as is usual.
    Extend(Option<Duration>),
    /// End it.
    Down,
    /// Tell how it stands.
    Status,
    /// Check everything that a preview needs.
    Validate,
    /// Tell the commands.
    Help,
}

/// How a preview is asked for. Caps and the allow-list of variables are the caller's affair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Up {
    /// The commit that is meant.
    pub sha: Option<NamedSha>,
    /// How long it shall live; never zero.
    pub ttl: Option<Duration>,
    /// How large it shall be.
    pub size: Option<Size>,
    /// Variables for the app.
    pub env: BTreeMap<String, String>,
}

/// A commit as a person names it: 7 to 40 hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSha(String);

impl NamedSha {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `sha`, in full, begins with it.
    pub fn names(&self, sha: &str) -> bool {
        sha.to_ascii_lowercase().starts_with(&self.0)
    }

    /// Whether it names one commit and no other that somebody could make: few digits are found again by trying.
    pub fn is_whole(&self) -> bool {
        self.0.len() == 40
    }
}

/// Why a comment that was meant for us is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong: fit to be shown.
    pub why: String,
    /// How it is written.
    pub usage: &'static str,
}

#[derive(Clone, Copy)]
enum Tongue<'a> {
    Preview,
    Testenv(&'a Dialect),
}

const UP: &str = "/preview up [commit] [ttl=2h] [size=small|medium|large|CPU:MEMORY] [NAME=value ...]";
const VERBS: &str = "/preview up | extend [2h] | down | status | validate | help";
const TESTENV: &str = "/testenv up [FEATURE_NAME=true ...] | down";

/// Reads the body of a comment.
pub fn read(body: &str, dialect: &Dialect) -> Heard {
    let line = body.trim_end_matches([' ', '\t', '\r', '\n']);
    if line.contains(|c: char| c.is_control() && c != '\t') {
        return Heard::Nothing;
    }
    let mut words = line.split([' ', '\t']);
    let tongue = match words.next() {
        Some("/preview") => Tongue::Preview,
        Some("/testenv") => Tongue::Testenv(dialect),
        _ => return Heard::Nothing,
    };
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    match command(tongue, &words) {
        Ok(command) => Heard::Command(command),
        Err(malformed) => Heard::Malformed(malformed),
    }
}

fn command(tongue: Tongue<'_>, words: &[&str]) -> Result<Command, Malformed> {
    let usage = match tongue {
        Tongue::Preview => VERBS,
        Tongue::Testenv(_) => TESTENV,
    };
    let (verb, rest) = words.split_first().ok_or_else(|| malformed("there is no command".to_owned(), usage))?;
    match (tongue, *verb) {
        (_, "up") => up(tongue, rest).map(Command::Up),
        (_, "down") => alone(Command::Down, rest, usage),
        (Tongue::Preview, "extend") => extend(rest),
        (Tongue::Preview, "status") => alone(Command::Status, rest, usage),
        (Tongue::Preview, "validate") => alone(Command::Validate, rest, usage),
        (Tongue::Preview, "help") => alone(Command::Help, rest, usage),
        _ => Err(malformed(format!("there is no command \"{}\"", shown(verb)), usage)),
    }
}

fn malformed(why: String, usage: &'static str) -> Malformed {
    Malformed { why, usage }
}

fn alone(command: Command, rest: &[&str], usage: &'static str) -> Result<Command, Malformed> {
    match rest.first() {
        None => Ok(command),
        Some(word) => Err(malformed(format!("\"{}\" is one word too many", shown(word)), usage)),
    }
}

fn extend(rest: &[&str]) -> Result<Command, Malformed> {
    const USAGE: &str = "/preview extend [2h]";
    match rest {
        [] => Ok(Command::Extend(None)),
        [time] => lease(time).map(|time| Command::Extend(Some(time))).map_err(|why| malformed(why, USAGE)),
        [_, word, ..] => Err(malformed(format!("\"{}\" is one word too many", shown(word)), USAGE)),
    }
}

fn up(tongue: Tongue<'_>, words: &[&str]) -> Result<Up, Malformed> {
    let usage = match tongue {
        Tongue::Preview => UP,
        Tongue::Testenv(_) => TESTENV,
    };
    let mut up = Up::default();
    for word in words {
        take(&mut up, tongue, word).map_err(|why| malformed(why, usage))?;
    }
    Ok(up)
}

fn take(up: &mut Up, tongue: Tongue<'_>, word: &str) -> Result<(), String> {
    match word.split_once('=') {
        Some(("ttl", time)) => put(&mut up.ttl, lease(time)?, "ttl"),
        Some(("size", size)) => put(&mut up.size, Size::parse(size)?, "size"),
        Some((name, value)) => env::take(&mut up.env, tongue, name, value),
        None => {
            let neither =
                || format!("\"{}\" is neither a commit (7 to 40 hexadecimal digits) nor NAME=value", shown(word));
            put(&mut up.sha, NamedSha::parse(word).ok_or_else(neither)?, "the commit")
        }
    }
}

fn put<T>(place: &mut Option<T>, value: T, what: &str) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{what} is given twice")),
    }
}

#[cfg(test)]
mod tests;
