//! Previews of launch mode `local`, for the commands that look at previews, wherever they run.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::super::Context;
use super::super::local::here;
use super::list::Row;
use crate::error::Error;
use crate::local::{Life, LocalPreview};
use crate::preview::plan::left;
use crate::preview::slot::Slot;
use crate::stamp;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// All previews here, oldest first; none where there is no home to keep them in.
///
/// # Errors
/// The folders cannot be read.
pub fn all(context: &Context<'_>) -> Result<Vec<LocalPreview>, Error> {
    here(context).map_or_else(|| Ok(Vec::new()), |here| Ok(here.previews()?))
}

/// The live previews of a slot, oldest first.
///
/// # Errors
/// The folders cannot be read.
pub fn live(slot: &Slot, context: &Context<'_>) -> Result<Vec<LocalPreview>, Error> {
    let mut live = Vec::new();
    for preview in all(context)? {
        if is_of(&preview, slot) && preview.life()? == Life::Live {
            live.push(preview);
        }
    }
    Ok(live)
}

/// The youngest preview of a slot, live or ended.
///
/// # Errors
/// The folders cannot be read.
pub fn youngest(slot: &Slot, context: &Context<'_>) -> Result<Option<LocalPreview>, Error> {
    Ok(all(context)?.into_iter().rfind(|preview| is_of(preview, slot)))
}

fn is_of(preview: &LocalPreview, slot: &Slot) -> bool {
    preview.record().repo == slot.repo && preview.record().pr == slot.pr.get()
}

/// Lines for `list`.
///
/// # Errors
/// The folders cannot be read.
pub fn rows(ended: bool, now: SystemTime, context: &Context<'_>) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for preview in all(context)? {
        let live = preview.life()? == Life::Live;
        if live || ended {
            rows.push(row(&preview, live, now));
        }
    }
    Ok(rows)
}

fn row(preview: &LocalPreview, live: bool, now: SystemTime) -> Row {
    let record = preview.record();
    let expires = preview.expires().unwrap_or(now);
    Row {
        repo: record.repo.clone(),
        pr: record.pr,
        id: record.id.clone(),
        url: Some(record.url.clone()),
        state: if live { "ready" } else { "ended" },
        sha: record.sha.clone(),
        owner: record.owner.clone(),
        created_at: record.created.clone(),
        expires_at: stamp::rfc3339(expires),
        expires_in: if live { left(expires, now) } else { "ended".to_owned() },
        cost: Some(0.0),
    }
}

/// Waits until a preview that was asked to end has ended.
///
/// # Errors
/// The limit passed.
pub async fn until_ended(preview: &LocalPreview, limit: Duration) -> Result<(), Error> {
    let begun = Instant::now();
    while preview.life()? == Life::Live {
        if begun.elapsed() >= limit {
            let what = format!("the preview in {} did not end", preview.folder().display());
            let fix = format!("read its log: {}", preview.log_path().display());
            return Err(Error::TimedOut { what, limit, fix });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Waits until the supervisor has granted an end as late as was asked for.
///
/// # Errors
/// The preview ended.
pub async fn until_granted(preview: &LocalPreview, end: SystemTime, limit: Duration) -> Result<bool, Error> {
    // The lease is kept in milliseconds, the request in whole seconds.
    let wanted = end - Duration::from_secs(1);
    let begun = Instant::now();
    loop {
        if preview.expires().is_some_and(|expires| expires >= wanted) {
            return Ok(true);
        }
        if preview.life()? == Life::Ended {
            return Err(Error::NotFound(format!("the preview in {} has ended", preview.folder().display())));
        }
        if begun.elapsed() >= limit {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The last lines of a preview's log.
pub fn last_lines(preview: &LocalPreview, count: usize) -> Vec<String> {
    let text = std::fs::read(preview.log_path()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
}
