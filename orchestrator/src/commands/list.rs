//! `mayfly runner list`: both sides joined, one line each.

use std::time::SystemTime;

use contract::{duration, env, tags};
use serde::Serialize;

use super::Context;
use super::context::Cluster;
use crate::cli::ListArgs;
use crate::commands::local;
use crate::ecs::Task;
use crate::error::Error;
use crate::github::Status;
use crate::inventory::{Inventory, Machine, Stopped};
use crate::output::answer_as;
use crate::phases::Phases;
use crate::stamp;

/// One line.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The label.
    pub label: String,
    /// Which of `--count`.
    pub index: Option<u32>,
    /// Where it runs.
    pub place: String,
    /// ECS's status, or the local phase.
    pub state: String,
    /// GitHub's view of the runner: `online`, `busy`, `offline`, `none`; `unknown` where it was not asked.
    pub runner: &'static str,
    /// What is wrong with it: `ghost`, `orphan`, or nothing.
    pub mark: Option<&'static str>,
    /// Who asked for it.
    pub repo: Option<String>,
    /// When it was asked for.
    pub created_at: Option<String>,
    /// When it dies by itself at the latest.
    pub expires_at: Option<String>,
    /// The runner's name.
    pub runner_name: String,
}

/// Prints all machines.
///
/// # Errors
/// A side refuses.
pub async fn run(args: &ListArgs, context: &Context<'_>) -> Result<(), Error> {
    let place = context.place(&args.place)?;
    let github = context.github(&place.github)?;
    let mut rows = local::rows(args.all, context)?;
    if let Some(aws) = &place.aws {
        let Cluster { ecs, place, .. } = context.cluster(aws, &Phases::default()).await?;
        let stopped = if args.all { Stopped::Included } else { Stopped::Left };
        let inventory = Inventory::of_cluster(&ecs, github.as_ref(), place, stopped).await?;
        let asked = inventory.runners.is_some();
        rows.extend(inventory.machines().iter().map(|machine| row(machine, asked)));
    }
    answer_as(context.output, &rows, || table(&rows, SystemTime::now()));
    Ok(())
}

fn row(machine: &Machine<'_>, asked_github: bool) -> Row {
    let mark = match machine {
        machine if machine.is_ghost() => Some("ghost"),
        machine if machine.is_orphan(asked_github) => Some("orphan"),
        _ => None,
    };
    let label = machine.parts.as_ref().map(|parts| parts.id.to_string());
    Row {
        label: label.unwrap_or_default(),
        index: machine.parts.as_ref().map(|parts| parts.index),
        place: machine.task.map_or("-".to_owned(), place),
        state: machine.task.map_or("-".to_owned(), |task| task.status.to_string()),
        runner: runner(machine, asked_github),
        mark,
        repo: machine.task.and_then(|task| task.fact(tags::REPO, env::REPO)).map(str::to_owned),
        created_at: machine.created().map(stamp::rfc3339),
        expires_at: machine.expires().map(stamp::rfc3339),
        runner_name: machine.name.clone(),
    }
}

fn place(task: &Task) -> String {
    task.capacity_provider.as_deref().or(task.launch_type.as_deref()).unwrap_or("ecs").to_ascii_lowercase()
}

fn runner(machine: &Machine<'_>, asked_github: bool) -> &'static str {
    match machine.runner {
        None if asked_github => "none",
        None => "unknown",
        Some(runner) if runner.busy => "busy",
        Some(runner) if runner.status == Status::Online => "online",
        Some(_) => "offline",
    }
}

fn table(rows: &[Row], now: SystemTime) -> String {
    if rows.is_empty() {
        return "no machines".to_owned();
    }
    let heads = ["LABEL", "#", "WHERE", "STATE", "RUNNER", "AGE", "DIES IN", "REPO", ""].map(str::to_owned);
    let lines = std::iter::once(heads).chain(rows.iter().map(|row| cells(row, now)));
    columns(&lines.collect::<Vec<_>>())
}

fn cells(row: &Row, now: SystemTime) -> [String; 9] {
    let at = |stamp: &Option<String>| stamp.as_deref().and_then(stamp::parse);
    let age = at(&row.created_at).and_then(|created| now.duration_since(created).ok());
    let left = at(&row.expires_at).map(|expires| expires.duration_since(now).unwrap_or_default());
    [
        row.label.clone(),
        row.index.map(|index| index.to_string()).unwrap_or_default(),
        row.place.clone(),
        row.state.clone(),
        row.runner.to_owned(),
        age.map(duration::format).unwrap_or_default(),
        left.map(duration::format).unwrap_or_default(),
        row.repo.clone().unwrap_or_default(),
        row.mark.unwrap_or_default().to_owned(),
    ]
}

fn columns<const N: usize>(lines: &[[String; N]]) -> String {
    let widths: Vec<usize> =
        (0..N).map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)).collect();
    let written = lines.iter().map(|line| {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    });
    written.collect()
}
