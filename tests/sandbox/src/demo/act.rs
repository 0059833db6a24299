//! One launch: start, job, end.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use contract::env;
use contract::record::{END_PREFIX, End, STATE_FILE, State};
use tokio::process::Command;

use super::LIMIT;
use super::record::{ActRecord, Launch, MachineEnd, Started};
use super::teller::Teller;
use crate::aws::{self, Status};
use crate::github::{Conclusion, Job, JobId, RunSpec, Step};
use crate::world::{REPO, Sandbox, WorkflowRun};

/// How the machine is launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Fargate,
    Ec2,
    Local,
}

impl Mode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fargate => "fargate",
            Self::Ec2 => "ec2",
            Self::Local => "local",
        }
    }
}

/// One launch under way.
pub(super) struct Act<'a> {
    sandbox: &'a Sandbox,
    teller: Teller,
    mode: Mode,
    run: WorkflowRun,
}

impl<'a> Act<'a> {
    pub(super) fn begin(sandbox: &'a Sandbox, teller: Teller, mode: Mode) -> Result<Self, String> {
        let run = sandbox.begin_run(RunSpec::of(REPO)).map_err(|fault| fault.to_string())?;
        Ok(Self { sandbox, teller, mode, run })
    }

    pub(super) async fn play(self) -> Result<ActRecord, String> {
        self.teller.act(self.mode);
        let began = Instant::now();
        let started = self.start().await?;
        let online_ms = millis(began);
        let launch = started.launches.first().ok_or("mayfly started nothing")?;
        self.teller.started(&started, launch, online_ms);
        let (job, job_ms) = self.run_job(&started).await?;
        self.wait_until_deregistered(&launch.runner_name).await?;
        self.teller.deregistered(&launch.runner_name);
        let machine = self.wait_for_end(launch).await?;
        self.teller.ended(&machine);
        Ok(ActRecord {
            mode: self.mode.name(),
            label: started.label,
            runner: launch.runner_name.clone(),
            online_ms,
            job_ms,
            job: job.conclusion.ok_or("the job has no conclusion")?,
            output: job.output,
            machine,
        })
    }

    async fn start(&self) -> Result<Started, String> {
        let mut command = Command::from(self.sandbox.command("mayfly"));
        match self.mode {
            Mode::Fargate | Mode::Ec2 => _ = command.envs(&self.run.env),
            Mode::Local => self.prepare_laptop(&mut command)?,
        }
        command.args(["runner", "start", "--launch-mode", self.mode.name(), "--wait", "online", "--output", "json"]);
        // Should the story break off here, the machine leaves soon.
        command.args(["--max-idle", "1m"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let done = tokio::time::timeout(LIMIT, command.output()).await;
        let output = done.map_err(|_| "mayfly runner start took too long")?.map_err(|fault| fault.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("mayfly runner start failed ({}):\n{said}", output.status));
        }
        self.teller.quote(&said);
        serde_json::from_slice(&output.stdout).map_err(|fault| format!("mayfly's answer was not understood: {fault}"))
    }

    /// A machine outside of any workflow: no GitHub variables, no AWS, a token of one's own.
    fn prepare_laptop(&self, command: &mut Command) -> Result<(), String> {
        let distribution = self.sandbox.runner_distribution().map_err(|fault| fault.to_string())?;
        command.env_clear().env("HOME", self.sandbox.folder()).env("MAYFLY_STATE_HOME", self.sandbox.folder());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("GITHUB_API_URL", self.sandbox.github.url()).env(env::REPO, REPO);
        command.env(env::GITHUB_TOKEN, self.sandbox.github_token()).env("MAYFLY_RUNNER_DIST", distribution);
        Ok(())
    }

    async fn run_job(&self, started: &Started) -> Result<(Job, u64), String> {
        let labels: Vec<&str> = started.runs_on.iter().map(String::as_str).collect();
        let began = Instant::now();
        let id = self.sandbox.github.queue_job(self.run.run, "build", &labels, steps());
        self.teller.queued(&started.runs_on);
        self.tell_output(id).await;
        let job = self.sandbox.job_done(id, LIMIT).await.ok_or("the job did not end")?;
        self.teller.job_ended(&job, millis(began));
        if job.conclusion != Some(Conclusion::Success) {
            return Err(format!("the job ended with {:?}", job.conclusion));
        }
        Ok((job, millis(began)))
    }

    /// The job's lines as they come.
    async fn tell_output(&self, id: JobId) {
        let mut told = 0;
        loop {
            let news = self.sandbox.github.wait_for(LIMIT, |github| {
                let job = github.job(id)?;
                (job.output.len() > told || job.conclusion.is_some()).then_some(job)
            });
            let Some(job) = news.await else { return };
            job.output[told..].iter().for_each(|line| self.teller.output(line));
            told = job.output.len();
            if job.conclusion.is_some() {
                return;
            }
        }
    }

    async fn wait_until_deregistered(&self, name: &str) -> Result<(), String> {
        let gone = self
            .sandbox
            .github
            .wait_for(LIMIT, |github| github.runners().iter().all(|runner| runner.name != name).then_some(()));
        gone.await.ok_or_else(|| format!("runner {name} is still registered"))
    }

    async fn wait_for_end(&self, launch: &Launch) -> Result<MachineEnd, String> {
        match (&launch.task_arn, &launch.folder) {
            (Some(arn), _) => self.wait_for_task(arn).await,
            (None, Some(folder)) => wait_for_machine(Path::new(folder)).await,
            (None, None) => Err("mayfly told neither a task nor a folder".to_owned()),
        }
    }

    async fn wait_for_task(&self, arn: &str) -> Result<MachineEnd, String> {
        let stopped = self.sandbox.aws.wait_for(arn, LIMIT, |task| task.status == Status::Stopped).await;
        let task = self.sandbox.aws.task(arn).filter(|_| stopped).ok_or_else(|| format!("task {arn} did not stop"))?;
        let output = self.sandbox.aws.output(arn);
        let last = output.iter().rev().find(|line| line.starts_with(END_PREFIX));
        let end: End = last
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| format!("the task's log has no last record:\n{}", output.join("\n")))?;
        Ok(MachineEnd {
            task: Some(words(&task)),
            exit_code: task.containers.first().and_then(|container| container.exit_code).unwrap_or(-1),
            cause: format!("{}: {}", end.cause.name(), end.cause.meaning()),
        })
    }
}

fn words(task: &aws::Task) -> String {
    let stop = task.stop.as_ref();
    stop.map_or_else(String::new, |stop| format!("{:?} ({})", stop.code, stop.reason))
}

/// A machine here says in its state file that it has ended.
async fn wait_for_machine(folder: &Path) -> Result<MachineEnd, String> {
    let file = folder.join("state").join(STATE_FILE);
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        let state = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice::<State>(&text).ok());
        if let Some(end) = state.and_then(|state| state.end) {
            let cause = format!("{}: {}", end.cause.name(), end.cause.meaning());
            return Ok(MachineEnd { task: None, exit_code: end.code.into(), cause });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("the machine in {} did not end", folder.display()))
}

pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn steps() -> Vec<Step> {
    let look = "echo \"$GITHUB_REPOSITORY, run $GITHUB_RUN_ID, job $GITHUB_JOB, on $RUNNER_NAME\"";
    let work = "for part in one two three; do echo \"building part $part\"; sleep 0.15; done";
    let secrets =
        "env | grep -E '^(MAYFLY_|ACTIONS_RUNNER_INPUT_)' || echo 'no variable of the launch reaches the job'";
    vec![Step::new("Look around", look), Step::new("Build", work), Step::new("Look for secrets", secrets)]
}
