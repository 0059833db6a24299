//! The whole sandbox: GitHub and AWS that know each other, one repository, one workflow run that may launch runners.

mod tasks;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use contract::env;
use tempfile::TempDir;

use crate::aws::{Aws, AwsConfig, LoadBalancerConfig, LocalImage, Pace, fixture};
use crate::binaries::Binaries;
use crate::clock::Clock;
use crate::contract_check::Contract;
use crate::distribution;
use crate::github::{
    Access, Account, App, CommentAction, CommentId, Event, GitHub, GitHubConfig, Installation, JobId, Level, Limits,
    Membership, Pat, Reach, Repo, RunId, RunSpec, SubjectForm, TaskSource,
};
use crate::keys::{APP_PRIVATE_KEY, PublicKey};

/// The repository whose workflow launches runners.
pub const REPO: &str = "octo/demo";
/// GitHub's number of [`REPO`].
pub const REPO_ID: u64 = 4242;
/// Its owner, an organisation.
pub const ORG: &str = "octo";
/// GitHub's number of [`ORG`].
pub const ORG_ID: u64 = 77;
/// The enterprise.
pub const ENTERPRISE: &str = "big-co";
/// A user who may push to [`REPO`], and a member of [`ORG`] of whom only members know.
pub const WRITER: &str = "mona";
/// A user who may look at [`REPO`].
pub const READER: &str = "hubot";
/// A user whom nobody gave anything.
pub const STRANGER: &str = "stranger";
/// Id of the GitHub App; its private key is [`crate::keys::APP_PRIVATE_KEY`].
pub const APP_ID: u64 = 12_345;
/// The secret namespace that labels are made of. Here it is no secret.
pub const NAMESPACE: &str = "6f0c0b5e-3f0e-4a55-9d5b-2a7d7f0f6c11";

/// How a sandbox is started.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Address that clients reach. Containers need another than loopback.
    pub ip: IpAddr,
    /// GitHub's port; AWS gets the next one, and the load balancer the one after. 0: any that are free.
    pub port: u16,
    /// Checks GitHub's traffic against this description.
    pub contract: Option<Contract>,
    /// Time limits of GitHub's.
    pub limits: Limits,
    /// How long things take at AWS.
    pub pace: Pace,
    /// The programs that it runs.
    pub binaries: Binaries,
    /// What stands for images instead of [`fixture::preview_images`], by the same names.
    pub images: Vec<(&'static str, LocalImage)>,
}

impl SandboxConfig {
    /// On loopback, with the usual limits.
    pub fn new(binaries: Binaries) -> Self {
        Self {
            ip: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            contract: None,
            limits: Limits::default(),
            pace: Pace::default(),
            binaries,
            images: Vec::new(),
        }
    }

    fn address(&self, offset: u16) -> SocketAddr {
        SocketAddr::new(self.ip, if self.port == 0 { 0 } else { self.port + offset })
    }
}

/// A running sandbox. It ends, with everything that it started, when it is dropped.
pub struct Sandbox {
    /// GitHub's stand-in.
    pub github: GitHub,
    /// AWS's stand-in.
    pub aws: Aws,
    /// The run that [`Sandbox::env`] speaks of.
    pub run: RunId,
    binaries: Binaries,
    workflow: BTreeMap<String, String>,
    token: String,
    folder: TempDir,
    /// Keeps the tasks on GitHub's page.
    _tasks: TaskSource,
}

/// A workflow run whose first job is under way on one of GitHub's own machines.
#[derive(Clone, Debug)]
pub struct WorkflowRun {
    /// The run.
    pub run: RunId,
    /// The job under way.
    pub job: JobId,
    /// What the job's steps see.
    pub env: BTreeMap<String, String>,
}

