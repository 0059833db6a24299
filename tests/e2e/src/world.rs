//! A sandbox of a test's own, and `mayfly` in it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use contract::record::{END_PREFIX, End};
use contract::{Scope, env};
use sandbox::aws::{Call, Pace, Status, Task, fixture};
use sandbox::binaries::Binaries;
use sandbox::contract_check::Contract;
use sandbox::github::{Exchange, Job, JobId, RunId, RunSpec, Runner, Status as JobStatus, Step};
use sandbox::world::{APP_ID, REPO, WorkflowRun};
use sandbox::{Sandbox, SandboxConfig, keys};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::eventually::within;
use crate::{LIMIT, Mayfly, Ran, aws_api, eventually, holds_within, leftovers};

/// Names GitHub's OpenAPI description, by which all traffic of all tests is then judged. `.ci/run` sets it where it has one.
const DESCRIPTION: &str = "MAYFLY_TEST_CONTRACT";
/// What ends by itself has ended after this.
const SETTLE: Duration = Duration::from_secs(10);

/// What RegisterTaskDefinition takes of what DescribeTaskDefinition shows.
const DEFINED: [&str; 8] = [
    "requiresCompatibilities",
    "networkMode",
    "cpu",
    "memory",
    "taskRoleArn",
    "executionRoleArn",
    "runtimePlatform",
    "containerDefinitions",
];

/// The world of one test.
pub struct World {
    /// GitHub and AWS.
    pub sandbox: Sandbox,
    home: TempDir,
    calls: AtomicU32,
    /// Serves the sandbox; goes after it.
    _runtime: Runtime,
}

fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Binaries> = OnceLock::new();
    BINARIES.get_or_init(|| Binaries::find(None).unwrap_or_else(|fault| panic!("{fault}")))
}

fn description() -> Option<Contract> {
    static CONTRACT: OnceLock<Option<Contract>> = OnceLock::new();
    let read = |file: OsString| Contract::read(Path::new(&file)).unwrap_or_else(|fault| panic!("{fault}"));
    CONTRACT.get_or_init(|| std::env::var_os(DESCRIPTION).map(read)).clone()
}

impl World {
    /// A sandbox as it comes.
    pub fn start() -> Self {
        Self::with(Pace::default())
    }

