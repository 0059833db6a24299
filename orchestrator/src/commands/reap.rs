//! `mayfly reap`: one pass over both sides.

use std::time::SystemTime;

use serde::Serialize;

use super::Context;
use super::context::Cluster;
use crate::cli::ReapArgs;
use crate::commands::local;
use crate::config::ConfigError;
use crate::ecs::{Ecs, TaskArn};
use crate::error::Error;
use crate::github::{Deleted, GitHub, RunnerId};
use crate::inventory::{Inventory, Stopped};
use crate::output::answer_as;
use crate::phases::Phases;
use crate::plan::{Action, ReapLimits, plan};

/// An action and what came of it.
#[derive(Serialize)]
struct Done {
    #[serde(flatten)]
    action: Action,
    result: String,
    #[serde(skip)]
    failed: Option<Error>,
}

#[derive(Serialize)]
struct Report {
    dry_run: bool,
    tasks: usize,
    runners: Option<usize>,
    actions: Vec<Done>,
    local: Vec<String>,
}

/// Observes, plans, acts.
///
/// # Errors
/// A side cannot be looked at, or an action was refused; then all others were still done.
pub async fn run(args: &ReapArgs, context: &Context<'_>) -> Result<(), Error> {
    let grace = contract::duration::parse(&args.grace).map_err(|fault| ConfigError::one("--grace", fault))?;
    let place = context.place(&args.place)?;
    let github = context.github(&place.github)?;
    let mut report = Report { dry_run: args.dry_run, tasks: 0, runners: None, actions: Vec::new(), local: Vec::new() };
    report.local = local::reap(args.dry_run, grace, github.as_ref(), context).await?;
    if let Some(aws) = &place.aws {
        let Cluster { ecs, place, .. } = context.cluster(aws, &Phases::default()).await?;
        let inventory = Inventory::of_cluster(&ecs, github.as_ref(), place, Stopped::Left).await?;
        if inventory.runners.is_none() {
            context.warn("no GitHub credential here, so ghosts cannot be seen; set MAYFLY_GITHUB_TOKEN");
        }
        report.tasks = inventory.tasks.len();
        report.runners = inventory.runners.as_ref().map(Vec::len);
        for action in plan(&inventory, ReapLimits { grace }, SystemTime::now()) {
            report.actions.push(act(action, &ecs, github.as_ref(), args.dry_run).await);
        }
    }
    answer_as(context.output, &report, || report.text());
    failures(report.actions)
}

async fn act(action: Action, ecs: &Ecs, github: Option<&GitHub>, dry_run: bool) -> Done {
    if dry_run {
        return Done { action, result: "would be done".to_owned(), failed: None };
    }
    let result = match &action {
        Action::DeleteGhost { runner, .. } => delete_ghost(*runner, github).await,
        Action::EndMachine { task, runner, .. } => end_machine(task, *runner, ecs, github).await,
    };
    match result {
        Ok(result) => Done { action, result: result.to_owned(), failed: None },
        Err(fault) => Done { action, result: format!("failed: {fault}"), failed: Some(fault) },
    }
}

async fn delete_ghost(runner: RunnerId, github: Option<&GitHub>) -> Result<&'static str, Error> {
    let Some(github) = github else { return Ok("left: no GitHub credential") };
    Ok(match github.delete_runner(runner).await? {
        Deleted::Gone => "deleted",
        Deleted::WasGone => "was gone",
        Deleted::Busy => "left: GitHub says that a job runs on it",
    })
}

/// Past its lifetime a machine is ended even with a job on it: that limit is the one that may. PID 1 drains first, inside of
/// its stop window.
async fn end_machine(
    task: &TaskArn,
    runner: Option<RunnerId>,
    ecs: &Ecs,
    github: Option<&GitHub>,
) -> Result<&'static str, Error> {
    if let (Some(github), Some(runner)) = (github, runner)
        && let Err(fault) = github.delete_runner(runner).await
    {
        tracing::warn!(%fault, "runner not deleted; its machine does it on SIGTERM");
    }
    ecs.stop_task(task, "mayfly reap: past its lifetime").await?;
    Ok("stopped")
}

fn failures(actions: Vec<Done>) -> Result<(), Error> {
    let all = actions.len();
    let errors: Vec<Error> = actions.into_iter().filter_map(|done| done.failed).collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error::Several { text: format!("{} of {all} actions failed", errors.len()), errors })
}

impl Report {
    fn text(&self) -> String {
        let runners = self.runners.map_or_else(|| "runners not seen".to_owned(), |count| format!("{count} runners"));
        let mut text = format!("{} tasks, {runners}\n", self.tasks);
        for Done { action, result, .. } in &self.actions {
            let what = match action {
                Action::DeleteGhost { .. } => "ghost",
                Action::EndMachine { .. } => "overdue",
            };
            text += &format!("{what:<8} {}  {}: {result}\n", action.name(), action.why());
        }
        for line in &self.local {
            text += &format!("{line}\n");
        }
        if self.actions.is_empty() && self.local.is_empty() {
            text += "nothing to do\n";
        }
        text
    }
}
