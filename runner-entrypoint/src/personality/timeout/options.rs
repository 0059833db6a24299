//! The options of GNU `timeout`.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::time::Duration;

use crate::signal::{Sent, Signal};
use crate::supervise::duration;

pub(super) const VERSION: &str = concat!("timeout (runner-entrypoint) ", env!("CARGO_PKG_VERSION"), "\n");

/// The long options; each may be cut short to a beginning that no other has.
const LONG: [(&str, u8); 7] = [
    ("foreground", b'f'),
    ("kill-after", b'k'),
    ("preserve-status", b'p'),
    ("signal", b's'),
    ("verbose", b'v'),
    ("help", b'h'),
    ("version", b'V'),
];

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) limit: Duration,
    pub(super) command: Vec<CString>,
    pub(super) signal: Sent,
    pub(super) kill_after: Option<Duration>,
    pub(super) preserve_status: bool,
    pub(super) foreground: bool,
    pub(super) verbose: bool,
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Guard(Box<Options>),
    Help,
    Version,
}

/// Reads the arguments after the program's name. Options end at the first that is none: it is the duration.
///
/// # Errors
/// A text that names what is wrong; an empty one where something is missing.
pub(super) fn parse(arguments: &[OsString]) -> Result<Asked, String> {
    let mut options = Options {
        limit: Duration::ZERO,
        command: Vec::new(),
        signal: Sent::Signal(Signal::TERM),
        kill_after: None,
        preserve_status: false,
        foreground: false,
        verbose: false,
    };
    let mut rest = arguments;
    while let Some((first, behind)) = rest.split_first() {
        let text = first.as_bytes();
        if text == b"-" || !text.starts_with(b"-") {
            break;
        }
        rest = behind;
        let asked = match text.strip_prefix(b"--") {
            Some(b"") => break,
            Some(name) => long(&mut options, name, &mut rest)?,
            None => short(&mut options, &text[1..], &mut rest)?,
        };
        if let Some(asked) = asked {
            return Ok(asked);
        }
    }
    let Some((limit, command)) = rest.split_first().filter(|(_, command)| !command.is_empty()) else {
        return Err(String::new());
    };
    options.limit = span(limit)?;
    options.command = command.iter().map(|text| c_string(text.as_bytes())).collect();
    Ok(Asked::Guard(Box::new(options)))
}

fn long(options: &mut Options, text: &[u8], rest: &mut &[OsString]) -> Result<Option<Asked>, String> {
    let (name, value) = match text.iter().position(|byte| *byte == b'=') {
        Some(at) => (&text[..at], Some(OsString::from_vec(text[at + 1..].to_vec()))),
        None => (text, None),
    };
    let (long, letter) = find(name)?;
    let value = match (matches!(letter, b'k' | b's'), value) {
        (true, Some(value)) => value,
        (true, None) => take_next(rest).ok_or_else(|| format!("option '--{long}' requires an argument"))?,
        (false, Some(_)) => return Err(format!("option '--{long}' doesn't allow an argument")),
        (false, None) => OsString::new(),
    };
    take(options, letter, &value)
}

fn find(name: &[u8]) -> Result<(&'static str, u8), String> {
    let exact = LONG.iter().find(|(long, _)| long.as_bytes() == name);
    let mut begins = LONG.iter().filter(|(long, _)| long.as_bytes().starts_with(name));
    let shown = String::from_utf8_lossy(name);
    match (exact, begins.next(), begins.next()) {
        (Some(found), ..) | (None, Some(found), None) => Ok(*found),
        (None, Some(_), Some(_)) => Err(format!("option '--{shown}' is ambiguous")),
        (None, None, _) => Err(format!("unrecognized option '--{shown}'")),
    }
}

/// Letters that are written together: `-vp`, `-sTERM`, `-vk 5`.
fn short(options: &mut Options, letters: &[u8], rest: &mut &[OsString]) -> Result<Option<Asked>, String> {
    for (at, letter) in letters.iter().enumerate() {
        let letter = *letter;
        if !b"fkpsv".contains(&letter) {
            return Err(format!("invalid option -- '{}'", char::from(letter)));
        }
        if !matches!(letter, b'k' | b's') {
            take(options, letter, OsStr::new(""))?;
            continue;
        }
        let behind = Some(&letters[at + 1..]).filter(|behind| !behind.is_empty());
        let value = behind.map(|behind| OsString::from_vec(behind.to_vec())).or_else(|| take_next(rest));
        let value = value.ok_or_else(|| format!("option requires an argument -- '{}'", char::from(letter)))?;
        return take(options, letter, &value);
    }
    Ok(None)
}

