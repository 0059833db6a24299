//! What can be typed. No defaults and no checks here: `config` lays flags over environment over `mayfly.toml` over defaults,
//! and reports all faults at once.

pub mod preview;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use self::preview::{CommentArgs, PreviewCommand};

/// Starts a machine for one purpose and makes sure that it ends.
#[derive(Debug, Parser)]
#[command(name = "mayfly", version, propagate_version = true, max_term_width = 120)]
#[command(
    after_help = "Every setting can also stand in the environment or in mayfly.toml: flag over environment over file over default."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Configuration file [default: mayfly.toml where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How to answer
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// Say more on stderr; twice: requests as well
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs; the schema is documented in orchestrator/docs/output.md.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ephemeral GitHub Actions runners
    #[command(subcommand)]
    Runner(RunnerCommand),
    /// A pull request's app under a lease, with a URL
    #[command(subcommand)]
    Preview(Box<PreviewCommand>),
    /// Do what a comment at a pull request asks for: /preview up, extend, down, status, validate, help
    Comment(Box<CommentArgs>),
    /// One pass over both sides: end what is past its lifetime, delete ghosts, touch nothing that is not ours
    Reap(ReapArgs),
}

/// Commands on runners.
#[derive(Debug, Subcommand)]
pub enum RunnerCommand {
    /// Start a machine whose runner takes jobs with `runs-on: [self-hosted, <label>]`
    Start(Box<StartArgs>),
    /// End a machine: delete the runner first, stop the task after
    Stop(StopArgs),
    /// Both sides joined, one line each; ghosts and orphans are marked
    List(ListArgs),
    /// Wait until a runner is online, or until it is done
    Wait(WaitArgs),
    /// What a machine printed
    Logs(LogsArgs),
}

/// Where things are: shared by all commands.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Where")]
pub struct PlaceArgs {
    /// AWS region [env: AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// ECS cluster, by name or ARN [env: MAYFLY_CLUSTER]
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// IAM role that GitHub's OIDC token is traded for, inside a workflow [env: MAYFLY_ROLE_ARN]
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Audience of the OIDC token [default: sts.amazonaws.com] [env: MAYFLY_AUDIENCE]
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: Option<String>,
    /// Repository of the runner or the pull request [env: MAYFLY_REPO, GITHUB_REPOSITORY]
    #[arg(long, value_name = "OWNER/REPO", group = "scope")]
    pub repo: Option<String>,
    /// Organisation that the runner belongs to [env: MAYFLY_ORG]
    #[arg(long, value_name = "ORG", group = "scope")]
    pub org: Option<String>,
    /// Enterprise that the runner belongs to [env: MAYFLY_ENTERPRISE]
    #[arg(long, value_name = "ENTERPRISE", group = "scope")]
    pub enterprise: Option<String>,
    /// GitHub's REST API; on GHES https://HOST/api/v3 [env: MAYFLY_GITHUB_API_URL, GITHUB_API_URL]
    #[arg(long, value_name = "URL")]
    pub github_api_url: Option<String>,
}

/// `mayfly runner start`.
#[derive(Clone, Debug, Default, Args)]
pub struct StartArgs {
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,

    /// fargate, fargate-spot, ec2 or local [env: MAYFLY_LAUNCH_MODE]
    #[arg(long, value_name = "MODE", help_heading = "Machine")]
    pub launch_mode: Option<String>,
    /// Profile in mayfly.toml; one run may start several, one per key [default: default] [env: MAYFLY_KEY]
    #[arg(long, value_name = "KEY", help_heading = "Machine")]
    pub key: Option<String>,
    /// So many machines with one label, for a matrix [default: 1] [env: MAYFLY_COUNT]
    #[arg(long, value_name = "N", help_heading = "Machine")]
    pub count: Option<String>,
    /// Task definition: family, family:revision or ARN [default: mayfly-runner-fargate, mayfly-runner-ec2] [env: MAYFLY_TASK_DEFINITION]
    #[arg(long, value_name = "FAMILY", help_heading = "Machine")]
    pub task_definition: Option<String>,
    /// Container of the task definition that is PID 1's [default: runner] [env: MAYFLY_CONTAINER]
    #[arg(long, value_name = "NAME", help_heading = "Machine")]
    pub container: Option<String>,
    /// bridge or awsvpc [default: awsvpc on Fargate; bridge on EC2, unless --subnets is given] [env: MAYFLY_NETWORK]
    #[arg(long, value_name = "NETWORK", help_heading = "Machine")]
    pub network: Option<String>,
    /// Subnets, separated by commas; needed for awsvpc, which Fargate always is [env: MAYFLY_SUBNETS]
    #[arg(long, value_name = "IDS", help_heading = "Machine")]
    pub subnets: Option<String>,
    /// Security groups, separated by commas [env: MAYFLY_SECURITY_GROUPS]
    #[arg(long, value_name = "IDS", help_heading = "Machine")]
    pub security_groups: Option<String>,
    /// Give the task a public address: true or false [default: false] [env: MAYFLY_ASSIGN_PUBLIC_IP]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", help_heading = "Machine")]
    pub assign_public_ip: Option<String>,
    /// CPU units (1024 = one vCPU) instead of the task definition's [env: MAYFLY_CPU]
    #[arg(long, value_name = "UNITS", help_heading = "Machine")]
    pub cpu: Option<String>,
    /// MiB of memory instead of the task definition's [env: MAYFLY_MEMORY]
    #[arg(long, value_name = "MIB", help_heading = "Machine")]
    pub memory: Option<String>,
    /// GiB of disk, 21 to 200, Fargate only [env: MAYFLY_EPHEMERAL_STORAGE]
    #[arg(long, value_name = "GIB", help_heading = "Machine")]
    pub ephemeral_storage: Option<String>,
    /// Fargate platform version [default: LATEST] [env: MAYFLY_PLATFORM]
    #[arg(long, value_name = "VERSION", help_heading = "Machine")]
    pub platform: Option<String>,
    /// Capacity provider for launch mode ec2, which can scale from zero, instead of launch type EC2 [env: MAYFLY_CAPACITY_PROVIDER]
    #[arg(long, value_name = "NAME", help_heading = "Machine")]
    pub capacity_provider: Option<String>,
    /// Variable for the job, NAME=VALUE; may be repeated. Not for secrets: DescribeTasks shows it
    #[arg(long = "env", value_name = "NAME=VALUE", help_heading = "Machine")]
    pub job_env: Vec<String>,
    /// Runner distribution for launch mode local (has bin/Runner.Listener); else it is downloaded [env: MAYFLY_RUNNER_DIST]
    #[arg(long, value_name = "DIR", help_heading = "Machine")]
    pub runner_dist: Option<String>,

