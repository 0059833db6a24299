//! `mayfly reap`: one pass over both sides, and over this machine.

mod previews;

use std::time::SystemTime;

use serde::Serialize;

use self::previews::{Pass, PreviewDone, PreviewPass};
use super::context::Cluster;
use super::{Context, local};
use crate::cli::ReapArgs;
use crate::config::ConfigError;
use crate::ecs::{Ecs, TaskArn};
use crate::error::Error;
use crate::github::{Deleted, GitHub, RunnerId};
use crate::inventory::{Inventory, Stopped};
use crate::local::{Force, KEEP, LocalMachine};
use crate::output::answer_as;
use crate::phases::Phases;
use crate::plan::{Action, ReapLimits, plan};

/// An action and what came of it.
#[derive(Serialize)]
struct Done {
    kind: &'static str,
    runner_name: String,
    why: String,
    result: String,
    #[serde(skip)]
    failed: Option<Error>,
}

#[derive(Serialize)]
struct Report {
    dry_run: bool,
    tasks: usize,
    local_machines: usize,
    runners: Option<usize>,
    actions: Vec<Done>,
    previews: Option<PreviewPass>,
}

/// What carries the actions out; it has no choices in it.
struct Executor<'e> {
    github: Option<&'e GitHub>,
    dry_run: bool,
}

/// Observes, plans, acts.
///
/// # Errors
/// A side cannot be looked at, or an action was refused; then all others were still done.
pub async fn run(args: &ReapArgs, context: &Context<'_>) -> Result<(), Error> {
    let grace = contract::duration::parse(&args.grace).map_err(|fault| ConfigError::one("--grace", fault))?;
    let limits = ReapLimits { grace };
    let place = context.place(&args.place)?;
    let github = context.github(&place.github)?;
    if github.is_none() {
        context.warn("no GitHub credential here, so ghosts cannot be seen; set MAYFLY_GITHUB_TOKEN");
    }
    let executor = Executor { github: github.as_ref(), dry_run: args.dry_run };
    let mut report = Report {
        dry_run: args.dry_run,
        tasks: 0,
        local_machines: 0,
        runners: None,
        actions: Vec::new(),
        previews: None,
    };
    executor.here(limits, &mut report, context).await?;
    if let Some(aws) = &place.aws {
        let Cluster { ecs, place, .. } = context.cluster(aws, &Phases::default()).await?;
        let inventory = Inventory::of_cluster(&ecs, github.as_ref(), place, Stopped::Left).await?;
        executor.cluster(limits, &mut report, &inventory, &ecs).await;
    }
    if let Some(pass) = Pass::begin(args, context).await? {
        report.previews = Some(pass.run(grace).await?);
    }
    answer_as(context.output, &report, || report.text());
    let of_previews = report.previews.into_iter().flat_map(|pass| pass.actions).map(|done| done.failed);
    failures(report.actions.into_iter().map(|done| done.failed).chain(of_previews).collect())
}

impl Executor<'_> {
    async fn here(&self, limits: ReapLimits, report: &mut Report, context: &Context<'_>) -> Result<(), Error> {
        let Some(here) = local::here(context) else { return Ok(()) };
        let sightings = local::sightings(&here, self.github, context).await?;
        report.local_machines = sightings.iter().filter(|sighting| sighting.live.is_some()).count();
        for action in plan(&sightings, limits, SystemTime::now()) {
            let result = match &action {
                _ if self.dry_run => Ok("would be done"),
                Action::DeleteGhost { runner, .. } => self.delete_ghost(*runner).await,
                Action::EndMachine { machine, .. } => end_here(machine),
            };
            report.actions.push(done(&action, result));
        }
        if !self.dry_run {
            here.prune(KEEP)?;
        }
        Ok(())
    }

    async fn cluster(&self, limits: ReapLimits, report: &mut Report, inventory: &Inventory, ecs: &Ecs) {
        report.tasks = inventory.tasks.len();
        report.runners = inventory.runners.as_ref().map(Vec::len);
        for action in plan(&inventory.sightings(), limits, SystemTime::now()) {
            let result = match &action {
                _ if self.dry_run => Ok("would be done"),
                Action::DeleteGhost { runner, .. } => self.delete_ghost(*runner).await,
                Action::EndMachine { machine, runner, .. } => self.end_task(machine, *runner, ecs).await,
            };
            report.actions.push(done(&action, result));
        }
    }

    async fn delete_ghost(&self, runner: RunnerId) -> Result<&'static str, Error> {
        let Some(github) = self.github else { return Ok("left: no GitHub credential") };
        Ok(match github.delete_runner(runner).await? {
            Deleted::Gone => "deleted",
            Deleted::WasGone => "was gone",
            Deleted::Busy => "left: GitHub says that a job runs on it",
        })
    }

    /// Past its lifetime a machine is ended even with a job on it: that limit is the one that may. PID 1 drains first, inside
    /// of its stop window.
    async fn end_task(&self, task: &TaskArn, runner: Option<RunnerId>, ecs: &Ecs) -> Result<&'static str, Error> {
        if let (Some(github), Some(runner)) = (self.github, runner)
            && let Err(fault) = github.delete_runner(runner).await
        {
            tracing::warn!(%fault, "runner not deleted; its machine does it on SIGTERM");
        }
        ecs.stop_task(task, "mayfly reap: past its lifetime").await?;
        Ok("stopped")
    }
}

fn end_here(machine: &LocalMachine) -> Result<&'static str, Error> {
    machine.stop(Force::No)?;
    Ok("being stopped")
}

fn done<H>(action: &Action<H>, result: Result<&'static str, Error>) -> Done {
    let (kind, name, why) = action.words();
    let (result, failed) = match result {
        Ok(result) => (result.to_owned(), None),
        Err(fault) => (format!("failed: {}", fault.paragraph()), Some(fault)),
    };
    Done { kind, runner_name: name.to_owned(), why: why.to_owned(), result, failed }
}

fn failures(actions: Vec<Option<Error>>) -> Result<(), Error> {
    let all = actions.len();
    let errors: Vec<Error> = actions.into_iter().flatten().collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error::Several { text: format!("{} of {all} actions failed", errors.len()), errors })
}

impl Report {
    fn text(&self) -> String {
        let runners = self.runners.map_or_else(|| "runners not seen".to_owned(), |count| format!("{count} runners"));
        let mut text = format!("{} tasks, {} machines here, {runners}\n", self.tasks, self.local_machines);
        for Done { kind, runner_name, why, result, .. } in &self.actions {
            text += &format!("{kind:<8} {runner_name}  {why}: {result}\n");
        }
        if let Some(PreviewPass { live, routes, actions }) = &self.previews {
            let routes = routes.map(|count| format!(", {count} routes")).unwrap_or_default();
            text += &format!("{live} previews{routes}\n");
            for PreviewDone { what, why, result, .. } in actions {
                text += &format!("preview  {what}  {why}: {result}\n");
            }
        }
        if self.actions.is_empty() && self.previews.as_ref().is_none_or(|pass| pass.actions.is_empty()) {
            text += "nothing to do\n";
        }
        text
    }
}
