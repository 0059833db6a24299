//! What `mayfly runner start` is asked to do.

use std::time::Duration;

use contract::{Scope, env};

use super::{ConfigError, Faults, PlaceConfig, Settings, Vars};
use crate::cli::StartArgs;
use crate::model::{Identity, LaunchMode, Limits, RunnerSpec};

/// Enough for a slow image pull to be over and the upstream job to end; short enough to cost cents when no job comes.
const DEFAULT_MAX_IDLE: Duration = Duration::from_secs(10 * 60);
/// GitHub ends a job on a self-hosted runner after five days (GitHub's documented usage limits); two hours later nobody can
/// be using the machine.
const DEFAULT_MAX_LIFETIME: Duration = Duration::from_secs(5 * 86_400 + 2 * 3_600);
/// Longer than a Fargate launch of a large image takes.
const DEFAULT_WAIT_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// A matrix has at most 256 jobs.
const MAX_COUNT: u32 = 256;
/// A tag's value may be longer, but a key stands in names and tables.
const MAX_KEY: usize = 64;

/// How the machine gets the right to register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// The task definition injects it; nothing secret leaves the orchestrator.
    Task,
    /// A one-shot SSM parameter, deleted once it was read.
    Parameter,
    /// A short-lived token in the overrides, which DescribeTasks shows.
    Token,
}

/// What to wait for before `start` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// Nothing.
    None,
    /// The container runs.
    Running,
    /// The runner listens for jobs.
    Online,
}

/// Where the machine runs.
#[derive(Clone, Debug)]
pub enum Machine {
    /// On ECS.
    Ecs(EcsMachine),
    /// On this machine.
    Local {
        /// The runner distribution; none: download it.
        runner_dist: Option<String>,
    },
}

/// A machine on ECS.
#[derive(Clone, Debug)]
pub struct EcsMachine {
    /// Never `Local`.
    pub mode: LaunchMode,
    /// Family, family:revision or ARN.
    pub task_definition: String,
    /// Container whose PID 1 is ours.
    pub container: String,
    /// The network, for awsvpc; none means the instance's bridge.
    pub network: Option<Network>,
    /// CPU units.
    pub cpu: Option<u32>,
    /// MiB.
    pub memory: Option<u32>,
    /// GiB.
    pub ephemeral_storage: Option<u32>,
    /// Fargate platform version.
    pub platform_version: Option<String>,
    /// Capacity provider for EC2.
    pub capacity_provider: Option<String>,
}

/// An awsvpc network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Never empty.
    pub subnets: Vec<String>,
    /// May be empty: the VPC's default group.
    pub security_groups: Vec<String>,
    /// Public address.
    pub assign_public_ip: bool,
}

/// Everything that `start` was asked for, valid as a whole.
#[derive(Clone, Debug)]
pub struct StartConfig {
    /// Surroundings.
    pub place: PlaceConfig,
    /// Where to.
    pub machine: Machine,
    /// What.
    pub runner: RunnerSpec,
    /// Which.
    pub identity: Identity,
    /// How many.
    pub count: u32,
    /// The right to register.
    pub handover: Handover,
    /// What to wait for.
    pub wait: WaitFor,
    /// How long.
    pub wait_timeout: Duration,
    /// Leave everything running when the wait fails.
    pub keep: bool,
    /// Print, don't start.
    pub dry_run: bool,
}

impl StartConfig {
    /// Resolves all settings.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn resolve(args: &StartArgs, settings: &Settings, vars: Vars<'_>) -> Result<Self, ConfigError> {
        let mut faults = Faults::default();
        let mode = launch_mode(settings, vars, &mut faults);
        let place = PlaceConfig::resolve(settings, vars, mode.is_ecs(), &mut faults);
        let key = key(settings, &mut faults);
        let handover = handover(settings, &place, mode, &mut faults);
        let machine = machine(settings, mode, &mut faults);
        let identity = Identity::new(place.run.as_ref(), &key, place.namespace.as_ref());
        let runner = runner(args, settings, vars, &place, mode, key, &mut faults);
        let config = runner.map(|runner| Self {
            machine,
            runner,
            identity,
            count: settings.number("count", (1, MAX_COUNT), &mut faults).unwrap_or(1),
            handover,
            wait: wait_for(settings, place.in_workflow, &mut faults),
            wait_timeout: settings.duration("wait_timeout", DEFAULT_WAIT_TIMEOUT, &mut faults),
            keep: args.keep,
            dry_run: args.dry_run,
            place,
        });
        faults.into_result(config)
    }

    /// The launch mode.
    pub fn mode(&self) -> LaunchMode {
        match &self.machine {
            Machine::Ecs(machine) => machine.mode,
            Machine::Local { .. } => LaunchMode::Local,
        }
    }
}

