//! What `mayfly runner start` is asked to do.

use std::time::Duration;

use contract::env;

use super::machine::{Machine, machine};
use super::place::{in_workflow, names_aws};
use super::runner::{Asked, runner};
use super::{ConfigError, Faults, PlaceConfig, Settings, Vars};
use crate::cli::StartArgs;
use crate::model::{Identity, LaunchMode, RunnerSpec};

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
        let runner = runner(&Asked { args, settings, vars, place: &place, mode, key: &key }, &mut faults);
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
    if in_workflow(vars) || names_aws(settings) { LaunchMode::Fargate } else { LaunchMode::Local }
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
