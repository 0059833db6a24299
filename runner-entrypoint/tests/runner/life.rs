//! One life of the entrypoint: started, watched line by line, told what its Listener does, ended.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use contract::env;
use contract::record::{END_PREFIX, End};
use tempfile::TempDir;

use crate::github::GitHub;

/// Far longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Listener that does what it is told through a pipe, and that answers SIGINT as the real one does.
const LISTENER: &str = r#"#!/bin/bash
stamp() { echo "2026-11-21 10:00:00Z: $1"; }
interrupted() {
  echo "Exiting..."
  if [ -n "$busy" ]; then stamp "Job build completed with result: Canceled"; fi
  exit 0
}
if [ "$1" = configure ]; then
  echo "$@" > configured; echo "$ACTIONS_RUNNER_INPUT_TOKEN" >> configured
  [ -e hang ] && sleep 1000
  [ -e refuse ] && { echo "Http response code: NotFound"; exit 1; }
  printf '\xef\xbb\xbf{"agentId": 7}' > .runner; exit 0
fi
if [ "$1" = remove ]; then echo "$ACTIONS_RUNNER_INPUT_TOKEN" > removed; rm -f .runner; exit 0; fi
trap interrupted INT
trap 'echo TERM reached the Listener' TERM
env > environment; tr '\0' ' ' < /proc/$$/cmdline > arguments;
exec 3<> orders
echo "√ Connected to GitHub"
while read -r order rest <&3; do
  case "$order" in
    listen) stamp "Listening for Jobs";;
    job) busy=1; stamp "Running job: $rest";;
    done) busy=; stamp "Job build completed with result: $rest";;
    say) echo "$rest";;
    forget) rm -f .runner;;
    hook) hook=ACTIONS_RUNNER_HOOK_JOB_$rest; bash -e "${!hook}";;
    deaf) trap '' INT;;
    leave_child) setsid sleep 1000 & echo $! > child;;
    exit) exit "$rest";;
    die) kill -KILL $$;;
    steal) cat /proc/$PPID/environ > stolen 2> refusal; id -un > thief;;
  esac
done
"#;

/// A machine that is not started yet.
pub(crate) struct Machine {
    pub(crate) folder: TempDir,
    environment: HashMap<String, String>,
    stdin: Option<&'static str>,
}

