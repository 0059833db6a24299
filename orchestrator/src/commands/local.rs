//! Machines of launch mode `local`, for the commands that look at machines, wherever they run.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

use contract::record::Phase;
use tokio::time::Instant;

use super::Context;
use super::list::Row;
use super::stop::{StopReport, busy};
use super::wait::{WaitReport, ended};
use crate::cleanup;
use crate::cli::{StopArgs, Until};
use crate::config::Vars;
use crate::ecs::StopClass;
use crate::ecs::stopped::Explanation;
use crate::error::Error;
use crate::github::{Deleted, GitHub};
use crate::local::{Force, Life, Local, LocalError, LocalMachine};
use crate::model::{LaunchId, Place, RunnerName};
use crate::output::answer;
use crate::plan::{Live, Sighting};
use crate::stamp;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The place of launches on this machine: host and user, since each user has machines of their own.
pub fn place(vars: Vars<'_>) -> Place {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    Place::host(&host, &vars("USER").or_else(|| vars("LOGNAME")).unwrap_or_default())
}

/// All machines here; none where there is no home to keep them in.
fn machines(context: &Context<'_>) -> Result<Vec<LocalMachine>, Error> {
    here(context).map_or_else(|| Ok(Vec::new()), |here| Ok(here.machines()?))
}

fn of_label(id: LaunchId, context: &Context<'_>) -> Result<Vec<LocalMachine>, Error> {
    let id = id.to_string();
    Ok(machines(context)?.into_iter().filter(|machine| machine.record().id == id).collect())
}

/// Lines for `list`.
///
/// # Errors
/// The folders cannot be read.
pub fn rows(all: bool, context: &Context<'_>) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for machine in machines(context)? {
        let live = machine.life()? == Life::Live;
        if live || all {
            rows.push(row(&machine, live));
        }
    }
    Ok(rows)
}

fn row(machine: &LocalMachine, live: bool) -> Row {
    let record = machine.record();
    let phase = machine.state().map(|state| state.phase);
    let state = match (live, phase) {
        (false, _) => "ended",
        (true, None | Some(Phase::Starting)) => "starting",
        (true, Some(Phase::Registered)) => "registered",
        (true, Some(Phase::Online)) => "online",
        (true, Some(Phase::Busy)) => "busy",
        (true, Some(Phase::Draining | Phase::Ended)) => "draining",
    };
    Row {
        label: record.id.clone(),
        index: Some(record.index),
        place: "local".to_owned(),
        state: state.to_owned(),
        runner: if live { "unknown" } else { "none" },
        mark: None,
        repo: record.repo.clone(),
        created_at: Some(record.created.clone()),
        expires_at: Some(record.expires.clone()),
        runner_name: record.runner_name.clone(),
    }
}

/// Stops the live machines of a label; none if there is none here. PID 1 deletes its own runner, so what is left to decide
/// here is whether a job may be interrupted.
///
/// # Errors
/// A job runs (without `--force`), or a machine cannot be signalled.
pub async fn stop(
    id: LaunchId,
    args: &StopArgs,
    github: Option<&GitHub>,
    context: &Context<'_>,
) -> Result<Vec<StopReport>, Error> {
    let mut reports = Vec::new();
    for machine in of_label(id, context)? {
        if machine.life()? == Life::Ended {
            continue;
        }
        let name = machine.record().runner_name.clone();
        let result = if args.dry_run { "would be stopped" } else { stop_one(&machine, args.force, github).await? };
        reports.push(StopReport { runner_name: name, result });
    }
    Ok(reports)
}

async fn stop_one(machine: &LocalMachine, force: bool, github: Option<&GitHub>) -> Result<&'static str, Error> {
    let name = &machine.record().runner_name;
    if !force {
        let in_job = machine.state().is_some_and(|state| state.phase == Phase::Busy);
        if in_job {
            return Err(busy(name));
        }
        if let Some(github) = github
            && cleanup::delete_by_name(github, name).await? == Deleted::Busy
        {
            return Err(busy(name));
        }
    }
    machine.stop(Force::No)?;
    Ok("being stopped; it deletes its runner by itself")
}

