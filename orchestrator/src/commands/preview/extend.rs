//! `mayfly preview extend`: asks for a later end, and succeeds only when the supervisor has taken it.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::time::Instant;

use super::super::Context;
use super::local_story::Ear;
use super::scene::Scene;
use super::{local, url};
use crate::cli::preview::ExtendArgs;
use crate::config::ConfigError;
use crate::error::Error;
use crate::local::LocalPreview;
use crate::logs::{LogLine, LogStream};
use crate::output::{answer_as, say};
use crate::preview::hands::{Ended, Hands};
use crate::preview::lease::{Extension, extend};
use crate::preview::observed::Preview;
use crate::preview::slot::Slot;
use crate::stamp;

/// GetLogEvents is limited to ten requests a second for an account and region.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The supervisor's word is in the last of its lines; apps that talk much push it further up.
const LINES: usize = 200;
/// Two machines' clocks, and whole seconds.
const SLACK: Duration = Duration::from_secs(5);
/// What the supervisor says before the time that is left.
const RENEWED: &str = "renewed: ";

/// What came of it.
#[derive(Debug, Serialize)]
pub struct ExtendReport {
    /// `OWNER/REPO`.
    pub repo: String,
    /// The pull request.
    pub pr: u64,
    /// When the lease ends: RFC 3339.
    pub expires_at: String,
    /// Whether the supervisor has said so; not in a dry run.
    pub confirmed: bool,
    /// Whether it is less than was asked for.
    pub capped: bool,
}

/// Does it.
///
/// # Errors
/// There is no live preview, it is at its cap, or nobody confirms in time.
pub async fn run(args: &ExtendArgs, context: &Context<'_>) -> Result<(), Error> {
    let by = duration("DURATION", &args.by)?;
    let limit = duration("--confirm-timeout", &args.confirm_timeout)?;
    let scene = Scene::of(&args.slot, context)?;
    let report = match local::live(&scene.slot, context)?.pop() {
        Some(here) => {
            let report = extend_here(&scene.slot, &here, by, limit, args.dry_run).await?;
            if !args.dry_run {
                Ear::of(&scene.place, scene.publish, context)?.ready(&here, Vec::new()).await;
            }
            report
        }
        None if scene.aws().is_none() => return Err(url::none(&scene.slot)),
        None => extend_on_ecs(&scene.hands(context).await?, &scene.slot, by, limit, args.dry_run).await?,
    };
    answer_as(context.output, &report, || report.text());
    Ok(())
}

fn duration(place: &str, text: &str) -> Result<Duration, Error> {
    let read = contract::duration::parse(text).and_then(|by| match by.is_zero() {
        true => Err("is nothing; write for example 2h".to_owned()),
        false => Ok(by),
    });
    read.map_err(|fault| ConfigError::one(place, fault).into())
}

/// The end that may be asked for, and whether it is less than what was.
fn granted(slot: &Slot, extension: Extension) -> Result<(SystemTime, bool), Error> {
    match extension {
        Extension::Until(end) => Ok((end, false)),
        Extension::Capped(end) => Ok((end, true)),
        Extension::AtCap(end) => Err(Error::Refused {
            text: format!("the preview of {slot} is at its cap: it ends at {} whatever is done", stamp::rfc3339(end)),
            fix: format!("start it anew before that: mayfly preview up --pr {}", slot.pr),
        }),
    }
}

async fn extend_here(
    slot: &Slot,
    here: &LocalPreview,
    by: Duration,
    limit: Duration,
    dry_run: bool,
) -> Result<ExtendReport, Error> {
    let record = here.record();
    let created = stamp::parse(&record.created).unwrap_or_else(SystemTime::now);
    let max_ttl = contract::duration::parse(&record.max_ttl).unwrap_or_default();
    let expires = here.expires().unwrap_or(created);
    let (end, capped) = granted(slot, extend(expires, created, max_ttl, by, SystemTime::now()))?;
    if !dry_run {
        here.ask_until(end)?;
        if !local::until_granted(here, end, limit).await? {
            return Err(unconfirmed(slot, end, limit));
        }
    }
    Ok(report(slot, end, capped, !dry_run))
}

