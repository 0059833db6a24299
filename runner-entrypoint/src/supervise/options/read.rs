//! Reads the options by hand: their form is GNU's, and PID 1 must start at once.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::time::Duration;

use super::{Options, RenewFrom};
use crate::signal::{Sent, Signal};
use crate::supervise::{duration, rfc3339};
use crate::task_role::TaskRole;

/// From SIGTERM to SIGKILL where nothing else was said: what container engines give.
const GRACE: Duration = Duration::from_secs(10);

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Guard a command.
    Guard(Box<Options>),
    /// Say how it is used.
    Help,
}

/// Reads the arguments behind `supervise`. The first that is no option begins the command.
///
/// # Errors
/// A text that names the option.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Asked, String> {
    let mut options = Options::none();
    let mut rest = Arguments { rest: arguments, short: Vec::new() };
    while let Some(option) = rest.next_option()? {
        if option.name == "--help" || option.name == "-h" {
            return Ok(Asked::Help);
        }
        take(&mut options, &option, &mut rest)?;
    }
    options.command = rest.rest.iter().map(|text| c_string(text)).collect();
    if options.command.is_empty() {
        return Err("there is no command to guard".to_owned());
    }
    Ok(Asked::Guard(Box::new(options)))
}

impl Options {
    /// Nothing was asked for.
    pub(crate) fn none() -> Self {
        Self {
            command: Vec::new(),
            ttl: None,
            until: None,
            max_ttl: None,
            signal: Sent::Signal(Signal::TERM),
            kill_after: None,
            preserve_status: false,
            foreground: false,
            single_child: false,
            verbose: false,
            grace: GRACE,
            warn: None,
            on_warn: None,
            ready_url: None,
            ready_timeout: None,
            idle: None,
            ports: Vec::new(),
            idle_ignore: Vec::new(),
            renew_from: RenewFrom::None,
            secret_from: Vec::new(),
            task_role: TaskRole::Share,
        }
    }
}

/// One option, with the value that came with it (`--signal=TERM`, `-sTERM`).
struct Given {
    name: String,
    value: Option<OsString>,
}

/// What is left to be read.
struct Arguments<'a> {
    rest: &'a [OsString],
    /// Short options that are written together: `-vp`.
    short: Vec<u8>,
}

impl Arguments<'_> {
    fn next_option(&mut self) -> Result<Option<Given>, String> {
        if let Some(option) = self.next_short() {
            return Ok(Some(option));
        }
        let Some((first, rest)) = self.rest.split_first() else { return Ok(None) };
        let text = first.as_bytes();
        if text == b"-" || !text.starts_with(b"-") {
            return Ok(None);
        }
        self.rest = rest;
        match text.strip_prefix(b"--") {
            Some(b"") => Ok(None),
            Some(_) => long(first).map(Some),
            None => {
                self.short = text[1..].to_vec();
                Ok(self.next_short())
            }
        }
    }

    /// The next of `-vsTERM`: what stands behind an option that wants a value is its value.
    fn next_short(&mut self) -> Option<Given> {
        if self.short.is_empty() {
            return None;
        }
        let letter = self.short.remove(0);
        let wants_value = matches!(letter, b's' | b'k');
        let value =
            (wants_value && !self.short.is_empty()).then(|| OsString::from_vec(std::mem::take(&mut self.short)));
        Some(Given { name: format!("-{}", char::from(letter)), value })
    }

    fn value(&mut self, option: &Given) -> Result<String, String> {
        let text = match &option.value {
            Some(value) => value.clone(),
            None => {
                let (first, rest) = self.rest.split_first().ok_or(format!("{} wants a value", option.name))?;
                self.rest = rest;
                first.clone()
            }
        };
        text.into_string().map_err(|text| format!("{}: {} is no text", option.name, text.display()))
    }
}

fn long(text: &OsStr) -> Result<Given, String> {
    let text = text.to_str().ok_or_else(|| format!("{} is no text", text.display()))?;
    Ok(match text.split_once('=') {
        Some((name, value)) => Given { name: name.to_owned(), value: Some(value.into()) },
        None => Given { name: text.to_owned(), value: None },
    })
}

