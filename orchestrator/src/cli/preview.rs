//! What can be typed about previews.

use clap::{Args, Subcommand};

use super::PlaceArgs;
use crate::config::settings::{Flags, given};

/// Commands on previews.
#[derive(Debug, Subcommand)]
pub enum PreviewCommand {
    /// Start a pull request's app under a lease, and say where it is reached
    Up(Box<UpArgs>),
    /// End a pull request's preview and remove all that it made
    Down(DownArgs),
    /// Renew the lease, up to its cap; succeeds only when the supervisor has taken it
    Extend(ExtendArgs),
    /// All previews: where, until when, whose, and what they have cost
    List(PreviewListArgs),
    /// What a preview's app has printed
    Logs(PreviewLogsArgs),
    /// Where a preview is reached, alone on a line
    Url(UrlArgs),
    /// Wait until a preview is ready, or until it has ended; meanwhile the pull request is kept up to date
    Wait(PreviewWaitArgs),
    /// Look whether previews could be launched here: listener, certificate, DNS, roles, image, room
    Validate(Box<ValidateArgs>),
    /// Build the image of a pull request with CodeBuild, and say its digest
    Build(BuildArgs),
}

/// How a preview is launched and exposed: shared by `up` and `mayfly comment`.
#[derive(Clone, Debug, Default, Args)]
pub struct LaunchArgs {
    /// fargate, fargate-spot, ec2 or local; a list is tried in order [env: MAYFLY_PREVIEW_LAUNCH_MODE]
    #[arg(long, value_name = "MODES", help_heading = "Machine")]
    pub launch_mode: Option<String>,
    /// What the app is: a task definition as ECS exports it [default: mayfly.toml, section [preview]]
    #[arg(long, value_name = "FILE", help_heading = "App", conflicts_with = "compose")]
    pub template: Option<String>,
    /// What the app is: a docker-compose.yml
    #[arg(long, value_name = "FILE", help_heading = "App")]
    pub compose: Option<String>,
    /// What docker-compose cannot say: an ecs-params.yml
    #[arg(long, value_name = "FILE", help_heading = "App", requires = "compose")]
    pub ecs_params: Option<String>,
    /// The app's container in the template, where it does not say
    #[arg(long, value_name = "NAME", help_heading = "App")]
    pub app: Option<String>,
    /// The app's port, where the template does not say
    #[arg(long, value_name = "PORT", help_heading = "App")]
    pub port: Option<String>,
    /// The path that shows that the app is ready, where the template does not say
    #[arg(long, value_name = "PATH", help_heading = "App")]
    pub health_path: Option<String>,
    /// Image of runner-entrypoint, copied into apps that do not have it [env: MAYFLY_PREVIEW_SUPERVISOR_IMAGE]
    #[arg(long, value_name = "IMAGE", help_heading = "App")]
    pub supervisor_image: Option<String>,
    /// Where the app's own image has runner-entrypoint [env: MAYFLY_PREVIEW_SUPERVISOR_PATH]
    #[arg(long, value_name = "PATH", help_heading = "App")]
    pub supervisor_path: Option<String>,
    /// CPU units (1024 = one vCPU) instead of the template's [env: MAYFLY_PREVIEW_CPU]
    #[arg(long, value_name = "UNITS", help_heading = "Machine")]
    pub cpu: Option<String>,
    /// MiB of memory instead of the template's [env: MAYFLY_PREVIEW_MEMORY]
    #[arg(long, value_name = "MIB", help_heading = "Machine")]
    pub memory: Option<String>,
    /// bridge or awsvpc, on EC2 [default: bridge, unless --subnets is given] [env: MAYFLY_PREVIEW_NETWORK]
    #[arg(long, value_name = "NETWORK", help_heading = "Machine")]
    pub network: Option<String>,
    /// Subnets, separated by commas [env: MAYFLY_PREVIEW_SUBNETS, MAYFLY_SUBNETS]
    #[arg(long, value_name = "IDS", help_heading = "Machine")]
    pub subnets: Option<String>,
    /// Security groups, separated by commas [env: MAYFLY_PREVIEW_SECURITY_GROUPS, MAYFLY_SECURITY_GROUPS]
    #[arg(long, value_name = "IDS", help_heading = "Machine")]
    pub security_groups: Option<String>,
    /// Security groups of pull requests from forks; without them forks get no preview [env: MAYFLY_PREVIEW_FORK_SECURITY_GROUPS]
    #[arg(long, value_name = "IDS", help_heading = "Machine")]
    pub fork_security_groups: Option<String>,
    /// Give the task a public address [default: true with --expose public-ip] [env: MAYFLY_PREVIEW_ASSIGN_PUBLIC_IP]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", help_heading = "Machine")]
    pub assign_public_ip: Option<String>,
    /// Capacity provider for launch mode ec2 [env: MAYFLY_PREVIEW_CAPACITY_PROVIDER]
    #[arg(long, value_name = "NAME", help_heading = "Machine")]
    pub capacity_provider: Option<String>,
    /// Fargate platform version [default: LATEST] [env: MAYFLY_PREVIEW_PLATFORM]
    #[arg(long, value_name = "VERSION", help_heading = "Machine")]
    pub platform: Option<String>,
    /// CloudWatch log group of containers whose template names none [env: MAYFLY_PREVIEW_LOG_GROUP]
    #[arg(long, value_name = "GROUP", help_heading = "Machine")]
    pub log_group: Option<String>,
    /// Let people in by ECS Exec
    #[arg(long, help_heading = "Machine")]
    pub exec: bool,