/// The mode that was asked for. `local` is the default only outside of workflows and only when nothing names AWS: inside of
/// one a missing setting must be an error, never a silent launch on the hosted runner itself.
fn launch_mode(settings: &Settings, vars: Vars<'_>, faults: &mut Faults) -> LaunchMode {
    if settings.get("launch_mode").is_some() {
        return settings.parsed("launch_mode", faults).unwrap_or(LaunchMode::Fargate);
    }
    let in_workflow = vars("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    let names_aws =
        ["cluster", "role_arn", "subnets", "task_definition", "region"].iter().any(|name| settings.get(name).is_some());
    if in_workflow || names_aws { LaunchMode::Fargate } else { LaunchMode::Local }
}

fn key(settings: &Settings, faults: &mut Faults) -> String {
    let Some(sourced) = settings.get("key") else { return "default".to_owned() };
    let fits = (1..=MAX_KEY).contains(&sourced.value.len())
        && sourced.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !fits {
        let shown: String = sourced.value.chars().take(40).collect();
        let length = sourced.value.chars().count();
        let text = format!(
            "\"{shown}\" ({length} characters) cannot be a key; a key has 1 to {MAX_KEY} letters, digits, hyphens, underscores and dots"
        );
        faults.add(&sourced.place, text);
    }
    sourced.value.clone()
}

fn handover(settings: &Settings, place: &PlaceConfig, mode: LaunchMode, faults: &mut Faults) -> Handover {
    let handover = match settings.get("handover").map(|sourced| sourced.value.as_str()) {
        None | Some("task") => Handover::Task,
        Some("parameter") => Handover::Parameter,
        Some("token") => Handover::Token,
        Some(other) => {
            faults.add(
                settings.place("handover"),
                format!("\"{other}\" is not a handover; choose task, parameter or token"),
            );
            Handover::Task
        }
    };
    let needs_credential = handover != Handover::Task || mode == LaunchMode::Local;
    if needs_credential && place.github.credential.is_none() {
        let (app, key, token) = (env::GITHUB_APP_ID, env::GITHUB_APP_PRIVATE_KEY, env::GITHUB_TOKEN);
        let why = if mode.is_ecs() { "this handover" } else { "launch mode local" };
        faults.add(token, format!("is missing; {why} needs a credential here: set {token}, or {app} and {key}"));
    }
    handover
}

fn wait_for(settings: &Settings, in_workflow: bool, faults: &mut Faults) -> WaitFor {
    let default = if in_workflow { WaitFor::Online } else { WaitFor::Running };
    match settings.get("wait").map(|sourced| sourced.value.as_str()) {
        None => default,
        Some("none") => WaitFor::None,
        Some("running") => WaitFor::Running,
        Some("online") => WaitFor::Online,
        Some(other) => {
            faults.add(
                settings.place("wait"),
                format!("\"{other}\" cannot be waited for; choose none, running or online"),
            );
            default
        }
    }
}

fn machine(settings: &Settings, mode: LaunchMode, faults: &mut Faults) -> Machine {
    if mode == LaunchMode::Local {
        return Machine::Local { runner_dist: settings.text("runner_dist") };
    }
    let machine = EcsMachine {
        mode,
        task_definition: filled(settings, "task_definition", mode.default_task_definition(), faults),
        container: filled(settings, "container", "runner", faults),
        network: network(settings, mode, faults),
        cpu: settings.number("cpu", (128, 192 * 1024), faults),
        memory: settings.number("memory", (128, 768 * 1024), faults),
        ephemeral_storage: settings.number("ephemeral_storage", (21, 200), faults),
        platform_version: settings.text("platform"),
        capacity_provider: settings.text("capacity_provider"),
    };
    check_fargate(&machine, settings, faults);
    check_ec2(&machine, settings, faults);
    Machine::Ecs(machine)
}

fn filled(settings: &Settings, name: &str, default: &str, faults: &mut Faults) -> String {
    match settings.text(name) {
        Some(value) if value.is_empty() => {
            faults.add(settings.place(name), "is empty");
            value
        }
        Some(value) => value,
        None => default.to_owned(),
    }
}

fn network(settings: &Settings, mode: LaunchMode, faults: &mut Faults) -> Option<Network> {
    if !wants_awsvpc(settings, mode, faults) {
        return None;
    }
    let network = Network {
        subnets: settings.list("subnets"),
        security_groups: settings.list("security_groups"),
        assign_public_ip: settings.truth("assign_public_ip", false, faults),
    };
    check_ids(settings, "subnets", "subnet-", &network.subnets, 16, faults);
    check_ids(settings, "security_groups", "sg-", &network.security_groups, 5, faults);
    if network.subnets.is_empty() {
        let text = "is missing; a task on Fargate needs a network: --subnets subnet-…, or set MAYFLY_SUBNETS (Terraform prints them)";
        faults.add(
            settings.place("subnets"),
            text.replace("on Fargate", if mode.is_fargate() { "on Fargate" } else { "in awsvpc mode" }),
        );
    }
    Some(network)
}

/// Fargate has awsvpc alone. On EC2 the task definition decides, and ECS refuses a network where it says bridge: subnets in a
/// variable that a workflow sets for both launch modes must not turn a bridge task into a refusal.
fn wants_awsvpc(settings: &Settings, mode: LaunchMode, faults: &mut Faults) -> bool {
    let default = mode.is_fargate() || settings.is_own("subnets");
    let wanted = match settings.get("network").map(|sourced| sourced.value.as_str()) {
        None => return default,
        Some("awsvpc") => true,
        Some("bridge") => false,
        Some(other) => {
            faults.add(settings.place("network"), format!("\"{other}\" is not a network; choose bridge or awsvpc"));
            return default;
        }
    };
    if mode.is_fargate() && !wanted {
        faults.add(settings.place("network"), "bridge is a network of EC2 instances; Fargate has awsvpc alone");
    }
    wanted
}

fn check_ids(settings: &Settings, name: &str, prefix: &str, ids: &[String], most: usize, faults: &mut Faults) {
    let is_id = |id: &String| {
        id.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit()))
    };
    for id in ids.iter().filter(|id| !is_id(id)) {
        faults.add(settings.place(name), format!("\"{id}\" does not look like {prefix}0a1b2c3d"));
    }
    if ids.len() > most {
        faults.add(settings.place(name), format!("has {} entries; ECS takes at most {most}", ids.len()));
    }
}

