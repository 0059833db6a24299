//! The options of `dumb-init`, with the texts that its own tests compare.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use super::LAST;
use crate::signal::{Sent, Signal};
use crate::supervise::Rewrites;

/// The version whose behaviour this is.
const VERSION: &str = "dumb-init v1.2.5\n";

const LONG: [(&str, u8); 5] =
    [("help", b'h'), ("version", b'V'), ("verbose", b'v'), ("single-child", b'c'), ("rewrite", b'r')];

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) command: Vec<CString>,
    /// Whether the command gets a session of its own, and all of its first group the signals.
    pub(super) session: bool,
    pub(super) debug: bool,
    pub(super) rewrites: Rewrites,
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Guard(Box<Options>),
    /// To be told this, which is no failure.
    Text(String),
}

/// Reads the arguments after the program's name, and the environment.
///
/// # Errors
/// What to tell.
pub(super) fn parse(
    program: &OsStr,
    arguments: &[OsString],
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Asked, String> {
    let is = |name: &str, value: &str| variable(name).is_some_and(|it| it == value);
    let mut reading = Reading {
        program: program.display().to_string(),
        session: !is("DUMB_INIT_SETSID", "0"),
        debug: is("DUMB_INIT_DEBUG", "1"),
        rewritten: Vec::new(),
        rest: arguments,
    };
    if let Some(text) = reading.options()? {
        return Ok(Asked::Text(text));
    }
    if reading.rest.is_empty() {
        let program = &reading.program;
        return Err(format!("Usage: {program} [option] program [args]\nTry {program} --help for full usage.\n"));
    }
    Ok(Asked::Guard(Box::new(reading.done())))
}

/// The command line, half read.
struct Reading<'a> {
    program: String,
    session: bool,
    debug: bool,
    rewritten: Vec<(Signal, Sent)>,
    rest: &'a [OsString],
}

impl Reading<'_> {
    fn done(self) -> Options {
        let mut rewrites = if self.session { Rewrites::SESSION } else { Rewrites::NONE };
        self.rewritten.into_iter().for_each(|(received, sent)| rewrites.set(received, sent));
        let command = self.rest.iter().map(|text| c_string(text.as_bytes())).collect();
        Options { command, session: self.session, debug: self.debug, rewrites }
    }

    fn options(&mut self) -> Result<Option<String>, String> {
        while let Some((first, behind)) = self.rest.split_first() {
            let text = first.as_bytes();
            if text == b"-" || !text.starts_with(b"-") {
                break;
            }
            self.rest = behind;
            let told = match text.strip_prefix(b"--") {
                Some(b"") => break,
                Some(name) => self.long(name)?,
                None => self.short(&text[1..])?,
            };
            if told.is_some() {
                return Ok(told);
            }
        }
        Ok(None)
    }

    fn long(&mut self, text: &[u8]) -> Result<Option<String>, String> {
        let (name, value) = match text.iter().position(|byte| *byte == b'=') {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, [].as_slice()),
        };
        let exact = LONG.iter().find(|(long, _)| long.as_bytes() == name);
        let mut begins = LONG.iter().filter(|(long, _)| long.as_bytes().starts_with(name));
        match (exact, begins.next(), begins.next()) {
            (Some((_, letter)), ..) | (None, Some((_, letter)), None) => self.take(*letter, value),
            _ => Err(format!("{}: unrecognized option '--{}'\n", self.program, String::from_utf8_lossy(name))),
        }
    }

    fn short(&mut self, letters: &[u8]) -> Result<Option<String>, String> {
        for (at, letter) in letters.iter().enumerate() {
            if !b"hvVcr".contains(letter) {
                return Err(format!("{}: invalid option -- '{}'\n", self.program, char::from(*letter)));
            }
            let told = self.take(*letter, &letters[at + 1..])?;
            if told.is_some() || *letter == b'r' {
                return Ok(told);
            }
        }
        Ok(None)
    }

    fn take(&mut self, letter: u8, behind: &[u8]) -> Result<Option<String>, String> {
        match letter {
            b'h' => return Ok(Some(help(&self.program))),
            b'V' => return Ok(Some(VERSION.to_owned())),
            b'v' => self.debug = true,
            b'c' => self.session = false,
            _ => {
                let value = self.value(behind).ok_or_else(|| refused_rewrite(""))?;
                self.rewritten.push(rewrite(&value.to_string_lossy()).ok_or_else(|| refused_rewrite(""))?);
            }
        }
        Ok(None)
    }

    fn value(&mut self, behind: &[u8]) -> Option<OsString> {
        if !behind.is_empty() {
            return Some(OsString::from_vec(behind.to_vec()));
        }
        let (first, further) = self.rest.split_first()?;
        self.rest = further;
        Some(first.clone())
    }
}