/// Extends the live preview of a slot on ECS.
///
/// # Errors
/// There is none, it is at its cap, AWS refuses, or nobody confirms in time.
pub async fn extend_on_ecs(
    hands: &Hands,
    slot: &Slot,
    by: Duration,
    limit: Duration,
    dry_run: bool,
) -> Result<ExtendReport, Error> {
    let live = hands.of_slot(slot, Ended::Left).await?;
    let preview = live.into_iter().rfind(Preview::is_staying).ok_or_else(|| url::none(slot))?;
    let now = SystemTime::now();
    let (end, capped) = granted(slot, extend(preview.expires, preview.created, preview.max_ttl, by, now))?;
    if dry_run {
        return Ok(report(slot, end, capped, false));
    }
    let tag = [(contract::tags::EXPIRES_AT, stamp::rfc3339(end))];
    hands.definitions.tag_task(&preview.task.arn, &tag).await?;
    until_confirmed(hands, &preview, (now, end), limit).await?;
    hands.tell_ready(&Preview { expires: end, ..preview }).await;
    Ok(report(slot, end, capped, true))
}

/// Waits for the supervisor's word in the app's log.
async fn until_confirmed(
    hands: &Hands,
    preview: &Preview,
    (asked_at, end): (SystemTime, SystemTime),
    limit: Duration,
) -> Result<(), Error> {
    let stream = LogStream::of(&hands.ecs, &preview.task, &preview.app).await.map_err(|fault| Error::Unconfirmed {
        text: format!("unconfirmed: {} was asked to go on, and its log cannot be read: {fault}", preview.slot),
        fix: "give the app's container an awslogs log: --log-group".to_owned(),
    })?;
    say(&format!("mayfly: waiting for the supervisor of {} to take it", preview.slot));
    let begun = Instant::now();
    loop {
        let lines = stream.tail(&hands.aws, LINES).await?;
        if lines.iter().any(|line| confirms(line, asked_at, end)) {
            return Ok(());
        }
        if begun.elapsed() >= limit {
            return Err(unconfirmed(&preview.slot, end, limit));
        }
        if let Some(task) = hands.look(&preview.task.arn).await?
            && (task.stopping || task.status.is_over())
        {
            return Err(Error::NotFound(format!("the preview of {} has ended meanwhile", preview.slot)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether a line says that the lease now goes as far as was asked for (or further: somebody else may have asked for more).
fn confirms(line: &LogLine, asked_at: SystemTime, end: SystemTime) -> bool {
    let Some((_, rest)) = line.text.split_once(RENEWED) else { return false };
    let Some(left) = rest.split_whitespace().next().and_then(|text| contract::duration::parse(text).ok()) else {
        return false;
    };
    line.at + SLACK >= asked_at && line.at + left + SLACK >= end
}

fn unconfirmed(slot: &Slot, end: SystemTime, limit: Duration) -> Error {
    let within = contract::duration::format(limit);
    Error::Unconfirmed {
        text: format!(
            "unconfirmed: {slot} was asked to go on until {}, and its supervisor has not said so within {within}",
            stamp::rfc3339(end)
        ),
        fix: format!(
            "read its log (mayfly preview logs --pr {}): where it cannot see its tags, the task role needs ecs:ListTagsForResource",
            slot.pr
        ),
    }
}

fn report(slot: &Slot, end: SystemTime, capped: bool, confirmed: bool) -> ExtendReport {
    ExtendReport { repo: slot.repo.clone(), pr: slot.pr.get(), expires_at: stamp::rfc3339(end), confirmed, capped }
}

impl ExtendReport {
    /// For people.
    pub fn text(&self) -> String {
        let said = if self.confirmed { "renewed: it ends" } else { "it would end" };
        let cap = if self.capped { ", which is its cap" } else { "" };
        format!("{}#{} {said} at {}{cap}", self.repo, self.pr, self.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::confirms;
    use crate::logs::LogLine;

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    #[test]
    fn word_of_the_supervisor_confirms_only_what_reaches_the_asked_end() {
        let line = |second, text: &str| LogLine { at: at(second), text: text.to_owned() };
        let confirmed = |line: LogLine| confirms(&line, at(100), at(100 + 7_200));
        assert!(confirmed(line(110, "runner-entrypoint: renewed: 1h59m50s left")));
        assert!(confirmed(line(130, "renewed: 3h left")), "somebody else asked for more");
        assert!(!confirmed(line(110, "renewed: 1h left")), "an earlier request");
        assert!(!confirmed(line(50, "renewed: 3h left")), "said before this was asked");
        assert!(!confirmed(line(110, "the lease stays as it is: no tag")));
        assert!(!confirmed(line(110, "renewed: soon")));
    }
}