impl Sandbox {
    /// Starts both sides and fills them.
    ///
    /// # Errors
    /// An address cannot be listened on, or there is no room for the folder.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("mayfly-sandbox-").tempdir()?;
        let clock = Clock::default();
        let github = GitHub::start(GitHubConfig {
            bind: config.address(0),
            clock: clock.clone(),
            limits: config.limits,
            contract: config.contract.clone(),
            bin_dir: Some(config.binaries.folder().to_path_buf()),
        })
        .await?;
        populate(&github);
        let aws = Aws::start(aws_config(&config, &github, clock, folder.path())).await?;
        let token = github.add_pat(Pat::classic(&["repo", "admin:org", "manage_runners:enterprise"]), None);
        aws.put_parameter(fixture::TOKEN_PARAMETER, &token);
        let tasks = tasks::source(&aws);
        github.show_tasks(&tasks);
        let (run, workflow) = (RunId::default(), BTreeMap::new());
        let mut sandbox = Self { github, aws, run, binaries: config.binaries, workflow, token, folder, _tasks: tasks };
        let first = sandbox.begin_run(RunSpec::of(REPO))?;
        (sandbox.run, sandbox.workflow) = (first.run, first.env);
        Ok(sandbox)
    }

    /// Begins another workflow run with a job `start` under way.
    ///
    /// # Errors
    /// There is no room for the files that the job's steps write to.
    pub fn begin_run(&self, spec: RunSpec) -> io::Result<WorkflowRun> {
        let run = self.github.add_run(spec);
        let (job, mut env) = self.github.start_hosted_job(run, "start", None);
        let folder = self.folder.path().join(format!("run-{run}"));
        std::fs::create_dir_all(&folder)?;
        env.insert("RUNNER_TEMP".to_owned(), text(&folder));
        for name in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
            let file = folder.join(name.to_lowercase());
            std::fs::write(&file, "")?;
            env.insert(name.to_owned(), text(&file));
        }
        Ok(WorkflowRun { run, job, env })
    }

    /// Begins the workflow run that a comment starts: on the default branch, with the comment in the event's file, and with a
    /// `GITHUB_TOKEN` of these permissions, as a workflow file would put it into its step.
    ///
    /// # Errors
    /// There is no room for the files that the job's steps read and write.
    ///
    /// # Panics
    /// Where there is no such comment.
    pub fn begin_comment_run(
        &self,
        comment: CommentId,
        action: CommentAction,
        permissions: &[(&str, Level)],
    ) -> io::Result<WorkflowRun> {
        let payload = self.github.event_of(comment, action);
        let actor = payload["sender"]["login"].as_str().unwrap_or_default().to_owned();
        let spec = RunSpec { workflow: "preview".to_owned(), event: Event::IssueComment, actor, ..RunSpec::of(REPO) };
        let mut begun = self.begin_run(spec)?;
        let file = self.folder.path().join(format!("run-{}", begun.run)).join("event.json");
        std::fs::write(&file, payload.to_string())?;
        begun.env.insert("GITHUB_EVENT_PATH".to_owned(), text(&file));
        let token = self.github.job_token_with(begun.job, permissions);
        begun.env.extend(["GITHUB_TOKEN", env::GITHUB_TOKEN].map(|name| (name.to_owned(), token.clone())));
        Ok(begun)
    }

    /// The environment of a step of the workflow job that launches runners: what GitHub sets, and what `mayfly` is told.
    pub fn env(&self) -> BTreeMap<String, String> {
        let mut env = self.workflow.clone();
        env.extend(self.mayfly_env());
        env
    }

    /// The part of [`Sandbox::env`] that says where AWS is and what to launch there.
    pub fn mayfly_env(&self) -> BTreeMap<String, String> {
        let role = format!("arn:aws:iam::{}:role/{}", fixture::ACCOUNT, fixture::LAUNCHER_ROLE);
        let pairs = [
            ("AWS_ENDPOINT_URL", self.aws.url()),
            ("AWS_REGION", fixture::REGION),
            ("MAYFLY_ROLE_ARN", &role),
            ("MAYFLY_CLUSTER", fixture::CLUSTER),
            ("MAYFLY_SUBNETS", fixture::SUBNET),
            ("MAYFLY_SECURITY_GROUPS", fixture::SECURITY_GROUP),
            ("MAYFLY_NAMESPACE", NAMESPACE),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// A PAT that may do everything with runners at each scope.
    pub fn github_token(&self) -> &str {
        &self.token
    }

    /// The sandbox's folder; it goes with the sandbox.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The programs.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// One of the programs with [`Sandbox::env`], `PATH` and nothing else of this process's environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.path(program));
        command.env_clear().envs(self.env()).env("HOME", self.folder()).stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// A fresh folder with the stand-in runner distribution: what `--runner-dist` takes.
    ///
    /// # Errors
    /// It could not be written.
    pub fn runner_distribution(&self) -> io::Result<PathBuf> {
        let folder = self.folder().join("runner-dist");
        distribution::lay_out(&folder, self.binaries.folder())?;
        Ok(folder)
    }

    /// Ends what still runs: all tasks, by force.
    pub async fn stop(&self) {
        self.aws.stop_all().await;
    }

    /// Waits until a job is completed, at most so long.
    pub async fn job_done(&self, job: JobId, limit: Duration) -> Option<crate::github::Job> {
        self.github.wait_for_job(job, limit).await
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn populate(github: &GitHub) {
    github.add_org(ORG_ID, ORG);
    github.add_enterprise(9, ENTERPRISE);
    github.add_repo(Repo {
        id: REPO_ID,
        owner: ORG.to_owned(),
        owner_id: ORG_ID,
        name: "demo".to_owned(),
        public: false,
        subject: SubjectForm::Classic,
    });
    populate_people(github);
    let permissions = [
        "administration",
        "actions",
        "organization_self_hosted_runners",
        "issues",
        "pull_requests",
        "deployments",
        "statuses",
        "contents",
        "members",
    ];
    github.add_app(App {
        id: APP_ID,
        client_id: "Iv1.0123456789abcdef".to_owned(),
        slug: "mayfly-standin".to_owned(),
        key: PublicKey::of_private(APP_PRIVATE_KEY).expect("the key fixture is a PKCS#1 PEM file"),
        installation: Installation {
            id: 6_789,
            account: Account { id: ORG_ID, login: ORG.to_owned() },
            permissions: permissions.map(|name| (name.to_owned(), Level::Write)).into(),
            reach: Reach::All,
        },
    });
}

/// One who may push and whose membership only members know, one who may look, and one who is nobody.
fn populate_people(github: &GitHub) {
    for login in [WRITER, READER, STRANGER] {
        github.add_user(login);
    }
    github.set_role(REPO, WRITER, Access::Write);
    github.set_role(REPO, READER, Access::Read);
    github.set_member(ORG, WRITER, Membership::Private);
}

fn aws_config(config: &SandboxConfig, github: &GitHub, clock: Clock, folder: &Path) -> AwsConfig {
    let classic = format!("repo:{REPO}:*");
    let immutable = format!("repo:{ORG}@{ORG_ID}/demo@{REPO_ID}:*");
    let own = AwsConfig {
        bind: config.address(1),
        clock,
        pace: config.pace,
        work_dir: Some(folder.join("tasks")),
        load_balancer: LoadBalancerConfig { bind: config.address(2), ..LoadBalancerConfig::default() },
        ..AwsConfig::default()
    };
    let images = fixture::preview_images(config.binaries.folder());
    let images = images.into_iter().chain(config.images.clone());
    let own = images.fold(own, |own, (name, image)| own.image(name, image));
    own.trusting(&github.issuer(), &[&classic, &immutable]).image(fixture::IMAGE, runner_image(&config.binaries))
}

/// What `docker/runner.Dockerfile` makes, as a process of this machine: our PID 1 and a runner distribution beside it.
fn runner_image(binaries: &Binaries) -> LocalImage {
    let bin_dir = binaries.folder().to_path_buf();
    LocalImage::new(binaries.path("runner-entrypoint")).args(["runner"]).lay_out(move |folder| {
        let runner = folder.join("runner");
        distribution::lay_out(&runner, &bin_dir)?;
        Ok(vec![
            (env::RUNNER_DIR.to_owned(), text(&runner)),
            (env::STATE_DIR.to_owned(), text(&folder.join("state"))),
            // The sandbox's tasks share its user: nobody may change users without being root, and no test needs it.
            (env::RUNNER_USER.to_owned(), own_user()),
            ("HOME".to_owned(), text(folder)),
        ])
    })
}

fn own_user() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::effective());
    user.ok().flatten().map_or_else(|| "root".to_owned(), |user| user.name)
}
