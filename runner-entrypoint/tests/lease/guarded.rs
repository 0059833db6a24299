//! A command under guard, heard line by line.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use contract::record::END_PREFIX;
use serde_json::Value;

/// Far longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// `runner-entrypoint supervise OPTIONS -- COMMAND`, without a variable of ours.
pub(crate) fn supervise(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner-entrypoint"));
    command.arg("supervise").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    command.env_clear().env("PATH", std::env::var_os("PATH").expect("a PATH"));
    command
}

/// One that runs.
pub(crate) struct Guarded {
    child: Child,
    lines: Receiver<String>,
    pub(crate) heard: Vec<String>,
}

impl Guarded {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the entrypoint starts");
        let output = child.stdout.take().expect("stdout is a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, heard: Vec::new() }
    }

    /// Waits for a line that contains the text.
    pub(crate) fn hear(&mut self, text: &str) -> &mut Self {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("\"{text}\" was not heard:\n{}", self.heard.join("\n"))
            };
            self.heard.push(line);
            if self.heard.last().is_some_and(|line| line.contains(text)) {
                return self;
            }
        }
    }

    /// Waits for the last line, and that the exit code is the one it tells.
    pub(crate) fn end(&mut self) -> Value {
        self.hear(END_PREFIX);
        let end: Value = serde_json::from_str(self.heard.last().expect("heard")).expect("the last line is a record");
        let status = self.child.wait().expect("it ends");
        assert_eq!(status.code().map(i64::from), end["code"].as_i64(), "{end}");
        end
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