    /// public-ip, private-ip, alb or local [default: alb with --listener, else public-ip; local with launch mode local] [env: MAYFLY_PREVIEW_EXPOSE]
    #[arg(long, value_name = "WAY", help_heading = "Address")]
    pub expose: Option<String>,
    /// ARN of the load balancer's listener, for alb [env: MAYFLY_PREVIEW_LISTENER]
    #[arg(long, value_name = "ARN", help_heading = "Address")]
    pub listener: Option<String>,
    /// Previews are at pr-N.<base domain>, for alb [env: MAYFLY_PREVIEW_BASE_DOMAIN]
    #[arg(long, value_name = "DOMAIN", help_heading = "Address")]
    pub base_domain: Option<String>,

    /// Lease [default: 2h] [env: MAYFLY_PREVIEW_TTL]
    #[arg(long, value_name = "DURATION", help_heading = "Life")]
    pub ttl: Option<String>,
    /// No extension goes beyond so long after the start [default: 48h] [env: MAYFLY_PREVIEW_MAX_TTL]
    #[arg(long, value_name = "DURATION", help_heading = "Life")]
    pub max_ttl: Option<String>,
    /// The most that a pull request from a fork gets, lease and cap [default: 1h] [env: MAYFLY_PREVIEW_FORK_TTL]
    #[arg(long, value_name = "DURATION", help_heading = "Life")]
    pub fork_ttl: Option<String>,
    /// Warn so long before the end [default: 10m] [env: MAYFLY_PREVIEW_WARN]
    #[arg(long, value_name = "DURATION", help_heading = "Life")]
    pub warn: Option<String>,
    /// End the app after so long without traffic [default: never] [env: MAYFLY_PREVIEW_IDLE]
    #[arg(long, value_name = "DURATION", help_heading = "Life")]
    pub idle: Option<String>,
    /// How long the app may take to get ready [default: 10m] [env: MAYFLY_PREVIEW_READY_TIMEOUT]
    #[arg(long, value_name = "DURATION", help_heading = "Life")]
    pub ready_timeout: Option<String>,

    /// So many previews at once in the cluster [default: no limit] [env: MAYFLY_PREVIEW_MAX]
    #[arg(long, value_name = "N", help_heading = "Guards")]
    pub max_previews: Option<String>,
    /// refuse, or wait for a place [default: refuse] [env: MAYFLY_PREVIEW_WHEN_FULL]
    #[arg(long, value_name = "WHAT", help_heading = "Guards")]
    pub when_full: Option<String>,
    /// Refuse a preview that costs more per hour, in US dollars [default: no limit] [env: MAYFLY_PREVIEW_MAX_HOURLY]
    #[arg(long, value_name = "USD", help_heading = "Guards")]
    pub max_hourly: Option<String>,
    /// What the pull request is told by: comment, deployment, status, or none [default: comment,deployment,status] [env: MAYFLY_PREVIEW_PUBLISH]
    #[arg(long, value_name = "LIST", help_heading = "Pull request")]
    pub publish: Option<String>,
}

