//! One life of a program under test: watched, signalled, waited for, and cleared away.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::case::Flaw;
use crate::container;
use crate::patience::{LIMIT, comes_true, within};
use crate::process::{self, Process};
use crate::setting::Setting;

/// Files of stdout and stderr. Files, since what outlives the program would keep a pipe open.
pub(crate) const OUTPUT: (&str, &str) = ("stdout", "stderr");

/// A program that was started.
pub struct Life {
    child: Child,
    setting: Setting,
    folder: PathBuf,
    mark: String,
    line: String,
    /// The other side of a terminal that nobody types at, for as long as it is needed.
    _terminal: Option<File>,
    ended: Option<ExitStatus>,
}

impl Life {
    pub(crate) fn new(
        child: Child,
        setting: Setting,
        folder: PathBuf,
        mark: String,
        line: String,
        terminal: Option<File>,
    ) -> Self {
        Self { child, setting, folder, mark, line, _terminal: terminal, ended: None }
    }

    /// The program's id.
    ///
    /// # Errors
    /// It is gone.
    pub fn pid(&self) -> Result<Pid, Flaw> {
        let outer = Pid::from_raw(self.child.id().cast_signed());
        let look: &dyn Fn() -> Option<Process> = match self.setting {
            Setting::Subreaper | Setting::Plain => return Ok(outer),
            Setting::First => &|| process::children_of(outer).into_iter().next(),
            // The engine's child and not ours.
            Setting::Container | Setting::ContainerOnTerminal => &|| process::first_with_environment(&self.mark),
        };
        let inner = within(LIMIT, look).map(|process| process.pid);
        inner.ok_or_else(|| self.broken("PID 1 did not come up"))
    }

    /// Waits until stdout or stderr contain a text.
    ///
    /// # Errors
    /// They do not in time.
    pub fn hear(&self, text: &str) -> Result<(), Flaw> {
        if comes_true(|| self.stdout().contains(text) || self.stderr().contains(text)) {
            return Ok(());
        }
        Err(self.broken(&format!("\"{text}\" was not heard")))
    }

    /// Waits until a condition holds.
    ///
    /// # Errors
    /// It does not in time.
    pub fn sees(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) -> Result<(), Flaw> {
        if comes_true(|| condition(self)) { Ok(()) } else { Err(self.broken(&format!("{what} did not come about"))) }
    }

    /// Sends the program a signal.
    ///
    /// # Errors
    /// It is gone.
    pub fn signal(&self, signal: Signal) -> Result<(), Flaw> {
        kill(self.pid()?, signal).map_err(|cause| self.broken(&format!("no {signal} could be sent: {cause}")))
    }

    /// Sends the program a signal by its number: those of real time have no name.
    ///
    /// # Errors
    /// It is gone.
    pub fn signal_by_number(&self, number: i32) -> Result<(), Flaw> {
        // SAFETY: a plain system call on a process of this suite.
        let sent = unsafe { libc::kill(self.pid()?.as_raw(), number) };
        if sent == 0 { Ok(()) } else { Err(self.broken(&format!("signal {number} could not be sent"))) }
    }

    /// Waits for its end: the code as a shell gives it.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn end(&mut self) -> Result<i32, Flaw> {
        self.end_within(LIMIT)
    }

    /// The same with a limit of the caller's.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn end_within(&mut self, limit: Duration) -> Result<i32, Flaw> {
        let child = &mut self.child;
        self.ended = self.ended.or_else(|| within(limit, || child.try_wait().ok().flatten()));
        let status = self.ended.ok_or_else(|| self.broken("it did not end"))?;
        Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()))
    }

    /// Waits for its end with this code.
    ///
    /// # Errors
    /// It does not end in time, or with another code.
    pub fn ends_with(&mut self, code: i32) -> Result<(), Flaw> {
        let seen = self.end()?;
        if seen == code { Ok(()) } else { Err(self.broken(&format!("code {seen} and not {code}"))) }
    }

    /// What was written to stdout so far.
    pub fn stdout(&self) -> String {
        self.read(OUTPUT.0)
    }

    /// What was written to stderr so far.
    pub fn stderr(&self) -> String {
        self.read(OUTPUT.1)
    }

    /// A file in `$NOTES`; empty where there is none.
    pub fn read(&self, name: &str) -> String {
        let text = String::from_utf8_lossy(&fs::read(self.folder.join(name)).unwrap_or_default()).into_owned();
        // A terminal ends lines in its own way.
        if self.setting.is_container() { text.replace("\r\n", "\n") } else { text }
    }

    /// Live processes of this life of that name.
    pub fn processes(&self, name: &str) -> Vec<Process> {
        let all = process::with_environment(&self.mark).into_iter();
        all.filter(|process| process.name == name && !process.is_zombie()).collect()
    }

    /// Waits until no process of that name is left.
    ///
    /// # Errors
    /// Some are.
    pub fn none_left(&self, name: &str) -> Result<(), Flaw> {
        self.sees(&format!("the end of all {name}"), |life| life.processes(name).is_empty())
    }

    /// A flaw, with what was said and done.
    pub fn broken(&self, what: &str) -> Flaw {
        let quoted = |name: &str, text: String| match text.trim() {
            "" => String::new(),
            text => format!("; {name}: {}", text.chars().take(300).collect::<String>().replace('\n', " | ")),
        };
        let said = quoted("stdout", self.stdout()) + &quoted("stderr", self.stderr());
        Flaw::Broken(format!("{what} (`{}`{said})", self.line))
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if self.setting.is_container() && !matches!(self.child.try_wait(), Ok(Some(_))) {
            container::remove(&container::name_for(&self.folder));
        }
        for process in process::with_environment(&self.mark) {
            let _ = kill(process.pid, Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