    /// Runner group, by name or number [env: MAYFLY_RUNNER_GROUP]
    #[arg(long, value_name = "GROUP", help_heading = "Runner")]
    pub runner_group: Option<String>,
    /// A further label; may be repeated. A generic one lets jobs of others take this machine
    #[arg(long = "label", value_name = "LABEL", help_heading = "Runner")]
    pub labels: Vec<String>,
    /// Serve several jobs on one registration; ends by idle time, lifetime or `mayfly runner stop`
    #[arg(long, help_heading = "Runner")]
    pub multi_job: bool,
    /// Leave when no job came for so long [default: 10m] [env: MAYFLY_MAX_IDLE]
    #[arg(long, value_name = "DURATION", help_heading = "Runner")]
    pub max_idle: Option<String>,
    /// Leave when so old, whatever runs [default: 5d2h, GitHub ends jobs after 5d] [env: MAYFLY_MAX_LIFETIME]
    #[arg(long, value_name = "DURATION", help_heading = "Runner")]
    pub max_lifetime: Option<String>,
    /// How the machine gets the right to register: task, parameter or token [default: task] [env: MAYFLY_HANDOVER]
    #[arg(long, value_name = "HOW", help_heading = "Runner")]
    pub handover: Option<String>,

    /// none, running or online [default: online in a workflow, else running] [env: MAYFLY_WAIT]
    #[arg(long, value_name = "STATE", help_heading = "Waiting")]
    pub wait: Option<String>,
    /// Give up waiting after so long, and clean up [default: 10m] [env: MAYFLY_WAIT_TIMEOUT]
    #[arg(long, value_name = "DURATION", help_heading = "Waiting")]
    pub wait_timeout: Option<String>,
    /// Leave what was started running when the wait fails or is cancelled
    #[arg(long, help_heading = "Waiting")]
    pub keep: bool,
    /// Print the exact request and start nothing
    #[arg(long, help_heading = "Waiting")]
    pub dry_run: bool,
}

/// `mayfly runner stop`.
#[derive(Clone, Debug, Args)]
pub struct StopArgs {
    /// The label that `start` printed
    #[arg(long, value_name = "UUID")]
    pub label: String,
    /// End it although a job runs, or although nobody can tell
    #[arg(long)]
    pub force: bool,
    /// Say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `mayfly runner list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Show ended machines as well, as long as ECS remembers them (an hour)
    #[arg(long)]
    pub all: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `mayfly runner wait`.
#[derive(Clone, Debug, Args)]
pub struct WaitArgs {
    /// The label that `start` printed
    #[arg(long, value_name = "UUID")]
    pub label: String,
    /// What to wait for
    #[arg(long, value_enum, default_value_t = Until::Done)]
    pub until: Until,
    /// Give up after so long
    #[arg(long, value_name = "DURATION", default_value = "6h")]
    pub timeout: String,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// What `mayfly runner wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// The runner listens for jobs.
    Online,
    /// The machine has ended.
    Done,
}

/// `mayfly runner logs`.
#[derive(Clone, Debug, Args)]
pub struct LogsArgs {
    /// The label that `start` printed
    #[arg(long, value_name = "UUID")]
    pub label: String,
    /// Go on until the machine has ended
    #[arg(long, short)]
    pub follow: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `mayfly reap`.
#[derive(Clone, Debug, Args)]
pub struct ReapArgs {
    /// Say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Leave alone what is younger than this
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    pub grace: String,
    /// Delete images of closed pull requests as well: tags pr-N and pr-N-… of the repository of --image
    #[arg(long)]
    pub images: bool,
    /// ARN of the load balancer's listener that previews are exposed by [env: MAYFLY_PREVIEW_LISTENER]
    #[arg(long, value_name = "ARN")]
    pub listener: Option<String>,
    /// The image that previews are launched from [env: MAYFLY_PREVIEW_IMAGE]
    #[arg(long, value_name = "REF")]
    pub image: Option<String>,
    /// What pull requests are told by: comment, deployment, status, or none [env: MAYFLY_PREVIEW_PUBLISH]
    #[arg(long, value_name = "LIST")]
    pub publish: Option<String>,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

#[cfg(test)]
mod tests;