/// What Fargate takes: memory in MiB, from, to, in steps, by CPU units (AWS: task definition parameters for Fargate).
const FARGATE_SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2_048, 512),
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
    (8_192, 16_384, 61_440, 4_096),
    (16_384, 32_768, 122_880, 8_192),
];

fn check_fargate(machine: &EcsMachine, settings: &Settings, faults: &mut Faults) {
    if !machine.mode.is_fargate() {
        return;
    }
    if machine.capacity_provider.is_some() {
        let text = "names a provider of EC2 instances; launch modes fargate and fargate-spot have their own";
        faults.add(settings.place("capacity_provider"), text);
    }
    let Some(cpu) = machine.cpu else { return };
    let Some((_, low, high, step)) = FARGATE_SIZES.iter().find(|(units, ..)| *units == cpu) else {
        let units: Vec<String> = FARGATE_SIZES.iter().map(|(units, ..)| units.to_string()).collect();
        return faults
            .add(settings.place("cpu"), format!("Fargate has no size of {cpu} units; choose {}", units.join(", ")));
    };
    let Some(memory) = machine.memory else { return };
    // 256 units have 512, 1024 and 2048 MiB only.
    let fits = (*low..=*high).contains(&memory) && memory % step == 0 && (cpu != 256 || memory != 1_536);
    if !fits {
        let text = format!("Fargate gives {cpu} CPU units from {low} to {high} MiB in steps of {step}, not {memory}");
        faults.add(settings.place("memory"), text);
    }
}

