//! `mayfly` as a user calls it: the real program, with an environment that holds what the test says and nothing else.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Ran, Running};

/// A call that is being put together.
pub struct Mayfly {
    command: Command,
    files: StepFiles,
    warnings: Vec<String>,
}

/// Where a step's results go. Each call has files of its own, as each step of a workflow has.
#[derive(Clone, Debug)]
pub(crate) struct StepFiles {
    output: PathBuf,
    summary: PathBuf,
}

impl Mayfly {
    /// The program with `PATH`, a home and nothing else. `folder` is a fresh one, for the files of this call.
    pub(crate) fn new(program: &Path, line: &str, home: &Path, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(line.split_whitespace()).env_clear().env("HOME", home).env("USER", "tester").current_dir(home);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Of its own group, so that a Ctrl-C at the terminal ends the tests and not what they measure.
        command.process_group(0);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let files = StepFiles { output: folder.join("output"), summary: folder.join("summary") };
        Self { command, files, warnings: Vec::new() }
    }

    /// A further argument, which may contain spaces or nothing at all.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets variables.
    #[must_use]
    pub fn envs(mut self, variables: &BTreeMap<String, String>) -> Self {
        self.command.envs(variables);
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Makes it the step of a workflow job with these variables.
    #[must_use]
    pub fn as_step_of(mut self, job: &BTreeMap<String, String>) -> Self {
        self.command.envs(job);
        self.command.env("GITHUB_OUTPUT", &self.files.output).env("GITHUB_STEP_SUMMARY", &self.files.summary);
        self
    }

    /// Expects a warning that contains this text. A warning that nobody expects fails the test.
    #[must_use]
    pub fn warns(mut self, text: &str) -> Self {
        self.warnings.push(text.to_owned());
        self
    }

    /// Runs it and expects success.
    #[track_caller]
    pub fn succeeds(self) -> Ran {
        self.start().ends_with(0)
    }

    /// Runs it and expects this exit code and one error.
    #[track_caller]
    pub fn fails(self, code: i32) -> Ran {
        let ran = self.start().ends_with(code);
        ran.error();
        ran
    }

    /// Starts it and lets it run.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[track_caller]
    pub fn start(mut self) -> Running {
        let child = self.command.spawn().expect("mayfly was built and can be started");
        Running::new(child, self.files, self.warnings)
    }
}

impl StepFiles {
    /// The outputs, one `name=value` in each line.
    pub(crate) fn outputs(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(&self.output).unwrap_or_default();
        let pairs =
            text.lines().map(|line| line.split_once('=').unwrap_or_else(|| panic!("an output is name=value: {line}")));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    pub(crate) fn summary(&self) -> String {
        fs::read_to_string(&self.summary).unwrap_or_default()
    }
}
