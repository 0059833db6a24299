//! One program in one setting: how a trial starts it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use contract::env;
use sandbox::binaries::Binaries;

use crate::case::Flaw;
use crate::container::{self, Terminal};
use crate::life::{Life, OUTPUT};
use crate::program::{Duty, Kind, Program};
use crate::setting::Setting;

/// Marks all processes of one life.
const LIFE: &str = "CONFORMANCE_LIFE";

/// One program in one setting.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// The program.
    pub program: &'a Program,
    /// The setting.
    pub setting: Setting,
}

/// A start that is being put together.
pub struct Call {
    line: Vec<String>,
    /// What `actor enter` is told before it becomes the program.
    entry: Vec<String>,
    setting: Setting,
    environment: BTreeMap<&'static str, String>,
    input: Option<File>,
    /// The other side of a terminal on stdin that nobody types at.
    terminal: Option<File>,
    /// In place of the file that keeps stderr.
    stderr: Option<File>,
    group: Group,
    folder: PathBuf,
}

/// Whose process group the program is started in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Own,
    /// The suite's: a leader of a group could not begin the session that a terminal needs.
    Inherited,
}

/// The folder of the programs, built once.
pub fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Binaries> = OnceLock::new();
    BINARIES.get_or_init(|| Binaries::find(None).unwrap_or_else(|fault| panic!("{fault}")))
}

/// The program that is held to the guarantees: ours, or the one that `MAYFLY_TEST_ENTRYPOINT` names.
pub fn entrypoint() -> PathBuf {
    let named = std::env::var_os("MAYFLY_TEST_ENTRYPOINT").map(PathBuf::from);
    named.unwrap_or_else(|| binaries().path("runner-entrypoint"))
}

impl Stage<'_> {
    /// What the program promises.
    pub fn kind(&self) -> Kind {
        self.program.kind
    }

    /// Only programs of these kinds go on.
    ///
    /// # Errors
    /// The program is of another kind: it does not promise it.
    pub fn only(&self, kinds: &[Kind]) -> Result<(), Flaw> {
        if kinds.contains(&self.kind()) { Ok(()) } else { Err(Flaw::NotPromised) }
    }

    /// Starts it with a command. `actor` is among the commands.
    ///
    /// # Errors
    /// The program has no such duty or setting, or cannot be started.
    pub fn run(&self, duty: Duty<'_>, command: &[&str]) -> Result<Life, Flaw> {
        self.call(duty)?.start(command)
    }

    /// The program's command line up to the child's.
    ///
    /// # Errors
    /// The program has no such duty or setting.
    pub fn line(&self, duty: Duty<'_>) -> Result<Vec<String>, Flaw> {
        self.program.command(self.setting, duty).ok_or(Flaw::NotPromised)
    }

    /// A start that can be changed.
    ///
    /// # Errors
    /// The program has no such duty or setting, or there is no room for the folder of its life.
    pub fn call(&self, duty: Duty<'_>) -> Result<Call, Flaw> {
        static LIVES: AtomicU32 = AtomicU32::new(0);
        let line = self.line(duty)?;
        let number = LIVES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("conformance-{}-{number}", std::process::id()));
        fs::create_dir(&folder).map_err(|cause| Flaw::Broken(format!("no folder {}: {cause}", folder.display())))?;
        let state = folder.join("state").display().to_string();
        let environment = BTreeMap::from([
            (LIFE, folder.display().to_string()),
            (env::STATE_DIR, state),
            ("LC_ALL", "C".to_owned()),
            ("NOTES", folder.display().to_string()),
            ("PATH", path()),
        ]);
        let (entry, input, terminal, stderr) = (Vec::new(), None, None, None);
        Ok(Call { line, entry, setting: self.setting, environment, input, terminal, stderr, group: Group::Own, folder })
    }
}