/// `mayfly preview up`.
#[derive(Clone, Debug, Default, Args)]
pub struct UpArgs {
    /// The pull request [default: the one of the workflow run]
    #[arg(long, value_name = "N")]
    pub pr: Option<String>,
    /// The app's image; {pr} and {sha} are filled in [env: MAYFLY_PREVIEW_IMAGE]
    #[arg(long, value_name = "REF")]
    pub image: Option<String>,
    /// The commit that the image was built from [default: the pull request's head]
    #[arg(long, value_name = "SHA")]
    pub sha: Option<String>,
    /// Variable for the app, NAME=VALUE, within the template's allow_env; may be repeated. Not for secrets
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// How it is launched.
    #[command(flatten)]
    pub launch: LaunchArgs,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Leave what was started running when the wait fails or is cancelled
    #[arg(long, help_heading = "Launch")]
    pub keep: bool,
    /// Print the task definition and the request, and start nothing
    #[arg(long, help_heading = "Launch")]
    pub dry_run: bool,
    /// The app's own command, where the template has none
    #[arg(last = true, value_name = "COMMAND", help_heading = "App")]
    pub command: Vec<String>,
}

/// Which preview: the one of a pull request.
#[derive(Clone, Debug, Default, Args)]
pub struct SlotArgs {
    /// The pull request [default: the one of the workflow run]
    #[arg(long, value_name = "N")]
    pub pr: Option<String>,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// ARN of the load balancer's listener [env: MAYFLY_PREVIEW_LISTENER]
    #[arg(long, value_name = "ARN")]
    pub listener: Option<String>,
    /// Previews are at pr-N.<base domain> [env: MAYFLY_PREVIEW_BASE_DOMAIN]
    #[arg(long, value_name = "DOMAIN")]
    pub base_domain: Option<String>,
    /// What the pull request is told by: comment, deployment, status, or none [env: MAYFLY_PREVIEW_PUBLISH]
    #[arg(long, value_name = "LIST")]
    pub publish: Option<String>,
}