    /// A sandbox in which things take so long.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn with(pace: Pace) -> Self {
        Self::configured(|config| config.pace = pace)
    }

    /// A sandbox that is started in another way.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn configured(change: impl FnOnce(&mut SandboxConfig)) -> Self {
        let mut config = SandboxConfig { contract: description(), ..SandboxConfig::new(binaries().clone()) };
        change(&mut config);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("threads can be started");
        let sandbox = runtime.block_on(Sandbox::start(config)).expect("the sandbox finds two free ports");
        let home = tempfile::Builder::new().prefix("mayfly-e2e-").tempdir().expect("there is room for a folder");
        Self { sandbox, home, calls: AtomicU32::new(0), _runtime: runtime }
    }

    /// The test's own folder: home of every `mayfly` in it.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// `mayfly` with nothing in its environment but `PATH` and a home.
    ///
    /// # Panics
    /// Where there is no room for the files of the call.
    pub fn bare(&self, line: &str) -> Mayfly {
        let folder = self.home().join(format!("call-{}", self.calls.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&folder).expect("there is room for a folder");
        Mayfly::new(&self.sandbox.binaries().path("mayfly"), line, self.home(), &folder)
    }

    /// `mayfly` as a step of the sandbox's first workflow run.
    pub fn step(&self, line: &str) -> Mayfly {
        self.bare(line).as_step_of(&self.sandbox.env())
    }

    /// `mayfly` as a step of another run.
    pub fn step_of(&self, run: &WorkflowRun, line: &str) -> Mayfly {
        self.bare(line).as_step_of(&run.env).as_configured(self)
    }

    /// `mayfly` on somebody's own machine: AWS by access key, no GitHub credential.
    pub fn laptop(&self, line: &str) -> Mayfly {
        self.bare(line)
            .as_configured(self)
            .env(env::REPO, REPO)
            .without("MAYFLY_ROLE_ARN")
            .env("AWS_ACCESS_KEY_ID", fixture::ADMIN_ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", fixture::ADMIN_SECRET_KEY)
            .env(env::GITHUB_API_URL, self.sandbox.github.url())
    }

    /// Another workflow run, with its first job under way.
    ///
    /// # Panics
    /// Where there is no room for its files.
    pub fn begin_run(&self) -> WorkflowRun {
        self.sandbox.begin_run(RunSpec::of(REPO)).expect("there is room for the run's files")
    }

    /// Queues a job of the first run that asks for these labels.
    pub fn queue<L: AsRef<str>>(&self, labels: &[L], script: &str) -> JobId {
        self.queue_in(self.sandbox.run, labels, script)
    }

    /// Queues a job of a run.
    pub fn queue_in<L: AsRef<str>>(&self, run: RunId, labels: &[L], script: &str) -> JobId {
        let labels: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
        self.sandbox.github.queue_job(run, "build", &labels, vec![Step::new("run", script)])
    }

    /// Asks until there is an answer; where none comes, the failure shows what the world looks like.
    ///
    /// # Panics
    /// Where there was no answer in time.
    #[track_caller]
    pub fn eventually<T>(&self, what: &str, ask: impl FnMut() -> Option<T>) -> T {
        within(LIMIT, ask).unwrap_or_else(|| panic!("this did not come about: {what}\n{}", self.portrait()))
    }

    /// Everything that helps to understand a failure.
    fn portrait(&self) -> String {
        let github = &self.sandbox.github;
        let jobs = github.jobs().into_iter().map(|job| format!("{} {:?} {:?}", job.spec.name, job.status, job.output));
        let runners = github.runners().into_iter().map(|runner| format!("{runner:?}"));
        let tasks = self.sandbox.aws.tasks().into_iter().map(|task| {
            format!("{} {:?} {:?}\n{}", task.id, task.status, task.stop, self.sandbox.aws.output(&task.id).join("\n"))
        });
        let requests = github
            .log()
            .into_iter()
            .rev()
            .take(20)
            .map(|exchange| format!("{} {} {} {}", exchange.at, exchange.method, exchange.path, exchange.status));
        jobs.chain(runners).chain(tasks).chain(requests).collect::<Vec<_>>().join("\n")
    }

    /// Waits until a job is completed.
    #[track_caller]
    pub fn finished(&self, job: JobId) -> Job {
        let done = |job: &Job| job.status == JobStatus::Completed;
        self.eventually("the job is done", || self.sandbox.github.job(job).filter(done))
    }

    /// Waits until a runner has taken a job.
    #[track_caller]
    pub fn under_way(&self, job: JobId) -> Job {
        let under_way = |job: &Job| job.status == JobStatus::InProgress;
        self.eventually("the job is under way", || self.sandbox.github.job(job).filter(under_way))
    }

    /// The task of a start that made one.
    #[track_caller]
    pub fn task_of(&self, start: &Ran) -> Task {
        self.sandbox.aws.task(start.task_arn()).unwrap_or_else(|| panic!("ECS does not know {}", start.task_arn()))
    }

    /// What a task's container was told by the overrides.
    ///
    /// # Panics
    /// Where it was not told this.
    #[track_caller]
    pub fn told(&self, task: &Task, name: &str) -> String {
        let environment = &task.overrides["containerOverrides"][0]["environment"];
        let pair = environment.as_array().into_iter().flatten().find(|pair| pair["name"] == name);
        let value = pair.and_then(|pair| pair["value"].as_str());
        value.unwrap_or_else(|| panic!("{name} is not in the overrides: {environment}")).to_owned()
    }

    /// Waits until so many tasks were started.
    #[track_caller]
    pub fn until_tasks(&self, count: usize) -> Vec<Task> {
        let tasks = || Some(self.sandbox.aws.tasks()).filter(|tasks| tasks.len() == count);
        eventually(&format!("{count} tasks were started"), tasks)
    }

    /// The only task that ever was.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    #[track_caller]
    pub fn only_task(&self) -> Task {
        let tasks = self.sandbox.aws.tasks();
        let [task] = tasks.as_slice() else { panic!("there is not exactly one task: {tasks:#?}") };
        task.clone()
    }

    /// Waits until a task is STOPPED.
    #[track_caller]
    pub fn ended(&self, arn: &str) -> Task {
        let stopped = |task: &Task| task.status == Status::Stopped;
        self.eventually(&format!("{arn} is STOPPED"), || self.sandbox.aws.task(arn).filter(stopped))
    }

    /// Waits until a machine has printed some words.
    ///
    /// # Panics
    /// Where it does not come to that.
    #[track_caller]
    pub fn hears(&self, start: &Ran, words: &str) {
        let said = || self.sandbox.aws.output(start.task_arn()).iter().any(|line| line.contains(words));
        self.eventually(&format!("its machine says \"{words}\""), || said().then_some(()));
    }

    /// The last line of a task's log: PID 1's record.
    ///
    /// # Panics
    /// Where the last line is none.
    #[track_caller]
    pub fn record(&self, task: &Task) -> End {
        let lines = self.sandbox.aws.output(&task.id);
        let last = lines.last().filter(|line| line.starts_with(END_PREFIX));
        let last = last.unwrap_or_else(|| panic!("the log does not end with a record:\n{}", lines.join("\n")));
        serde_json::from_str(last).unwrap_or_else(|fault| panic!("{last} is no record: {fault}"))
    }

    /// Waits until exactly one runner is registered, and is online.
    #[track_caller]
    pub fn online_runner(&self) -> Runner {
        self.eventually("one runner is online", || {
            let runners = self.sandbox.github.runners();
            runners.first().filter(|runner| runner.online && runners.len() == 1).cloned()
        })
    }

    /// Requests that GitHub's REST API was sent, in the order of their answers.
    pub fn github_requests(&self, method: &str, path_part: &str) -> Vec<Exchange> {
        let fits = |exchange: &Exchange| exchange.method == method && exchange.path.contains(path_part);
        self.sandbox.github.log().into_iter().filter(fits).collect()
    }

    /// Calls of an operation of AWS, oldest first.
    pub fn aws_calls(&self, operation: &str) -> Vec<Call> {
        self.sandbox.aws.calls(operation)
    }

    /// Waits until every fault of AWS's has struck: until whoever it is for has come so far.
    #[track_caller]
    pub fn until_faults_struck(&self) {
        eventually("every fault has struck", || self.sandbox.aws.pending_faults().is_empty().then_some(()));
    }

    /// Calls an operation of ECS as the account's administrator.
    #[track_caller]
    pub fn ecs(&self, operation: &str, input: &Value) -> Value {
        aws_api::ecs(self.sandbox.aws.url(), operation, input)
    }

    /// Registers a task definition that differs from one of the sandbox's.
    #[track_caller]
    pub fn register_like(&self, base: &str, family: &str, change: impl FnOnce(&mut Value)) {
        let described = self.ecs("DescribeTaskDefinition", &json!({ "taskDefinition": base }));
        let mut definition = described["taskDefinition"].clone();
        let fields = definition.as_object_mut().expect("a task definition is an object");
        fields.retain(|name, _| DEFINED.contains(&name.as_str()));
        definition["family"] = json!(family);
        change(&mut definition);
        self.ecs("RegisterTaskDefinition", &definition);
    }

    /// Stops all tasks of a start that need not do anything any more, and waits until they and their runners are gone.
    #[track_caller]
    pub fn put_away(&self, start: &Ran) {
        for arn in start.task_arn().split(',') {
            self.ecs("StopTask", &json!({ "cluster": fixture::CLUSTER, "task": arn, "reason": "the test is over" }));
        }
        for arn in start.task_arn().split(',') {
            self.ended(arn);
        }
    }

    /// Registers a runner that nobody runs.
    pub fn add_runner(&self, name: &str) -> u64 {
        let scope = Scope::repo(REPO).expect("the sandbox's repository has a valid name");
        self.sandbox.github.add_runner(&scope, name, &["self-hosted"])
    }

    /// The stand-in runner distribution, for `--runner-dist`.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn runner_distribution(&self) -> PathBuf {
        self.sandbox.runner_distribution().expect("there is room for the distribution")
    }

    /// Asserts that nothing at all was asked of GitHub or AWS.
    #[track_caller]
    pub fn assert_nothing_was_called(&self) {
        let (github, aws) = (self.sandbox.github.log(), self.sandbox.aws.log());
        assert!(github.is_empty() && aws.is_empty(), "something was called: {github:#?} {aws:#?}");
    }

    /// Asserts that no task was ever started.
    #[track_caller]
    pub fn assert_nothing_was_started(&self) {
        let tasks = self.sandbox.aws.tasks();
        assert!(tasks.is_empty(), "tasks were started: {tasks:#?}");
    }

    /// Ends the test: whatever is left, and does not go by itself at once, fails it.
    ///
    /// # Panics
    /// Where something is left.
    #[track_caller]
    pub fn finish(self) {
        let gone = holds_within(SETTLE, || leftovers::of(&self.sandbox, self.home()).is_empty());
        let left = leftovers::of(&self.sandbox, self.home());
        assert!(gone || left.is_empty(), "something is left:\n  {}", left.join("\n  "));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        leftovers::kill_processes(self.home());
    }
}

impl Mayfly {
    /// Adds where AWS is and what to launch there.
    #[must_use]
    pub fn as_configured(self, world: &World) -> Self {
        self.envs(&world.sandbox.mayfly_env())
    }

    /// Adds a PAT with all rights on runners.
    #[must_use]
    pub fn with_token(self, world: &World) -> Self {
        self.env(env::GITHUB_TOKEN, world.sandbox.github_token())
    }

    /// Adds the sandbox's GitHub App.
    #[must_use]
    pub fn with_app(self) -> Self {
        self.env(env::GITHUB_APP_ID, APP_ID.to_string()).env(env::GITHUB_APP_PRIVATE_KEY, keys::APP_PRIVATE_KEY)
    }
}
