//! `mayfly preview wait`: until a preview is ready, or until it has ended; meanwhile the pull request is told what changes.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::time::Instant;

use super::super::Context;
use super::local_story::Ear;
use super::scene::Scene;
use super::{local, url};
use crate::cli::preview::{PreviewWaitArgs, WaitUntil};
use crate::config::ConfigError;
use crate::error::Error;
use crate::local::{Life, LocalPreview};
use crate::output::answer_as;
use crate::preview::hands::{Ended, Hands};
use crate::preview::observed::Preview;
use crate::preview::slot::Slot;
use crate::stamp;

/// The longest stop timeout of Fargate, and the clean-up of its network.
pub const STOP_LIMIT: Duration = Duration::from_secs(240);
/// Reads are limited to 20 a second for the whole account (ECS developer guide: throttling); nothing here is in a hurry.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const FIRST_LOOK: Duration = Duration::from_millis(250);
/// So long before its end the pull request is warned of a preview, where its lease is long enough.
const WARN: Duration = Duration::from_secs(10 * 60);

/// What came about.
#[derive(Debug, Serialize)]
pub struct WaitReport {
    /// `OWNER/REPO`.
    pub repo: String,
    /// The pull request.
    pub pr: u64,
    /// `ready` or `ended`.
    pub state: &'static str,
    /// Where it is reached.
    pub url: Option<String>,
    /// Why it ended, in words.
    pub cause: Option<String>,
    /// How long it ran, in seconds.
    pub uptime_s: Option<u64>,
    /// US dollars in all; none where no price is listed.
    pub cost: Option<f64>,
}

/// Waits.
///
/// # Errors
/// There is no preview, or the limit passed.
pub async fn run(args: &PreviewWaitArgs, context: &Context<'_>) -> Result<(), Error> {
    let limit = contract::duration::parse(&args.timeout).map_err(|fault| ConfigError::one("--timeout", fault))?;
    let scene = Scene::of(&args.slot, context)?;
    let report = match local::youngest(&scene.slot, context)? {
        Some(here) => {
            let ear = Ear::of(&scene.place, scene.publish, context)?;
            wait_here(&scene.slot, &here, &ear, args.until, limit).await?
        }
        None if scene.aws().is_none() => return Err(url::none(&scene.slot)),
        None => wait_on_ecs(&scene.hands(context).await?, &scene.slot, args.until, limit).await?,
    };
    answer_as(context.output, &report, || report.text());
    Ok(())
}

async fn wait_here(
    slot: &Slot,
    here: &LocalPreview,
    ear: &Ear,
    until: WaitUntil,
    limit: Duration,
) -> Result<WaitReport, Error> {
    let begun = Instant::now();
    let mut warned_of: Option<SystemTime> = None;
    loop {
        let ended = here.life()? == Life::Ended;
        if ended || until == WaitUntil::Ready {
            let end = here.end();
            return Ok(WaitReport {
                state: if ended { "ended" } else { "ready" },
                url: Some(here.record().url.clone()),
                cause: if ended { Some(ear.ended(here, None).await) } else { None },
                uptime_s: end.map(|end| end.uptime_ms / 1_000),
                cost: Some(0.0),
                ..report(slot)
            });
        }
        if let (Some(expires), Some(created)) = (here.expires(), stamp::parse(&here.record().created))
            && is_near(expires, created)
            && warned_of != Some(expires)
        {
            ear.warning(here).await;
            warned_of = Some(expires);
        }
        if begun.elapsed() >= limit {
            return Err(timed_out(slot, until, limit));
        }
        tokio::time::sleep(FIRST_LOOK).await;
    }
}

