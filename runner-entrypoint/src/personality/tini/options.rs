//! The options of `tini`.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use crate::signal::{Sent, Signal};

pub(super) const VERSION: &str = concat!("tini (runner-entrypoint) version ", env!("CARGO_PKG_VERSION"), "\n");

/// How much is said: 1 is warnings, 2 what happens, 3 each signal and each process, 4 more of it.
const VERBOSITY: u32 = 1;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) command: Vec<CString>,
    pub(super) subreaper: bool,
    pub(super) parent_death: Option<Signal>,
    pub(super) verbosity: u32,
    pub(super) warns_of_reaped: bool,
    pub(super) group: bool,
    /// Exit codes of the command that count as success.
    pub(super) successes: Vec<u8>,
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Guard(Box<Options>),
    Help,
    Version,
}

/// Reads the arguments after the program's name, and the environment.
///
/// # Errors
/// A text that names what is wrong; an empty one where there is no command.
pub(super) fn parse(arguments: &[OsString], variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Asked, String> {
    if arguments.len() == 1 && arguments[0] == "--version" {
        return Ok(Asked::Version);
    }
    let mut options = defaults(variable);
    let mut rest = arguments;
    while let Some((first, behind)) = rest.split_first() {
        let text = first.as_bytes();
        if text == b"-" || !text.starts_with(b"-") {
            break;
        }
        rest = behind;
        if text == b"--" {
            break;
        }
        if let Some(asked) = letters(&mut options, &text[1..], &mut rest)? {
            return Ok(asked);
        }
    }
    if rest.is_empty() {
        return Err(String::new());
    }
    options.command = rest.iter().map(|text| c_string(text.as_bytes())).collect();
    Ok(Asked::Guard(Box::new(options)))
}

fn defaults(variable: &dyn Fn(&str) -> Option<OsString>) -> Options {
    let verbosity =
        variable("TINI_VERBOSITY").map(|text| text.to_str().and_then(|text| text.parse().ok()).unwrap_or(0));
    Options {
        command: Vec::new(),
        subreaper: variable("TINI_SUBREAPER").is_some(),
        parent_death: None,
        verbosity: verbosity.unwrap_or(VERBOSITY),
        warns_of_reaped: false,
        group: variable("TINI_KILL_PROCESS_GROUP").is_some(),
        successes: Vec::new(),
    }
}

/// Letters that are written together: `-sg`, `-vvv`, `-e143`.
fn letters(options: &mut Options, letters: &[u8], rest: &mut &[OsString]) -> Result<Option<Asked>, String> {
    for (at, letter) in letters.iter().enumerate() {
        match letter {
            b's' => options.subreaper = true,
            b'v' => options.verbosity += 1,
            b'w' => options.warns_of_reaped = true,
            b'g' => options.group = true,
            b'h' => return Ok(Some(Asked::Help)),
            b'l' => return Ok(Some(Asked::Version)),
            b'p' | b'e' => return take_value(options, *letter, &letters[at + 1..], rest).map(|()| None),
            _ => return Err(format!("invalid option -- '{}'", char::from(*letter))),
        }
    }
    Ok(None)
}

fn take_value(options: &mut Options, letter: u8, behind: &[u8], rest: &mut &[OsString]) -> Result<(), String> {
    let value = if !behind.is_empty() {
        OsString::from_vec(behind.to_vec())
    } else if let Some((first, further)) = rest.split_first() {
        *rest = further;
        first.clone()
    } else {
        return Err(format!("option requires an argument -- '{}'", char::from(letter)));
    };
    let taken = if letter == b'p' { take_signal(options, &value) } else { take_success(options, &value) };
    taken.ok_or_else(|| format!("Not a valid option for -{}: {}", char::from(letter), value.display()))
}

fn take_signal(options: &mut Options, text: &OsStr) -> Option<()> {
    let Sent::Signal(signal) = Signal::parse(text.to_str()?)? else { return None };
    options.parent_death = Some(signal);
    Some(())
}

fn take_success(options: &mut Options, text: &OsStr) -> Option<()> {
    options.successes.push(text.to_str()?.parse().ok()?);
    Some(())
}

/// Arguments come from the kernel, which ends them at the first NUL.
fn c_string(text: &[u8]) -> CString {
    CString::new(text).expect("an argument has no NUL within")
}

/// How it is used.
pub(super) fn help(program: &OsStr) -> String {
    let program = program.display();
    format!(
        "Usage: {program} [OPTIONS] PROGRAM -- [ARGS] | --version

Runs PROGRAM under the supervision of a valid init process: passes signals on and reaps orphans.

  -s           become a subreaper (also by TINI_SUBREAPER)
  -p SIGNAL    get SIGNAL when the parent dies
  -g           pass signals on to PROGRAM's process group (also by TINI_KILL_PROCESS_GROUP)
  -e CODE      exit with 0 where PROGRAM exits with CODE; may be repeated
  -w           warn when an orphan is reaped
  -v           say more; may be repeated (also by TINI_VERBOSITY, 1 unless set)
  -h           show this help
  --version    show the version
"
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use proptest::prelude::*;

    use super::{Asked, Options, parse};

    fn asked(line: &str, set: &[(&str, &str)]) -> Result<Asked, String> {
        let arguments: Vec<OsString> = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
        parse(&arguments, &|name| set.iter().find(|(it, _)| *it == name).map(|(_, value)| OsString::from(value)))
    }

    fn guard(line: &str, set: &[(&str, &str)]) -> Options {
        match asked(line, set) {
            Ok(Asked::Guard(options)) => *options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn letters_and_variables_mean_the_same() {
        let by_letters = guard("-sgv -e 143 -e7 -- true", &[]);
        assert!(by_letters.subreaper && by_letters.group);
        assert_eq!((by_letters.verbosity, by_letters.successes.as_slice()), (2, [143, 7].as_slice()));
        let set = [("TINI_SUBREAPER", ""), ("TINI_KILL_PROCESS_GROUP", "1"), ("TINI_VERBOSITY", "2")];
        assert_eq!(guard("-e143 -e 7 true", &set), by_letters);
    }

    #[test]
    fn second_double_dash_is_the_command() {
        assert_eq!(guard("-- -- true", &[]).command, [c"--".to_owned(), c"true".to_owned()]);
        assert_eq!(guard("true -x", &[]).command, [c"true".to_owned(), c"-x".to_owned()]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("", ""),
            ("-s --", ""),
            ("-e 256 true", "Not a valid option for -e: 256"),
            ("-p SIGNO true", "Not a valid option for -p: SIGNO"),
            ("-q true", "invalid option -- 'q'"),
            ("-e", "option requires an argument -- 'e'"),
        ];
        for (line, fault) in cases {
            assert_eq!(asked(line, &[]), Err(fault.to_owned()), "{line}");
        }
        assert_eq!(asked("--version", &[]), Ok(Asked::Version));
        assert_eq!(asked("-h", &[]), Ok(Asked::Help));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(
            words in prop::collection::vec("-{0,2}[a-z]{0,9}|[0-9]{0,4}|SIG[A-Z]{0,5}|[^\0]{0,5}", 0..7),
            level in "[^\0]{0,4}",
        ) {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            let variable = |name: &str| (name == "TINI_VERBOSITY").then(|| OsString::from(&level));
            if let Ok(Asked::Guard(options)) = parse(&words, &variable) {
                prop_assert!(!options.command.is_empty());
            }
        }
    }
}
