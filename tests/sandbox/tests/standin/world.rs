//! A GitHub, and runner folders with the real binary in them.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::distribution;
use sandbox::github::{GitHub, GitHubConfig, Job, JobId, Pat, Repo, RunSpec, Step, SubjectForm};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use ureq::Agent;

/// Far longer than anything here takes: who waits so long has found a fault.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) github: GitHub,
    pub(crate) run: u64,
    runtime: Runtime,
    token: String,
}

impl World {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bin_dir = Some(bin_dir());
        let github = runtime.block_on(GitHub::start(GitHubConfig { bin_dir, ..GitHubConfig::default() })).unwrap();
        github.add_org(77, "octo");
        github.add_repo(Repo {
            id: 4242,
            owner: "octo".to_owned(),
            owner_id: 77,
            name: "demo".to_owned(),
            public: false,
            subject: SubjectForm::Classic,
        });
        let run = github.add_run(RunSpec::of("octo/demo"));
        let token = github.add_pat(Pat::classic(&["repo"]), None);
        Self { github, run, runtime, token }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let call = agent().post(format!("{}/repos/octo/demo/actions/runners/{path}", self.github.url()));
        let call = call.header("Authorization", format!("Bearer {}", self.token));
        let mut answer = if body.is_null() { call.send_empty() } else { call.send_json(body) }.unwrap();
        assert_eq!(answer.status().as_u16(), 201);
        answer.body_mut().read_json().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let call = agent().get(format!("{}/repos/octo/demo/actions/{path}", self.github.url()));
        let mut answer = call.header("Authorization", format!("Bearer {}", self.token)).call().unwrap();
        answer.body_mut().read_json().unwrap()
    }

    pub(crate) fn queue(&self, steps: Vec<Step>) -> JobId {
        self.github.queue_job(self.run, "build", &["self-hosted", "Thing"], steps)
    }

    pub(crate) fn done(&self, job: JobId) -> Job {
        let done = self.runtime.block_on(self.github.wait_for_job(job, LIMIT));
        done.unwrap_or_else(|| panic!("the job did not end: {:?}", self.github.job(job)))
    }

    /// Waits until a job has printed a line.
    pub(crate) fn printed(&self, job: JobId, line: &str) {
        let has_it = |github: &GitHub| github.job(job)?.output.contains(&line.to_owned()).then_some(());
        let found = self.runtime.block_on(self.github.wait_for(LIMIT, has_it));
        assert!(found.is_some(), "no line \"{line}\": {:?}", self.github.job(job));
    }

    /// A folder with the stand-in and a JIT configuration for it.
    pub(crate) fn runner(&self, name: &str) -> RunnerFolder {
        let folder = RunnerFolder::unconfigured();
        let body = json!({ "name": name, "runner_group_id": 1, "labels": ["self-hosted", "thing"] });
        let jit = self.post("generate-jitconfig", &body);
        RunnerFolder { jit: jit["encoded_jit_config"].as_str().unwrap().to_owned(), ..folder }
    }
}

pub(crate) fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).user_agent("test").build().into()
}

pub(crate) fn bin_dir() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_standin-listener")).parent().unwrap().to_path_buf()
}

pub(crate) struct RunnerFolder {
    folder: TempDir,
    jit: String,
}

impl RunnerFolder {
    pub(crate) fn unconfigured() -> Self {
        let folder = tempfile::tempdir().unwrap();
        distribution::lay_out(folder.path(), &bin_dir()).unwrap();
        Self { folder, jit: String::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn has(&self, file: &str) -> bool {
        self.path().join(file).exists()
    }

    pub(crate) fn misbehave(&self, how: &Value) {
        std::fs::write(self.path().join("misbehave.json"), how.to_string()).unwrap();
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.path().join("bin/Runner.Listener"));
        command.args(words).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command
    }

    pub(crate) fn start(&self) -> Listener {
        self.start_with(&[])
    }

    /// Starts `run`; the configuration goes by the environment, as it should.
    pub(crate) fn start_with(&self, variables: &[(&str, &str)]) -> Listener {
        let mut command = self.command(&["run"]);
        command.envs(variables.iter().copied());
        if !self.jit.is_empty() {
            command.env("ACTIONS_RUNNER_INPUT_JITCONFIG", &self.jit);
        }
        Listener::spawn(command)
    }
}

/// A running Listener whose stdout is read.
pub(crate) struct Listener {
    child: Child,
    lines: Receiver<Vec<u8>>,
    pub(crate) seen: Vec<String>,
}

impl Listener {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Reads until a line contains a text.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + LIMIT;
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            let line = String::from_utf8_lossy(&line).into_owned();
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
        panic!("no line with \"{text}\" in {:#?}", self.seen);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Its exit code and all of its lines.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        let end = Instant::now() + LIMIT;
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.seen.push(String::from_utf8_lossy(&line).into_owned());
        }
        assert!(Instant::now() < end, "the Listener did not end: {:#?}", self.seen);
        let status = self.child.wait().unwrap();
        (status, std::mem::take(&mut self.seen))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // A test that failed must not leave its process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
