//! A `mayfly` that runs: it can be looked at, signalled and waited for.

use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::mayfly::StepFiles;
use crate::{LIMIT, Ran, eventually, holds_within};

/// A run that has not been waited for yet.
pub struct Running {
    child: Child,
    stdout: Output,
    stderr: Output,
    files: StepFiles,
    expected_warnings: Vec<String>,
}

/// A pipe that is read as it fills, so that it never stops the writer.
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Output {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                written.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..count]);
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Everything, once the writer has ended. A descendant that keeps the pipe open is a fault of its own.
    fn whole(self, name: &str) -> String {
        assert!(holds_within(LIMIT, || self.reader.is_finished()), "a process that mayfly left holds its {name} open");
        self.so_far()
    }
}

impl Running {
    pub(crate) fn new(mut child: Child, files: StepFiles, expected_warnings: Vec<String>) -> Self {
        let stdout = Output::of(child.stdout.take().expect("stdout is piped"));
        let stderr = Output::of(child.stderr.take().expect("stderr is piped"));
        Self { child, stdout, stderr, files, expected_warnings }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// What it has answered so far.
    pub fn stdout_so_far(&self) -> String {
        self.stdout.so_far()
    }

    /// What it has said so far.
    pub fn stderr_so_far(&self) -> String {
        self.stderr.so_far()
    }

    /// Waits until it has said this.
    #[track_caller]
    pub fn until_said(&self, text: &str) {
        eventually(&format!("mayfly says \"{text}\""), || self.stderr_so_far().contains(text).then_some(()));
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// Where it has ended and was waited for.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id is small");
        kill(Pid::from_raw(pid), signal).expect("mayfly was not waited for yet");
    }

    /// Kills it, without a word to it, and waits until it is gone.
    #[track_caller]
    pub fn killed(self) -> Ran {
        self.signal(Signal::SIGKILL);
        let (ran, status) = self.end();
        assert_eq!(status.signal(), Some(Signal::SIGKILL as i32), "{ran:#?}");
        ran
    }

    /// Waits for its end and expects this exit code, and no warning that was not expected.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Ran {
        let expected = self.expected_warnings.clone();
        let (ran, _) = self.end();
        assert_eq!(ran.code, Some(code), "{ran:#?}");
        for warning in ran.warnings() {
            assert!(expected.iter().any(|text| warning.contains(text)), "nobody expected {warning}: {ran:#?}");
        }
        for text in expected {
            assert!(ran.warnings().iter().any(|warning| warning.contains(&text)), "no warning says {text}: {ran:#?}");
        }
        ran
    }

    #[track_caller]
    fn end(mut self) -> (Ran, ExitStatus) {
        let said = |stderr: &Output| format!("mayfly ends; so far it said\n{}", stderr.so_far());
        let ended = holds_within(LIMIT * 2, || matches!(self.child.try_wait(), Ok(Some(_))));
        if !ended {
            let _ = self.child.kill();
        }
        assert!(ended, "{}", said(&self.stderr));
        let status = self.child.wait().expect("it has ended");
        let (stdout, stderr) = (self.stdout.whole("stdout"), self.stderr.whole("stderr"));
        let (outputs, summary) = (self.files.outputs(), self.files.summary());
        (Ran { code: status.code(), stdout, stderr, outputs, summary }, status)
    }
}