fn check_ec2(machine: &EcsMachine, settings: &Settings, faults: &mut Faults) {
    if machine.mode != LaunchMode::Ec2 {
        return;
    }
    if machine.network.as_ref().is_some_and(|network| network.assign_public_ip) {
        let text = "ECS gives no public address to tasks on EC2 instances; use a NAT gateway, or bridge networking (no subnets)";
        faults.add(settings.place("assign_public_ip"), text);
    }
    for (name, given) in
        [("ephemeral_storage", machine.ephemeral_storage.is_some()), ("platform", machine.platform_version.is_some())]
    {
        if given {
            faults.add(settings.place(name), "is a setting of Fargate; on EC2 the instance decides");
        }
    }
}

fn runner(
    args: &StartArgs,
    settings: &Settings,
    vars: Vars<'_>,
    place: &PlaceConfig,
    mode: LaunchMode,
    key: String,
    faults: &mut Faults,
) -> Option<RunnerSpec> {
    let runner_group = settings.text("runner_group");
    let limits = limits(settings, faults);
    let job_env = args.job_env.iter().filter_map(|pair| faults.take("--env", job_variable(pair))).collect();
    check_labels(&args.labels, faults);
    let Some(scope) = place.github.scope.clone() else {
        if !["repo", "org", "enterprise"].iter().any(|name| settings.get(name).is_some()) {
            faults.add(
                "--repo",
                "is missing; say where the runner belongs: --repo OWNER/REPO, --org ORG or --enterprise NAME",
            );
        }
        return None;
    };
    if runner_group.is_some() && matches!(scope, Scope::Repo { .. }) {
        let text = "a runner of a repository belongs to no group; use --org or --enterprise, or leave the group out";
        faults.add(settings.place("runner_group"), text);
    }
    Some(RunnerSpec {
        scope,
        runner_group,
        extra_labels: args.labels.clone(),
        multi_job: args.multi_job,
        limits,
        key,
        run: place.run.clone(),
        github_api_url: place.github.api_url_text.clone(),
        github_server_url: place.github.server_url.clone(),
        job_env,
        passed_through: passed_through(vars, mode),
    })
}

fn limits(settings: &Settings, faults: &mut Faults) -> Limits {
    let limits = Limits {
        max_idle: settings.duration("max_idle", DEFAULT_MAX_IDLE, faults),
        max_lifetime: settings.duration("max_lifetime", DEFAULT_MAX_LIFETIME, faults),
    };
    if limits.max_idle > limits.max_lifetime {
        faults.add(settings.place("max_idle"), "is longer than max-lifetime, so it could never be reached");
    }
    limits
}

fn check_labels(labels: &[String], faults: &mut Faults) {
    for label in labels {
        if label.trim().is_empty() {
            faults.add("--label", "is empty; a label has 1 to 256 characters");
        } else if label.len() > 256 || label.contains([',', '\n']) {
            faults.add("--label", format!("\"{label}\" cannot be a label; it has 1 to 256 characters and no comma"));
        }
    }
}

fn job_variable(pair: &str) -> Result<(String, String), String> {
    let fault = |why: &str| Err(format!("\"{}\" {why}", pair.split('=').next().unwrap_or_default()));
    let Some((name, value)) = pair.split_once('=') else { return fault("has no value; write NAME=VALUE") };
    let first_fits = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first_fits || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return fault("is not a variable's name; it has letters, digits and underscores");
    }
    if ["MAYFLY_", "ACTIONS_RUNNER_INPUT_", "AWS_CONTAINER_"].iter().any(|prefix| name.starts_with(prefix)) {
        return fault("belongs to the machine itself and cannot be given to a job");
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// What of this step's surroundings is that of the machine and its job as well. A proxy is an address, good everywhere; a
/// certificate setting is a path, which a container knows nothing of: there the image, the task definition or `--env` sets it.
fn passed_through(vars: Vars<'_>, mode: LaunchMode) -> Vec<(String, String)> {
    let fits = |name: &str| !mode.is_ecs() || name.to_ascii_uppercase().ends_with("_PROXY");
    let names = env::PASSED_THROUGH.iter().filter(|name| fits(name));
    names.filter_map(|name| Some(((*name).to_owned(), vars(name).filter(|value| !value.is_empty())?))).collect()
}