/// Waits for the machines of a label; `None` if there is none here.
///
/// # Errors
/// The limit passed.
pub async fn wait(
    id: LaunchId,
    until: Until,
    limit: Duration,
    context: &Context<'_>,
) -> Result<Option<Vec<(WaitReport, Option<Error>)>>, Error> {
    let machines = of_label(id, context)?;
    if machines.is_empty() {
        return Ok(None);
    }
    let begun = Instant::now();
    let mut reports = Vec::new();
    for machine in &machines {
        loop {
            if let Some(report) = look(machine, until)? {
                reports.push(report);
                break;
            }
            if begun.elapsed() >= limit {
                let fix = format!("read its log: {}", machine.log_path().display());
                return Err(Error::TimedOut { what: format!("label {id} was not ready"), limit, fix });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    Ok(Some(reports))
}

fn look(machine: &LocalMachine, until: Until) -> Result<Option<(WaitReport, Option<Error>)>, Error> {
    let name = &machine.record().runner_name;
    if machine.life()? == Life::Ended {
        let end = machine.end();
        let words = end.as_ref().map_or("it left no record", |end| end.cause.meaning());
        let text = format!("machine in {}: {words}", machine.folder().display());
        let class = if end.as_ref().is_some_and(|end| end.code < 210) { StopClass::Ended } else { StopClass::Failed };
        let fix = Some(format!("read its log: {}", machine.log_path().display()));
        return Ok(Some(ended(name, Explanation { class, text, fix }, None, end)));
    }
    let online = machine.state().is_some_and(|state| matches!(state.phase, Phase::Online | Phase::Busy));
    if until == Until::Done || !online {
        return Ok(None);
    }
    let report = WaitReport {
        runner_name: name.clone(),
        state: "online",
        cause: None,
        job_result: None,
        text: "online".to_owned(),
    };
    Ok(Some((report, None)))
}

/// Prints the log of a label's machine; `false` if there is none here.
///
/// # Errors
/// The log cannot be read.
pub async fn logs(id: LaunchId, follow: bool, context: &Context<'_>) -> Result<bool, Error> {
    let Some(machine) = of_label(id, context)?.into_iter().max_by_key(|machine| machine.record().created.clone())
    else {
        return Ok(false);
    };
    print_log(&machine.log_path(), follow, || machine.life()).await?;
    Ok(true)
}

/// Prints a log; with `follow`, until whoever writes it has ended.
///
/// # Errors
/// The log cannot be read.
pub async fn print_log(path: &Path, follow: bool, life: impl Fn() -> Result<Life, LocalError>) -> Result<(), Error> {
    let unreadable = |cause: std::io::Error| Error::Other(format!("cannot read {}: {cause}", path.display()));
    let mut log = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut line = Vec::new();
    loop {
        // Looked at before the lines are read, so that nothing written in between is missed.
        let over = !follow || life()? == Life::Ended;
        while log.read_until(b'\n', &mut line).map_err(unreadable)? > 0 {
            if !line.ends_with(b"\n") && !over {
                break;
            }
            answer(&String::from_utf8_lossy(&line));
            line.clear();
        }
        if over {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Machines of this place; none where there is no home to keep them in.
pub fn here(context: &Context<'_>) -> Option<Local> {
    Local::from_vars(context.vars).ok()
}

/// What a pass decides about: live machines here, and runners with names of this place.
///
/// # Errors
/// The folders cannot be read, or GitHub refuses.
pub async fn sightings(
    here: &Local,
    github: Option<&GitHub>,
    context: &Context<'_>,
) -> Result<Vec<Sighting<LocalMachine>>, Error> {
    let mut sightings = BTreeMap::new();
    for machine in here.machines()? {
        if machine.life()? == Life::Live {
            let sighting = live(machine);
            sightings.insert(sighting.name.clone(), sighting);
        }
    }
    let Some(github) = github else { return Ok(sightings.into_values().collect()) };
    let place = place(context.vars);
    for runner in github.runners().await? {
        let Some(name) = RunnerName::parse(&runner.name).filter(|name| name.place == place) else { continue };
        let ghost = || Sighting { name: runner.name.clone(), created: Some(name.created), runner: None, live: None };
        sightings.entry(runner.name.clone()).or_insert_with(ghost).runner = Some(runner.id);
    }
    Ok(sightings.into_values().collect())
}

fn live(machine: LocalMachine) -> Sighting<LocalMachine> {
    let record = machine.record();
    Sighting {
        name: record.runner_name.clone(),
        created: stamp::parse(&record.created),
        runner: None,
        live: Some(Live {
            expires: stamp::parse(&record.expires),
            stopping: machine.state().is_some_and(|state| state.phase == Phase::Draining),
            handle: machine,
        }),
    }
}