/// `15:2`: what is received as the one is passed on as the other, or not at all if that is 0.
fn rewrite(text: &str) -> Option<(Signal, Sent)> {
    let (received, sent) = text.split_once(':')?;
    let number = |text: &str| text.parse::<i32>().ok().filter(|number| *number <= LAST);
    let sent = match number(sent)? {
        0 => Sent::Nothing,
        sent => Sent::Signal(Signal::new(sent)?),
    };
    Some((Signal::new(number(received)?)?, sent))
}

fn refused_rewrite(fault: &str) -> String {
    format!(
        "{fault}Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and {LAST}.\n\
         This option can be specified multiple times.\nUse --help for full usage.\n"
    )
}

/// Arguments come from the kernel, which ends them at the first NUL.
fn c_string(text: &[u8]) -> CString {
    CString::new(text).expect("an argument has no NUL within")
}

fn help(program: &str) -> String {
    format!(
        "{VERSION}Usage: {program} [option] command [[arg] ...]

dumb-init is a simple process supervisor that forwards signals to children.
It is designed to run as PID1 in minimal container environments.

Optional arguments:
   -c, --single-child   Run in single-child mode.
                        In this mode, signals are only proxied to the
                        direct child and not any of its descendants.
   -r, --rewrite s:r    Rewrite received signal s to new signal r before proxying.
                        To ignore (not proxy) a signal, rewrite it to 0.
                        This option can be specified multiple times.
   -v, --verbose        Print debugging information to stderr.
   -h, --help           Print this help message and exit.
   -V, --version        Print the current version and exit.

Full help is available online at https://github.com/Yelp/dumb-init
"
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};

    use proptest::prelude::*;

    use super::{Asked, Options, parse};
    use crate::signal::Signal;

    fn asked(line: &str, set: &[(&str, &str)]) -> Result<Asked, String> {
        let arguments: Vec<OsString> = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
        let variable = |name: &str| set.iter().find(|(it, _)| *it == name).map(|(_, value)| OsString::from(value));
        parse(OsStr::new("dumb-init"), &arguments, &variable)
    }

    fn guard(line: &str, set: &[(&str, &str)]) -> Options {
        match asked(line, set) {
            Ok(Asked::Guard(options)) => *options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_and_variables_mean_the_same() {
        let by_options = guard("-cv true -x", &[]);
        assert!(!by_options.session && by_options.debug);
        assert_eq!(guard("true -x", &[("DUMB_INIT_SETSID", "0"), ("DUMB_INIT_DEBUG", "1")]), by_options);
        assert_eq!(guard("--single-child --verbose -- true -x", &[]), by_options);
        assert!(guard("true", &[("DUMB_INIT_SETSID", "1")]).session);
    }

    #[test]
    fn rewritten_signals_are_passed_on_as_others_or_not_at_all() {
        let rewrites = guard("-r 15:2 --rewrite=1:0 --rewrite 20:20 true", &[]).rewrites;
        assert_eq!(rewrites.of(Signal::TERM), Some(Signal::INT));
        assert_eq!(rewrites.of(Signal::HUP), None);
        assert_eq!(rewrites.of(Signal::TSTP), Some(Signal::TSTP));
        assert_eq!(rewrites.of(Signal::TTIN), Some(Signal::STOP));
        assert_eq!(guard("-c true", &[]).rewrites.of(Signal::TTIN), Some(Signal::TTIN));
    }

    #[test]
    fn what_is_wrong_is_told_with_the_way_out() {
        for line in ["-r true true", "-r 32:1 true", "-r 1:32 true", "-r 0:1 true", "-r 1:-1 true", "-r"] {
            assert!(asked(line, &[]).is_err_and(|told| told.starts_with("Usage: -r option takes")), "{line}");
        }
        assert!(asked("", &[]).is_err_and(|told| told.contains("Try dumb-init --help")));
        assert!(asked("--none", &[]).is_err_and(|told| told.contains("unrecognized option '--none'")));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(
            words in prop::collection::vec("-{0,2}[a-zV]{0,9}|-r|[0-9-]{0,4}:[0-9-]{0,4}|[^\0]{0,5}", 0..7),
        ) {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            if let Ok(Asked::Guard(options)) = parse(OsStr::new("dumb-init"), &words, &|_| None) {
                prop_assert!(!options.command.is_empty());
            }
        }
    }
}
