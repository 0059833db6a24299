//! `mayfly runner start --launch-mode local`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use contract::env;
use contract::record::{Phase, State};
use tokio::time::Instant;
use uuid::Uuid;

use super::start::write_outputs;
use super::{Context, local};
use crate::cancel::Cancel;
use crate::config::{StartConfig, WaitFor};
use crate::error::Error;
use crate::http::Http;
use crate::launch::MAX_GENERATIONS;
use crate::local::{Force, Life, Local, LocalLaunch, LocalMachine, Outcome, Token, missing_protections};
use crate::model::{Launch, LaunchMode, Place, RunnerSpec};
use crate::output::report::{LaunchReport, StartReport, expires_at};
use crate::output::{answer, answer_as, say};
use crate::phases::Phases;

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// PID 1's stop window on this machine, where no platform kills it: what a task has on Fargate at most.
const STOP_TIMEOUT: Duration = Duration::from_secs(120);

/// A machine that was started or found here.
struct Here {
    launch: Launch,
    machine: LocalMachine,
    adopted: bool,
    phases: Phases,
}

/// Starts machines here.
///
/// # Errors
/// No distribution, a folder that cannot be written, or a wait that failed; then what was started is stopped.
pub async fn run(config: &StartConfig, runner_dist: Option<&str>, context: &Context<'_>) -> Result<(), Error> {
    let mut cancel = Cancel::listen()?;
    let here = Local::from_vars(context.vars)?;
    let place = local::place(context.vars);
    if config.dry_run {
        return print(config, &place);
    }
    for missing in missing_protections() {
        say(&format!("mayfly: launch mode local: {missing}"));
    }
    let distribution = distribution(&here, config, runner_dist, context).await?;
    let mut machines = Vec::new();
    for index in 0..config.count {
        machines.push(launch(&here, config, &place, &distribution, index)?);
    }
    let report = report(config, &machines);
    write_outputs(&report, context)?;
    let waited = tokio::select! {
        waited = wait(config, &machines) => waited,
        () = cancel.requested() => Err(Error::Cancelled),
    };
    if let Err(fault) = waited {
        clean_up(config, &machines);
        return Err(fault);
    }
    let report = self::report(config, &machines);
    let limits = &config.runner.limits;
    context.workflow.summary(&report.markdown(limits)).map_err(|cause| Error::Other(cause.to_string()))?;
    answer_as(context.output, &report, || report.text(limits));
    Ok(())
}

fn print(config: &StartConfig, place: &Place) -> Result<(), Error> {
    say(
        "mayfly: dry run, nothing was started; runner-entrypoint would get this environment, and its credential through a pipe",
    );
    let launch = new_launch(config, place, 0, 0);
    let variables: std::collections::BTreeMap<_, _> = launch.environment(&config.runner).into_iter().collect();
    answer(&serde_json::to_string_pretty(&variables).map_err(|cause| Error::Other(cause.to_string()))?);
    Ok(())
}

async fn distribution(
    here: &Local,
    config: &StartConfig,
    named: Option<&str>,
    context: &Context<'_>,
) -> Result<PathBuf, Error> {
    if let Some(folder) = named {
        return Ok(here.named_distribution(Path::new(folder))?);
    }
    let Some(github) = context.github(&config.place.github)? else {
        return Err(Error::Other("no credential to ask GitHub for the runner distribution".to_owned()));
    };
    let http: &Http = &context.http;
    Ok(here.fetched_distribution(&github, http).await?)
}

fn new_launch(config: &StartConfig, place: &Place, index: u32, generation: u32) -> Launch {
    Launch {
        id: config.identity.id,
        index,
        attempt: config.identity.attempt,
        generation,
        place: place.clone(),
        created: SystemTime::now(),
        launcher: Uuid::new_v4(),
    }
}

/// The same rule as on ECS: the generation moves on only when the machine of the token has ended.
fn launch(here: &Local, config: &StartConfig, place: &Place, distribution: &Path, index: u32) -> Result<Here, Error> {
    let phases = Phases::default();
    for generation in 0..MAX_GENERATIONS {
        let launch = new_launch(config, place, index, generation);
        let begun = std::time::Instant::now();
        let outcome = here.launch(&local_launch(config, &launch, distribution))?;
        let (machine, adopted) = match outcome {
            Outcome::Ended(_) => continue,
            Outcome::Started(machine) => (machine, false),
            Outcome::Adopted(machine) => (machine, true),
        };
        phases.note("start", begun.elapsed());
        return Ok(Here { launch, machine, adopted, phases });
    }
    Err(Error::Other(format!("{MAX_GENERATIONS} machines of label {} have ended in this attempt", config.identity.id)))
}

