//! What a runner is to be: scope, labels, limits, and the job's variables.

use std::time::Duration;

use contract::{Scope, env};

use super::{Faults, PlaceConfig, Settings, Vars};
use crate::cli::StartArgs;
use crate::model::{LaunchMode, Limits, RunnerSpec};

/// Enough for a slow image pull to be over and the upstream job to end; short enough to cost cents when no job comes.
const DEFAULT_MAX_IDLE: Duration = Duration::from_secs(10 * 60);
/// GitHub ends a job on a self-hosted runner after five days (GitHub's documented usage limits); two hours later nobody can
/// be using the machine.
const DEFAULT_MAX_LIFETIME: Duration = Duration::from_secs(5 * 86_400 + 2 * 3_600);
/// What a runner is resolved from.
pub(super) struct Asked<'a> {
    pub(super) args: &'a StartArgs,
    pub(super) settings: &'a Settings,
    pub(super) vars: Vars<'a>,
    pub(super) place: &'a PlaceConfig,
    pub(super) mode: LaunchMode,
    pub(super) key: &'a str,
}

/// Resolves what a runner is to be; none without a scope.
pub(super) fn runner(asked: &Asked<'_>, faults: &mut Faults) -> Option<RunnerSpec> {
    let Asked { args, settings, vars, place, mode, key } = asked;
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
        key: (*key).to_owned(),
        run: place.run.clone(),
        github_api_url: place.github.api_url_text.clone(),
        github_server_url: place.github.server_url.clone(),
        job_env,
        passed_through: passed_through(*vars, *mode),
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
