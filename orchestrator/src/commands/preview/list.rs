//! `mayfly preview list`: all previews of the cluster and of this machine, one line each.

use std::time::SystemTime;

use serde::Serialize;

use super::super::Context;
use super::super::context::Cluster;
use super::local;
use crate::cli::preview::PreviewListArgs;
use crate::ecs::client::Listing;
use crate::error::Error;
use crate::output::answer_as;
use crate::phases::Phases;
use crate::preview::observed::{Preview, previews};
use crate::preview::plan::left;
use crate::{price, stamp};

/// One line.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// `OWNER/REPO`.
    pub repo: String,
    /// The pull request.
    pub pr: u64,
    /// The launch.
    pub id: String,
    /// Where it is reached, once it was.
    pub url: Option<String>,
    /// `starting`, `ready`, `ending` or `ended`.
    pub state: &'static str,
    /// The commit.
    pub sha: Option<String>,
    /// Who asked for it.
    pub owner: Option<String>,
    /// When it was asked for: RFC 3339.
    pub created_at: String,
    /// When its lease ends: RFC 3339.
    pub expires_at: String,
    /// The same, from now.
    pub expires_in: String,
    /// US dollars so far; none where no price is listed.
    pub cost: Option<f64>,
}

/// Prints all previews.
///
/// # Errors
/// AWS refuses, or the folders of this machine cannot be read.
pub async fn run(args: &PreviewListArgs, context: &Context<'_>) -> Result<(), Error> {
    let place = context.preview_place(&args.place.flags())?;
    let now = SystemTime::now();
    let mut rows = local::rows(args.all, now, context)?;
    if let Some(aws) = &place.aws {
        let Cluster { ecs, aws, .. } = context.cluster(aws, &Phases::default()).await?;
        let mut arns = ecs.list_tasks(&Listing::Live).await?;
        if args.all {
            arns.extend(ecs.list_tasks(&Listing::Stopped).await?);
        }
        let tasks = ecs.describe_tasks(&arns).await?;
        rows.extend(previews(&tasks).iter().map(|preview| row(preview, &aws.region, now)));
    }
    answer_as(context.output, &rows, || text(&rows));
    Ok(())
}

fn row(preview: &Preview, region: &str, now: SystemTime) -> Row {
    Row {
        repo: preview.slot.repo.clone(),
        pr: preview.slot.pr.get(),
        id: preview.id.to_string(),
        url: preview.url.clone(),
        state: state(preview),
        sha: preview.sha.as_ref().map(ToString::to_string),
        owner: preview.owner.clone(),
        created_at: stamp::rfc3339(preview.created),
        expires_at: stamp::rfc3339(preview.expires),
        expires_in: if preview.is_live() { left(preview.expires, now) } else { "ended".to_owned() },
        cost: price::so_far(&preview.task, region, now).map(|usd| (usd * 1e4).round() / 1e4),
    }
}

fn state(preview: &Preview) -> &'static str {
    match (preview.is_live(), preview.task.stopping, &preview.url) {
        (false, ..) => "ended",
        (true, true, _) => "ending",
        (true, false, Some(_)) => "ready",
        (true, false, None) => "starting",
    }
}

/// The lines that `up` shows where there is no place for another one.
pub fn table(previews: &[Preview], region: &str, now: SystemTime) -> String {
    text(&previews.iter().map(|preview| row(preview, region, now)).collect::<Vec<_>>())
}

fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no previews".to_owned();
    }
    let header = ["PR", "STATE", "EXPIRES IN", "COST", "OWNER", "COMMIT", "URL"].map(str::to_owned);
    let lines: Vec<[String; 7]> = std::iter::once(header).chain(rows.iter().map(cells)).collect();
    let widths: Vec<usize> =
        (0..7).map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()).collect();
    let padded = |line: &[String; 7]| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(padded).collect()
}

fn cells(row: &Row) -> [String; 7] {
    let cost = row.cost.map_or_else(|| "-".to_owned(), |usd| format!("${usd:.4}"));
    [
        format!("{}#{}", row.repo, row.pr),
        row.state.to_owned(),
        row.expires_in.clone(),
        cost,
        row.owner.clone().unwrap_or_else(|| "-".to_owned()),
        row.sha.as_deref().map_or("-", |sha| &sha[..sha.len().min(7)]).to_owned(),
        row.url.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}