/// `mayfly preview down`.
#[derive(Clone, Debug, Default, Args)]
pub struct DownArgs {
    /// Which.
    #[command(flatten)]
    pub slot: SlotArgs,
    /// Say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

/// `mayfly preview extend`.
#[derive(Clone, Debug, Default, Args)]
pub struct ExtendArgs {
    /// So much longer
    #[arg(value_name = "DURATION", default_value = "2h")]
    pub by: String,
    /// Which.
    #[command(flatten)]
    pub slot: SlotArgs,
    /// How long the supervisor may take to say that it has taken it; it looks every 30 s
    #[arg(long, value_name = "DURATION", default_value = "90s")]
    pub confirm_timeout: String,
    /// Say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

/// `mayfly preview list`.
#[derive(Clone, Debug, Default, Args)]
pub struct PreviewListArgs {
    /// Show ended ones as well, as long as ECS remembers them (an hour)
    #[arg(long)]
    pub all: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `mayfly preview logs`.
#[derive(Clone, Debug, Default, Args)]
pub struct PreviewLogsArgs {
    /// Which.
    #[command(flatten)]
    pub slot: SlotArgs,
    /// The container [default: the app's]
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// Go on until the preview has ended
    #[arg(long, short)]
    pub follow: bool,
}

/// `mayfly preview url`.
#[derive(Clone, Debug, Default, Args)]
pub struct UrlArgs {
    /// Which.
    #[command(flatten)]
    pub slot: SlotArgs,
}

/// `mayfly preview wait`.
#[derive(Clone, Debug, Args)]
pub struct PreviewWaitArgs {
    /// Which.
    #[command(flatten)]
    pub slot: SlotArgs,
    /// What to wait for
    #[arg(long, value_enum, default_value_t = WaitUntil::Ended)]
    pub until: WaitUntil,
    /// Give up after so long
    #[arg(long, value_name = "DURATION", default_value = "50h")]
    pub timeout: String,
}

/// What `mayfly preview wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum WaitUntil {
    /// Its page answers.
    Ready,
    /// It has ended.
    Ended,
}

/// `mayfly preview validate`.
#[derive(Clone, Debug, Default, Args)]
pub struct ValidateArgs {
    /// The app's image; {pr} and {sha} are filled in [env: MAYFLY_PREVIEW_IMAGE]
    #[arg(long, value_name = "REF")]
    pub image: Option<String>,
    /// How previews are launched.
    #[command(flatten)]
    pub launch: LaunchArgs,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `mayfly preview build`.
#[derive(Clone, Debug, Default, Args)]
pub struct BuildArgs {
    /// The CodeBuild project that builds and pushes the image
    #[arg(long, value_name = "PROJECT")]
    pub codebuild: String,
    /// The pull request [default: the one of the workflow run]
    #[arg(long, value_name = "N")]
    pub pr: Option<String>,
    /// The commit to build
    #[arg(long, value_name = "SHA")]
    pub sha: String,
    /// Variable for the build, NAME=VALUE; may be repeated. Not for secrets
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Give up waiting after so long; the build goes on
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub timeout: String,
    /// Say what would be built
    #[arg(long)]
    pub dry_run: bool,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `mayfly comment`.
#[derive(Clone, Debug, Default, Args)]
pub struct CommentArgs {
    /// The event's payload [env: GITHUB_EVENT_PATH]
    #[arg(long, value_name = "FILE")]
    pub event: Option<String>,
    /// Who may: write, maintain, admin, or org-member [default: write] [env: MAYFLY_PREVIEW_ALLOW]
    #[arg(long, value_name = "WHO")]
    pub allow: Option<String>,
    /// The app's image; {pr} and {sha} are filled in [env: MAYFLY_PREVIEW_IMAGE]
    #[arg(long, value_name = "REF")]
    pub image: Option<String>,
    /// How previews are launched.
    #[command(flatten)]
    pub launch: LaunchArgs,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

impl LaunchArgs {
    /// The flags that were given.
    pub fn flags(&self) -> Flags {
        given([
            ("launch_mode", &self.launch_mode),
            ("supervisor_image", &self.supervisor_image),
            ("supervisor_path", &self.supervisor_path),
            ("cpu", &self.cpu),
            ("memory", &self.memory),
            ("network", &self.network),
            ("subnets", &self.subnets),
            ("security_groups", &self.security_groups),
            ("fork_security_groups", &self.fork_security_groups),
            ("assign_public_ip", &self.assign_public_ip),
            ("capacity_provider", &self.capacity_provider),
            ("platform", &self.platform),
            ("log_group", &self.log_group),
            ("expose", &self.expose),
            ("listener", &self.listener),
            ("base_domain", &self.base_domain),
            ("ttl", &self.ttl),
            ("max_ttl", &self.max_ttl),
            ("fork_ttl", &self.fork_ttl),
            ("warn", &self.warn),
            ("idle", &self.idle),
            ("ready_timeout", &self.ready_timeout),
            ("max_previews", &self.max_previews),
            ("when_full", &self.when_full),
            ("max_hourly", &self.max_hourly),
            ("publish", &self.publish),
        ])
    }
}

/// The flags of a command that launches.
pub fn launch_flags(place: &PlaceArgs, launch: &LaunchArgs, image: &Option<String>) -> Flags {
    let mut flags = place.flags();
    flags.extend(launch.flags());
    flags.extend(given([("image", image)]));
    flags
}

impl SlotArgs {
    /// The flags that were given.
    pub fn flags(&self) -> Flags {
        let mut flags = self.place.flags();
        flags.extend(given([
            ("listener", &self.listener),
            ("base_domain", &self.base_domain),
            ("publish", &self.publish),
        ]));
        flags
    }
}