impl Machine {
    /// A machine for `octo/demo` with a token, at that GitHub.
    pub(crate) fn new(github: &GitHub) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        write_program(&bin.join("Runner.Listener"), LISTENER);
        nix::unistd::mkfifo(&folder.path().join("orders"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        let mut machine = Self { folder, environment: HashMap::new(), stdin: None };
        let (runner_dir, state_dir) = (machine.path(""), machine.path("state"));
        machine
            .set("PATH", &std::env::var("PATH").expect("a PATH"))
            .set(env::ID, "0f0e0d0c-0000-4000-8000-000000000001")
            .set(env::RUNNER_NAME, "mf-test-1")
            .set(env::SCOPE, "repos/octo/demo")
            .set(env::GITHUB_API_URL, &github.url())
            .set(env::RUNNER_DIR, &runner_dir.display().to_string())
            .set(env::STATE_DIR, &state_dir.display().to_string())
            .set(env::RUNNER_USER, "root")
            .set(env::GITHUB_TOKEN, "ghp_marker");
        machine
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn unset(&mut self, name: &str) -> &mut Self {
        self.environment.remove(name);
        self
    }

    /// Gives it something to read on its stdin.
    pub(crate) fn hand_over(&mut self, text: &'static str) -> &mut Self {
        self.stdin = Some(text);
        self
    }

    /// Makes the folder usable for a job of another user.
    pub(crate) fn open_for_all(&mut self) -> &mut Self {
        for (name, mode) in [("", 0o755), ("orders", 0o666)] {
            fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("permissions");
        }
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it.
    pub(crate) fn start(self) -> Life {
        self.start_by(Command::new(env!("CARGO_BIN_EXE_runner-entrypoint")))
    }

    /// Starts it as PID 1 of a namespace of its own, where that is allowed.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub(crate) fn start_as_pid_1(self) -> Option<Life> {
        let namespace = ["--pid", "--fork", "--mount-proc", "--kill-child"];
        let allowed = Command::new("unshare").args(namespace).arg("true").stderr(Stdio::null()).status();
        if !allowed.is_ok_and(|status| status.success()) {
            eprintln!("skipped: no PID namespaces here");
            return None;
        }
        let mut command = Command::new("unshare");
        command.args(namespace).arg(env!("CARGO_BIN_EXE_runner-entrypoint"));
        Some(self.start_by(command))
    }

    fn start_by(self, mut command: Command) -> Life {
        command.env_clear().envs(&self.environment).stdout(Stdio::piped());
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().expect("the entrypoint starts");
        if let (Some(mut pipe), Some(text)) = (child.stdin.take(), self.stdin) {
            pipe.write_all(text.as_bytes()).expect("written");
        }
        let output = child.stdout.take().expect("stdout is a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Life { machine: self, child, lines, heard: Vec::new() }
    }
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

/// A machine that runs.
pub(crate) struct Life {
    pub(crate) machine: Machine,
    child: Child,
    lines: Receiver<String>,
    pub(crate) heard: Vec<String>,
}

impl Life {
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

    /// Tells the Listener what to do.
    pub(crate) fn order(&mut self, order: &str) -> &mut Self {
        // Both ways, so that opening does not wait for the Listener: what is written stays in the pipe until it reads.
        let mut pipe =
            OpenOptions::new().read(true).write(true).open(self.machine.path("orders")).expect("the Listener's pipe");
        writeln!(pipe, "{order}").expect("written");
        self
    }

    /// Makes the Listener connect, and waits until PID 1 knows it.
    pub(crate) fn online(&mut self) -> &mut Self {
        // The pipe keeps what is written only while somebody has it open: so after the Listener said that it does.
        self.hear("Connected to GitHub").order("listen").hear("mayfly: listening for jobs")
    }

    /// Makes the Listener take a job, and waits until PID 1 knows it.
    pub(crate) fn busy(&mut self) -> &mut Self {
        self.online().order("job build").hear("mayfly: job started")
    }

    pub(crate) fn signal(&mut self, signal: nix::sys::signal::Signal) -> &mut Self {
        nix::sys::signal::kill(self.pid(), signal).expect("it is alive");
        self
    }

    /// The children of a process of this life.
    pub(crate) fn children_of(pid: nix::unistd::Pid) -> Vec<nix::unistd::Pid> {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it is alive");
        children.split_whitespace().filter_map(|child| child.parse().ok().map(nix::unistd::Pid::from_raw)).collect()
    }

    pub(crate) fn pid(&self) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(self.child.id().cast_signed())
    }

    /// Waits for the last line, and that the exit code is the one it tells.
    pub(crate) fn end(&mut self) -> End {
        self.hear(END_PREFIX);
        let end: End = serde_json::from_str(self.heard.last().expect("heard")).expect("the last line is a record");
        let status = self.child.wait().expect("it ends");
        assert_eq!(status.code(), Some(i32::from(end.code)), "{end:?}");
        end
    }

    /// What the Listener, or a test, wrote into a file of the runner's folder.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.machine.path(name)).unwrap_or_default()
    }

    /// Whether something becomes true in time.
    pub(crate) fn eventually(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < until, "{what} did not happen");
            std::thread::yield_now();
        }
    }

    /// What `runner-entrypoint healthcheck` says of it.
    pub(crate) fn is_healthy(&self) -> bool {
        let mut check = Command::new(env!("CARGO_BIN_EXE_runner-entrypoint"));
        check.arg("healthcheck").env(env::STATE_DIR, self.machine.path("state")).stdout(Stdio::null());
        check.status().expect("it runs").success()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