fn take(options: &mut Options, option: &Given, rest: &mut Arguments<'_>) -> Result<(), String> {
    if let Some(switch) = switch(options, &option.name) {
        *switch = true;
        return if option.value.is_none() { Ok(()) } else { Err(format!("{} takes no value", option.name)) };
    }
    if !WITH_VALUE.contains(&option.name.as_str()) {
        return Err(format!("\"{}\" is not an option; runner-entrypoint supervise --help lists them", option.name));
    }
    let value = rest.value(option)?;
    take_value(options, &option.name, value).map_err(|fault| format!("{}: {fault}", option.name))
}

fn switch<'a>(options: &'a mut Options, name: &str) -> Option<&'a mut bool> {
    match name {
        "-p" | "--preserve-status" => Some(&mut options.preserve_status),
        "-f" | "--foreground" => Some(&mut options.foreground),
        "-v" | "--verbose" => Some(&mut options.verbose),
        "--single-child" => Some(&mut options.single_child),
        _ => None,
    }
}

/// The options that [`take_value`] knows.
const WITH_VALUE: [&str; 18] = [
    "--ttl",
    "--until",
    "--max-ttl",
    "-s",
    "--signal",
    "-k",
    "--kill-after",
    "--grace",
    "--warn",
    "--on-warn",
    "--ready-url",
    "--ready-timeout",
    "--idle",
    "--port",
    "--idle-ignore",
    "--renew-from",
    "--secret-from",
    "--task-role",
];

fn take_value(options: &mut Options, name: &str, value: String) -> Result<(), String> {
    match name {
        "--ttl" => options.ttl = limit(&value)?,
        "--until" => options.until = Some(rfc3339::parse(&value).ok_or_else(|| no_moment(&value))?),
        "--max-ttl" => options.max_ttl = limit(&value)?,
        "-s" | "--signal" => options.signal = Signal::parse(&value).ok_or(format!("\"{value}\" is not a signal"))?,
        "-k" | "--kill-after" => options.kill_after = Some(span(&value)?),
        "--grace" => options.grace = span(&value)?,
        "--warn" => options.warn = limit(&value)?,
        "--on-warn" => options.on_warn = Some(c_string(OsStr::new(&value))),
        "--ready-url" => options.ready_url = Some(value),
        "--ready-timeout" => options.ready_timeout = limit(&value)?,
        "--idle" => options.idle = limit(&value)?,
        "--port" => options.ports.push(value.parse().map_err(|cause| format!("\"{value}\": {cause}"))?),
        "--idle-ignore" => options.idle_ignore.push(value),
        "--secret-from" => options.secret_from.push(value),
        "--renew-from" => options.renew_from = renew_from(&value)?,
        _ => options.task_role = task_role(&value)?,
    }
    Ok(())
}

fn renew_from(text: &str) -> Result<RenewFrom, String> {
    match text {
        "metadata" => Ok(RenewFrom::Metadata),
        "tags" => Ok(RenewFrom::Tags),
        "file" => Ok(RenewFrom::File),
        "none" => Ok(RenewFrom::None),
        _ => Err(format!("\"{text}\" is none of metadata, tags, file, none")),
    }
}

fn task_role(text: &str) -> Result<TaskRole, String> {
    match text {
        "share" => Ok(TaskRole::Share),
        "hide" => Ok(TaskRole::Hide),
        _ => Err(format!("\"{text}\" is neither share nor hide")),
    }
}

/// A duration as GNU `timeout` reads it, or a sum as `1h30m`.
fn span(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_or_else(|| contract::duration::parse(text), Ok)
}

/// Zero is no limit.
fn limit(text: &str) -> Result<Option<Duration>, String> {
    span(text).map(|limit| Some(limit).filter(|limit| !limit.is_zero()))
}

fn no_moment(text: &str) -> String {
    format!("\"{text}\" is not a moment; write for example 2030-01-31T18:00:00Z")
}

/// Arguments come from the kernel, which ends them at the first NUL.
fn c_string(text: &OsStr) -> CString {
    CString::new(text.as_bytes()).expect("an argument has no NUL within")
}