fn local_launch(config: &StartConfig, launch: &Launch, distribution: &Path) -> LocalLaunch {
    let spec = &config.runner;
    LocalLaunch {
        token: Token {
            place: launch.place.to_string(),
            id: launch.id.to_string(),
            index: launch.index,
            attempt: launch.attempt,
            generation: launch.generation,
        },
        runner_name: launch.runner_name().to_string(),
        repo: spec.run.as_ref().map(|run| run.repository.clone()),
        run: spec.run.as_ref().map(|run| run.run_id),
        key: spec.key.clone(),
        created: launch.created,
        expires: launch.created + spec.limits.max_lifetime,
        max_idle: spec.limits.max_idle,
        max_lifetime: spec.limits.max_lifetime,
        env: environment(launch, spec),
        credential: config.place.github.credential.clone(),
        distribution: distribution.to_owned(),
    }
}

fn environment(launch: &Launch, spec: &RunnerSpec) -> Vec<(String, String)> {
    let mut variables = launch.environment(spec);
    variables.push((env::STOP_TIMEOUT.to_owned(), contract::duration::format(STOP_TIMEOUT)));
    variables
}

async fn wait(config: &StartConfig, machines: &[Here]) -> Result<(), Error> {
    if config.wait == WaitFor::None {
        return Ok(());
    }
    let begun = Instant::now();
    for here in machines {
        while !is_there(&here.machine, config.wait)? {
            if begun.elapsed() >= config.wait_timeout {
                let what = format!("the machine in {} was not ready", here.machine.folder().display());
                let fix = format!("read its log: mayfly runner logs --label {}", here.launch.id);
                return Err(Error::TimedOut { what, limit: config.wait_timeout, fix });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        here.phases.note("registered", begun.elapsed());
    }
    Ok(())
}

fn is_there(machine: &LocalMachine, want: WaitFor) -> Result<bool, Error> {
    let state = machine.state();
    let online = |state: &State| matches!(state.phase, Phase::Online | Phase::Busy | Phase::Draining);
    if state.as_ref().is_some_and(|state| want == WaitFor::Running || online(state)) {
        return Ok(true);
    }
    if machine.life()? == Life::Live {
        return Ok(false);
    }
    let end = machine.end();
    // A job that was queued before its machine can be over before anybody has looked.
    if end.as_ref().is_some_and(|end| end.cause.has_served()) {
        return Ok(true);
    }
    let why =
        end.map_or_else(|| "without a word".to_owned(), |end| format!("{}: {}", end.cause.meaning(), end.message));
    Err(Error::Other(format!(
        "the machine ended before it was ready, {why}; its log is {}",
        machine.log_path().display()
    )))
}

fn report(config: &StartConfig, machines: &[Here]) -> StartReport {
    let id = config.identity.id;
    let launches = machines.iter().map(|here| LaunchReport {
        id,
        index: here.launch.index,
        task_arn: None,
        runner_name: here.machine.record().runner_name.clone(),
        mode: LaunchMode::Local,
        adopted: here.adopted,
        phases: here.phases.list(),
        price_per_hour: None,
        price_note: None,
        expires_at: expires_at(here.launch.created, &config.runner.limits),
        folder: Some(here.machine.folder().display().to_string()),
    });
    StartReport {
        label: id,
        runs_on: config.runner.labels(id),
        adopted: machines.iter().all(|here| here.adopted),
        phases: Vec::new(),
        launches: launches.collect(),
    }
}

fn clean_up(config: &StartConfig, machines: &[Here]) {
    for here in machines.iter().filter(|here| !here.adopted && !config.keep) {
        let folder = here.machine.folder().display();
        match here.machine.stop(Force::No) {
            Ok(_) => say(&format!("mayfly: cleaned up: the machine in {folder} is being stopped")),
            Err(fault) => say(&format!(
                "mayfly: could not stop the machine in {folder}: {fault}; it leaves by itself at max-idle"
            )),
        }
    }
}
