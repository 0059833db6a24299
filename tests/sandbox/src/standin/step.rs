//! One step: a script for `bash -e`, its output line by line, and its cancelling.

use std::io::{self, BufRead as _, BufReader, PipeReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::orphans;
use super::worker::{Order, Orders, Start};

/// The real one's patience after SIGINT and after SIGTERM (`actions/runner src/Runner.Sdk/ProcessInvoker.cs`).
const AFTER_INTERRUPT: Duration = Duration::from_millis(7_500);
const AFTER_TERMINATE: Duration = Duration::from_millis(2_500);
/// How often a running step is looked at.
const TICK: Duration = Duration::from_millis(20);
/// A process of the step's that lives on may hold its output open: it is not waited for longer than this.
const DRAIN: Duration = Duration::from_secs(1);

/// What to run.
pub(super) enum Script {
    /// The content of `run:`.
    Text(String),
    /// A hook's file.
    File(PathBuf),
}

/// What is around a step.
pub(super) struct Surroundings<'a> {
    pub(super) start: &'a Start,
    pub(super) tracking_id: &'a str,
    pub(super) orders: &'a Orders,
    /// The mildest order that cancels it.
    pub(super) obeys: Order,
}

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StepEnd {
    /// By itself; without a code where a signal killed it.
    Exit(Option<i32>),
    /// Because it was told to.
    Cancelled,
}

impl Script {
    /// Runs it; `print` gets its lines as they come.
    pub(super) fn run(&self, around: &Surroundings<'_>, print: impl Fn(Vec<String>)) -> io::Result<StepEnd> {
        let folders = Folders::create(around.start)?;
        let file = match self {
            Self::File(path) => path.clone(),
            Self::Text(text) => {
                let path = folders.temp.join(format!("{}.sh", uuid::Uuid::new_v4()));
                std::fs::write(&path, text)?;
                path
            }
        };
        let (output, input) = io::pipe()?;
        let child = Command::new("bash")
            .arg("-e")
            .arg(&file)
            .current_dir(&folders.workspace)
            .envs(&around.start.job.variables)
            .envs(folders.variables(around))
            .stdin(Stdio::null())
            .stdout(input.try_clone()?)
            .stderr(input)
            .spawn()?;
        Running { child, lines: read_lines(output), told: None }.wait(around, print)
    }
}

/// The folders of a job.
struct Folders {
    temp: PathBuf,
    workspace: PathBuf,
    tools: PathBuf,
}

impl Folders {
    fn create(start: &Start) -> io::Result<Self> {
        let repository = start.job.variables.get("GITHUB_REPOSITORY").map_or("repo", String::as_str);
        let name = repository.rsplit('/').next().unwrap_or("repo");
        let work = &start.work_folder;
        let own = Self { temp: work.join("_temp"), workspace: work.join(name).join(name), tools: work.join("_tool") };
        for folder in [&own.temp, &own.workspace, &own.tools] {
            std::fs::create_dir_all(folder)?;
        }
        Ok(own)
    }

    fn variables(&self, around: &Surroundings<'_>) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let file = |name: &str| {
            let path = self.temp.join(name);
            // The runner makes these before each step; scripts append to them.
            let _ = std::fs::OpenOptions::new().create(true).append(true).open(&path);
            text(&path)
        };
        vec![
            ("GITHUB_WORKSPACE", text(&self.workspace)),
            ("GITHUB_ENV", file("set_env")),
            ("GITHUB_OUTPUT", file("set_output")),
            ("GITHUB_PATH", file("add_path")),
            ("GITHUB_STEP_SUMMARY", file("step_summary")),
            ("RUNNER_NAME", around.start.runner.clone()),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", crate::distribution::ARCHITECTURE.to_uppercase()),
            ("RUNNER_ENVIRONMENT", "self-hosted".to_owned()),
            ("RUNNER_TEMP", text(&self.temp)),
            ("RUNNER_TOOL_CACHE", text(&self.tools)),
            ("RUNNER_WORKSPACE", text(self.workspace.parent().unwrap_or(&self.workspace))),
            ("RUNNER_TRACKING_ID", around.tracking_id.to_owned()),
        ]
    }
}

/// Lines of a step's output, as they come. Bytes that are no text are replaced.
fn read_lines(output: PipeReader) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    lines
}

/// A step at work.
struct Running {
    child: Child,
    lines: Receiver<String>,
    told: Option<Instant>,
}

impl Running {
    fn wait(mut self, around: &Surroundings<'_>, print: impl Fn(Vec<String>)) -> io::Result<StepEnd> {
        let status = loop {
            self.pass_on_lines(TICK, &print);
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            match around.orders.latest() {
                Order::Abandon => _ = orphans::kill(around.tracking_id),
                order if order as u8 >= around.obeys as u8 => self.insist(around.tracking_id)?,
                _ => {}
            }
        };
        let end = Instant::now() + DRAIN;
        while Instant::now() < end && self.pass_on_lines(TICK, &print) {}
        Ok(if self.told.is_some() { StepEnd::Cancelled } else { StepEnd::Exit(status.code()) })
    }

    /// Waits for lines for a moment. False: there will be none any more.
    fn pass_on_lines(&self, moment: Duration, print: &impl Fn(Vec<String>)) -> bool {
        let first = self.lines.recv_timeout(moment);
        if let Ok(first) = first {
            print(std::iter::once(first).chain(self.lines.try_iter()).collect());
            return true;
        }
        first != Err(RecvTimeoutError::Disconnected)
    }

    /// SIGINT, then SIGTERM, then the whole tree by SIGKILL.
    fn insist(&mut self, tracking_id: &str) -> io::Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
        let Some(since) = self.told else {
            self.told = Some(Instant::now());
            return Ok(kill(pid, Signal::SIGINT)?);
        };
        if since.elapsed() >= AFTER_INTERRUPT + AFTER_TERMINATE {
            orphans::kill(tracking_id);
            return self.child.kill();
        }
        if since.elapsed() >= AFTER_INTERRUPT {
            // Repeated on each look until it helps or the time is up; a process that handles it may be told twice.
            return Ok(kill(pid, Signal::SIGTERM)?);
        }
        Ok(())
    }
}
