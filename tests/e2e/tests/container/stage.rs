//! What every container test stands on: the image, the emulator, the sandbox's GitHub, and `mayfly` between them.

use std::env;
use std::io::Write as _;
use std::time::Duration;

use contract::record::{END_PREFIX, End};
use sandbox::binaries::Binaries;
use sandbox::github::{Job, JobId, RunSpec, Step};
use sandbox::{Sandbox, SandboxConfig, world};
use serde_json::Value;

use crate::docker::{self, Container};
use crate::emulator::{Emulator, Mode};

/// URL of an AWS emulator that runs containers, on an address that containers reach.
const EMULATOR: &str = "MAYFLY_TEST_EMULATOR";
/// A static `runner-entrypoint`: that of the tests is linked with this machine's libraries.
const ENTRYPOINT: &str = "MAYFLY_TEST_ENTRYPOINT";
const IMAGE: &str = "mayfly-runner:e2e";
/// Nothing here takes so long; it ends a test that hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The stage of one test.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) emulator: Emulator,
    cluster: String,
    cluster_arn: String,
}

/// A runner that is online in its container.
pub(crate) struct Launched {
    pub(crate) label: String,
    pub(crate) task_arn: String,
    pub(crate) container: Container,
    run: sandbox::github::RunId,
}

impl Stage {
    /// Sets everything up; nothing, with a line that says why, where this machine was not made ready for it. Each test has a
    /// cluster, parameter and task definitions of its own.
    pub(crate) async fn set() -> Option<Self> {
        let (Some(url), Some(entrypoint)) = (variable(EMULATOR), variable(ENTRYPOINT)) else {
            return skip(&format!("{EMULATOR} and {ENTRYPOINT} are not set (.ci/run sets them)"));
        };
        if !docker::is_there() {
            return skip("there is no Docker engine");
        }
        let emulator = Emulator { url };
        let binaries = Binaries::find(None).expect("the programs can be built");
        let sandbox = Sandbox::start(SandboxConfig { ip: emulator.ip(), ..SandboxConfig::new(binaries) });
        let sandbox = sandbox.await.expect("the sandbox listens on the emulator's address");
        let distribution = sandbox.runner_distribution().expect("the stand-in runner can be laid out");
        docker::build_runner_image(IMAGE, &distribution, &entrypoint);

        let cluster = format!("mayfly-{}", sandbox.github.url().rsplit(':').next().unwrap_or_default());
        let cluster_arn = emulator.create_cluster(&cluster);
        let parameter = format!("/{cluster}/github-token");
        emulator.put_parameter(&parameter, sandbox.github_token());
        for mode in [Mode::Fargate, Mode::Ec2] {
            emulator.register(&format!("{cluster}-{}", mode.flag()), mode, IMAGE, &parameter);
        }
        Some(Self { sandbox, emulator, cluster, cluster_arn })
    }

    /// `mayfly runner start` in a workflow run of its own, waited for until the runner is online.
    pub(crate) async fn start(&self, mode: Mode) -> Launched {
        let run = self.sandbox.begin_run(RunSpec::of(world::REPO)).expect("a run can be added");
        let mut command = self.sandbox.command("mayfly");
        command.envs(&run.env).env("AWS_ENDPOINT_URL", &self.emulator.url).env("MAYFLY_CLUSTER", &self.cluster);
        // The emulator never reports a container's health, so the wait has to ask GitHub.
        command.env(contract::env::GITHUB_TOKEN, self.sandbox.github_token());
        if mode == Mode::Ec2 {
            command.env_remove("MAYFLY_SUBNETS").env_remove("MAYFLY_SECURITY_GROUPS");
        }
        let family = format!("{}-{}", self.cluster, mode.flag());
        command.args(["runner", "start", "--wait", "online", "--output", "json"]);
        command.args(["--launch-mode", mode.flag(), "--task-definition", &family]);
        // Whatever goes wrong, the machine ends by itself, and with it every wait for its output.
        command.args(["--max-idle", "1m", "--max-lifetime", "2m"]);
        let output = tokio::process::Command::from(command).output().await.expect("mayfly can be run");
        assert!(output.status.success(), "mayfly failed:\n{}", String::from_utf8_lossy(&output.stderr));

        let answer: Value = serde_json::from_slice(&output.stdout).expect("mayfly answers in JSON");
        let task_arn = answer["launches"][0]["task_arn"].as_str().expect("a task was started").to_owned();
        let label = answer["label"].as_str().expect("there is a label").to_owned();
        Launched { container: Container::of_task(&task_arn), label, task_arn, run: run.run }
    }

    /// Queues a job for a launched runner.
    pub(crate) fn queue_job(&self, launched: &Launched, script: &str) -> JobId {
        let labels = ["self-hosted", &launched.label];
        self.sandbox.github.queue_job(launched.run, "build", &labels, vec![Step::new("script", script)])
    }

    /// Waits for a job's end.
    pub(crate) async fn finished_job(&self, job: JobId) -> Job {
        self.sandbox.job_done(job, LIMIT).await.expect("the job ends")
    }

    /// Waits until ECS says that the task has ended, and gives why and with which code.
    pub(crate) async fn ended_task(&self, launched: &Launched) -> (String, Option<i64>) {
        let ended = async {
            loop {
                let task = self.emulator.task(&self.cluster, &launched.task_arn);
                if task["lastStatus"] == "STOPPED" {
                    let code = task["containers"][0]["exitCode"].as_i64();
                    return (task["stopCode"].as_str().unwrap_or_default().to_owned(), code);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(LIMIT, ended).await.expect("the task ends")
    }

    /// Stops a task from outside.
    pub(crate) fn stop_task(&self, launched: &Launched) {
        self.emulator.stop_task(&self.cluster, &launched.task_arn);
    }

    /// Nothing may be left: no runner at GitHub, no live task.
    pub(crate) fn assert_nothing_is_left(&self) {
        let names: Vec<_> = self.sandbox.github.runners().into_iter().map(|runner| runner.name).collect();
        assert!(names.is_empty(), "left at GitHub: {names:?}");
        assert_eq!(self.emulator.live_tasks(&self.cluster), 0, "live tasks left on {}", self.cluster);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        docker::remove_cluster(&self.cluster_arn);
    }
}

/// The machine's last line.
pub(crate) fn end_record(container: &mut Container) -> End {
    let lines = container.read_until(END_PREFIX);
    let last = lines.last().expect("the container has printed something");
    serde_json::from_str(last).unwrap_or_else(|fault| panic!("no end record ({fault}) in:\n{}", lines.join("\n")))
}

/// The static `runner-entrypoint`, where this machine was made ready for real containers.
pub(crate) fn entrypoint_with_engine() -> Option<String> {
    let Some(entrypoint) = variable(ENTRYPOINT) else {
        return skip(&format!("{ENTRYPOINT} is not set (.ci/run sets it)"));
    };
    if docker::is_there() { Some(entrypoint) } else { skip("there is no Docker engine") }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says so past the test harness, which keeps the output of tests that pass.
fn skip<T>(why: &str) -> Option<T> {
    let _ = writeln!(std::io::stderr(), "container test skipped: {why}");
    None
}