impl Call {
    /// The program finds this state: words for `actor enter`.
    #[must_use]
    pub fn entering(mut self, words: &[&str]) -> Self {
        self.entry.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// The program has this in its environment.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.insert(name, value.to_owned());
        self
    }

    /// The program reads from here.
    #[must_use]
    pub fn reading(mut self, input: File) -> Self {
        self.input = Some(input);
        self
    }

    /// The program has a terminal on stdin, whose other side is given too.
    ///
    /// # Errors
    /// There is none to be had.
    pub fn on_a_terminal(mut self) -> Result<(Self, File), Flaw> {
        let (ours, theirs) = open_terminal()?;
        self.input = Some(theirs);
        if self.setting.is_container() {
            // The engine makes one of its own and copies what is typed.
            return Ok((self, ours));
        }
        self.group = Group::Inherited;
        Ok((self.entering(&["--terminal"]), ours))
    }

    /// The program's stderr is a pipe whose reader is gone.
    ///
    /// # Errors
    /// There is no pipe to be had, or stderr is the engine's.
    pub fn with_stderr_nobody_reads(mut self) -> Result<Self, Flaw> {
        if self.setting.is_container() {
            return Err(Flaw::NotPromised);
        }
        let (_, writer) = nix::unistd::pipe().map_err(|cause| Flaw::Broken(format!("no pipe: {cause}")))?;
        self.stderr = Some(File::from(writer));
        Ok(self)
    }

    /// A file in the folder that the life's processes know as `$NOTES`.
    pub fn note(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts it with a command.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(mut self, command: &[&str]) -> Result<Life, Flaw> {
        if self.setting == Setting::ContainerOnTerminal && self.input.is_none() {
            let (ours, theirs) = open_terminal()?;
            (self.input, self.terminal) = (Some(theirs), Some(ours));
        }
        let mut line = self.prefix();
        if !self.entry.is_empty() {
            line.extend(["actor".to_owned(), "enter".to_owned()]);
            line.extend(self.entry.iter().cloned().chain(["--".to_owned()]));
        }
        line.extend(self.line.iter().cloned().chain(command.iter().map(|word| (*word).to_owned())));
        self.spawn(&line).map_err(|cause| Flaw::Broken(format!("{} cannot be started: {cause}", line.join(" "))))
    }

    /// What stands before the program.
    fn prefix(&self) -> Vec<String> {
        if !self.setting.is_container() {
            return self.setting.prefix();
        }
        let has_terminal = self.input.as_ref().is_some_and(File::is_terminal);
        let terminal = if has_terminal { Terminal::With } else { Terminal::Without };
        container::prefix(terminal, Path::new(&self.line[0]), &self.folder, &self.environment)
    }

    fn spawn(self, line: &[String]) -> io::Result<Life> {
        let output = |name| File::options().create(true).append(true).open(self.folder.join(name));
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]);
        // The engine's command has use for its own environment only; the program's is in its arguments.
        if !self.setting.is_container() {
            command.env_clear().envs(&self.environment);
        }
        if self.group == Group::Own {
            command.process_group(0);
        }
        let stderr = self.stderr.map_or_else(|| output(OUTPUT.1), Ok)?;
        command.stdout(output(OUTPUT.0)?).stderr(stderr);
        command.stdin(self.input.map_or_else(Stdio::null, Stdio::from));
        let mark = format!("{LIFE}={}", self.folder.display());
        Ok(Life::new(command.spawn()?, self.setting, self.folder, mark, line.join(" "), self.terminal))
    }
}

/// Both sides of a new terminal: the one that is typed at, and the one that a program has.
fn open_terminal() -> Result<(File, File), Flaw> {
    let pair = nix::pty::openpty(None, None).map_err(|cause| Flaw::Broken(format!("no terminal: {cause}")))?;
    Ok((File::from(pair.master), File::from(pair.slave)))
}

/// Our programs first.
fn path() -> String {
    let inherited = std::env::var("PATH").unwrap_or_default();
    format!("{}:{inherited}", binaries().folder().display())
}