fn take_next(rest: &mut &[OsString]) -> Option<OsString> {
    let (first, behind) = rest.split_first()?;
    *rest = behind;
    Some(first.clone())
}

fn take(options: &mut Options, letter: u8, value: &OsStr) -> Result<Option<Asked>, String> {
    match letter {
        b'f' => options.foreground = true,
        b'k' => options.kill_after = Some(span(value)?).filter(|after| !after.is_zero()),
        b'p' => options.preserve_status = true,
        b's' => {
            let signal = value.to_str().and_then(Signal::parse);
            options.signal = signal.ok_or_else(|| format!("'{}': invalid signal", value.display()))?;
        }
        b'v' => options.verbose = true,
        b'h' => return Ok(Some(Asked::Help)),
        _ => return Ok(Some(Asked::Version)),
    }
    Ok(None)
}

fn span(text: &OsStr) -> Result<Duration, String> {
    text.to_str().and_then(duration::parse).ok_or_else(|| format!("invalid time interval '{}'", text.display()))
}

/// Arguments come from the kernel, which ends them at the first NUL.
fn c_string(text: &[u8]) -> CString {
    CString::new(text).expect("an argument has no NUL within")
}

/// How it is used.
pub(super) fn help(program: &OsStr) -> String {
    format!(
        "Usage: {} [OPTION] DURATION COMMAND [ARG]...
Runs COMMAND and ends it if it still runs after DURATION: a number with an optional suffix
s (seconds, the default), m, h or d; 0 is no limit.

  -f, --foreground           leave COMMAND in the foreground of the terminal, and signal it alone
  -k, --kill-after=DURATION  send KILL so long after the first signal
  -p, --preserve-status      exit as COMMAND does, even at the limit
  -s, --signal=SIGNAL        what to send at the limit (TERM)
  -v, --verbose              say on stderr which signal is sent
      --help, --version

Exit codes: 124 at the limit, 125 for a failure of its own, 126 if COMMAND cannot be executed,
127 if there is none, 137 if KILL was needed, else that of COMMAND.
",
        program.display()
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Asked, parse};

    fn asked(line: &[&str]) -> Result<Asked, String> {
        parse(&line.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_understood_in_all_their_forms() {
        let lines: [&[&str]; 4] = [
            &["-v", "-p", "-s", "INT", "-k", "5", "10", "x", "-v"],
            &["-vpsINT", "-k5", "10", "x", "-v"],
            &["--verbose", "--preserve-status", "--signal=INT", "--kill-after", "5", "--", "10", "x", "-v"],
            &["--verb", "--pres", "--sig", "2", "--kill=5s", "10", "x", "-v"],
        ];
        let first = asked(lines[0]);
        let Ok(Asked::Guard(options)) = &first else { panic!("{first:?}") };
        assert_eq!((options.limit, options.kill_after), (Duration::from_secs(10), Some(Duration::from_secs(5))));
        assert_eq!(options.command, [c"x".to_owned(), c"-v".to_owned()]);
        for line in lines {
            assert_eq!(asked(line), first, "{line:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: [(&[&str], &str); 8] = [
            (&[], ""),
            (&["1"], ""),
            (&["--kill-after=invalid", "1", "x"], "invalid time interval 'invalid'"),
            (&["42D", "x"], "invalid time interval '42D'"),
            (&["--signal=invalid", "1", "x"], "'invalid': invalid signal"),
            (&["--ver", "1", "x"], "option '--ver' is ambiguous"),
            (&["--none", "1", "x"], "unrecognized option '--none'"),
            (&["-q", "1", "x"], "invalid option -- 'q'"),
        ];
        for (line, fault) in cases {
            assert_eq!(asked(line), Err(fault.to_owned()), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(words in prop::collection::vec("-{0,2}[a-zV]{0,9}=?[0-9.]{0,3}|[^\0]{0,5}", 0..7)) {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            if let Ok(Asked::Guard(options)) = parse(&words) {
                prop_assert!(!options.command.is_empty());
            }
        }

        #[test]
        fn command_is_left_as_it_is(command in prop::collection::vec("[^\0]{0,9}", 1..5)) {
            let words: Vec<OsString> = ["-v", "--", "5"].iter().map(OsString::from)
                .chain(command.iter().map(OsString::from)).collect();
            let Ok(Asked::Guard(options)) = parse(&words) else { panic!("{words:?} is refused") };
            let read: Vec<&[u8]> = options.command.iter().map(|word| word.to_bytes()).collect();
            prop_assert_eq!(read, command.iter().map(String::as_bytes).collect::<Vec<_>>());
        }
    }
}