async fn wait_on_ecs(hands: &Hands, slot: &Slot, until: WaitUntil, limit: Duration) -> Result<WaitReport, Error> {
    let begun = Instant::now();
    let mut pause = FIRST_LOOK;
    let mut warned_of: Option<SystemTime> = None;
    loop {
        let newest = hands.of_slot(slot, Ended::Included).await?.pop();
        let preview = match newest {
            Some(preview) => preview,
            None if begun.elapsed() > LOOK_EVERY => return Err(url::none(slot)),
            None => {
                tokio::time::sleep(pause).await;
                continue;
            }
        };
        if !preview.is_live() {
            return ended(hands, &preview, until).await;
        }
        if until == WaitUntil::Ready && preview.url.is_some() && preview.is_staying() {
            return Ok(WaitReport { state: "ready", url: preview.url.clone(), ..report(slot) });
        }
        if is_due(&preview, warned_of) {
            hands.tell_warning(&preview).await;
            warned_of = Some(preview.expires);
        }
        if begun.elapsed() >= limit {
            return Err(timed_out(slot, until, limit));
        }
        tokio::time::sleep(pause.min(limit.saturating_sub(begun.elapsed()))).await;
        pause = (pause * 3 / 2).min(look_every(&preview));
    }
}

/// Near its end a preview is looked at more often: a renewal, the warning and the end are near.
fn look_every(preview: &Preview) -> Duration {
    let left = preview.expires.duration_since(SystemTime::now()).unwrap_or_default();
    (left / 20).clamp(FIRST_LOOK, LOOK_EVERY)
}

/// Whether the pull request is to be warned: once for each end that was granted.
fn is_due(preview: &Preview, warned_of: Option<SystemTime>) -> bool {
    let near = is_near(preview.expires, preview.created);
    preview.url.is_some() && preview.is_staying() && near && warned_of != Some(preview.expires)
}

/// Whether an end is near: of a short lease the second half.
fn is_near(expires: SystemTime, created: SystemTime) -> bool {
    let before = WARN.min(expires.duration_since(created).unwrap_or_default() / 2);
    expires.duration_since(SystemTime::now()).unwrap_or_default() <= before
}

async fn ended(hands: &Hands, preview: &Preview, until: WaitUntil) -> Result<WaitReport, Error> {
    let staying = hands.of_slot(&preview.slot, Ended::Left).await?.iter().any(Preview::is_staying);
    if !staying {
        hands.remove_route(&preview.slot).await?;
    }
    let death = hands.tell_end(preview, None).await;
    let cause = death.cause.words();
    if until == WaitUntil::Ready {
        return Err(Error::NotFound(format!("the preview of {} has ended before it was ready: {cause}", preview.slot)));
    }
    Ok(WaitReport {
        state: "ended",
        url: preview.url.clone(),
        cause: Some(cause),
        uptime_s: death.uptime.map(|uptime| uptime.as_secs()),
        cost: death.cost.map(|usd| (usd * 1e4).round() / 1e4),
        ..report(&preview.slot)
    })
}

fn report(slot: &Slot) -> WaitReport {
    let (repo, pr) = (slot.repo.clone(), slot.pr.get());
    WaitReport { repo, pr, state: "", url: None, cause: None, uptime_s: None, cost: None }
}

fn timed_out(slot: &Slot, until: WaitUntil, limit: Duration) -> Error {
    let state = if until == WaitUntil::Ready { "ready" } else { "over" };
    let fix = format!("look at it: mayfly preview list, mayfly preview logs --pr {}", slot.pr);
    Error::TimedOut { what: format!("the preview of {slot} was not {state}"), limit, fix }
}

impl WaitReport {
    /// For people.
    fn text(&self) -> String {
        let Self { repo, pr, state, url, cause, uptime_s, cost } = self;
        let url = url.as_deref().map(|url| format!(" at {url}")).unwrap_or_default();
        let cause = cause.as_deref().map(|cause| format!(": {cause}")).unwrap_or_default();
        let ran = uptime_s
            .map(|seconds| format!("; it ran for {}", contract::duration::format(Duration::from_secs(seconds))));
        let cost = cost.filter(|usd| *usd > 0.0).map(|usd| format!(" and cost {usd:.4} USD")).unwrap_or_default();
        format!("{repo}#{pr} {state}{url}{cause}{}{cost}", ran.unwrap_or_default())
    }
}
