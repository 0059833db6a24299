//! `mayfly preview down`: ends a pull request's preview and removes all that it made; also what is left of one that is gone.

use std::time::Duration;

use serde::Serialize;

use super::super::Context;
use super::local;
use super::local_story::Ear;
use super::scene::Scene;
use crate::cli::preview::DownArgs;
use crate::error::Error;
use crate::output::{answer_as, say};
use crate::preview::definition::Family;
use crate::preview::hands::{Ended, Hands};
use crate::preview::observed::Preview;
use crate::preview::slot::Slot;
use crate::preview::story::certificate::Asked;

/// A supervisor gives the app its grace, and then ends it.
const LOCAL_LIMIT: Duration = Duration::from_secs(60);

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct DownReport {
    /// Whether nothing was done in earnest.
    pub dry_run: bool,
    /// Previews that were told to end.
    pub ended: Vec<String>,
    /// Rules, targets and target groups that were removed.
    pub removed: Vec<String>,
    /// Task definitions that were taken out of use.
    pub definitions: usize,
}

/// Does it. Safe to repeat; nothing to do is no fault.
///
/// # Errors
/// AWS refuses, or a local preview does not end.
pub async fn run(args: &DownArgs, context: &Context<'_>) -> Result<(), Error> {
    let scene = Scene::of(&args.slot, context)?;
    let by = context.actor();
    let mut report = DownReport { dry_run: args.dry_run, ..DownReport::default() };
    let ear = Ear::of(&scene.place, scene.publish, context)?;
    here(&scene.slot, &ear, &by, &mut report, context).await?;
    if scene.aws().is_some() {
        let hands = scene.hands(context).await?;
        if args.dry_run {
            foresee(&hands, &scene.slot, &mut report).await?;
        } else {
            take_down(&hands, &scene.slot, by, &mut report).await?;
        }
    }
    answer_as(context.output, &report, || report.text(&scene.slot));
    Ok(())
}

async fn here(
    slot: &Slot,
    ear: &Ear,
    by: &Option<String>,
    report: &mut DownReport,
    context: &Context<'_>,
) -> Result<(), Error> {
    for preview in local::live(slot, context)? {
        if !report.dry_run && preview.stop()? {
            local::until_ended(&preview, LOCAL_LIMIT).await?;
            ear.ended(&preview, Some(Asked::Down(by.clone()))).await;
        }
        report.ended.push(preview.record().id.clone());
    }
    Ok(())
}

async fn foresee(hands: &Hands, slot: &Slot, report: &mut DownReport) -> Result<(), Error> {
    let live = hands.of_slot(slot, Ended::Left).await?;
    report.ended.extend(live.iter().filter(|preview| preview.is_staying()).map(|preview| preview.id.to_string()));
    report.removed = hands.route_names(slot).await?;
    report.definitions = hands.revisions(family(slot).as_str()).await?.len();
    Ok(())
}

/// Ends everything of a slot.
///
/// # Errors
/// AWS refuses.
pub async fn take_down(hands: &Hands, slot: &Slot, by: Option<String>, report: &mut DownReport) -> Result<(), Error> {
    let asked = Asked::Down(by);
    let all = hands.of_slot(slot, Ended::Included).await?;
    // The rule first: the page must not answer with an error of the load balancer's while the app ends.
    let removed = hands.remove_route(slot).await?;
    report.removed.extend(removed.names());
    if hands.road.is_none() && all.iter().any(|preview| preview.host.is_some()) {
        say(
            "mayfly: warning: the preview is behind a load balancer, and no listener is named here: its route stays until `mayfly reap --listener …`",
        );
    }
    let mut staying: Vec<&Preview> = all.iter().filter(|preview| preview.is_staying()).collect();
    for preview in &staying {
        hands.ecs.stop_task(&preview.task.arn, &asked.to_string()).await?;
        report.ended.push(preview.id.to_string());
    }
    report.definitions += hands.deregister(family(slot).as_str()).await?;
    let newest = staying.pop().or(all.last());
    if let Some(preview) = newest {
        let task = hands.until_stopped(&preview.task.arn, super::wait::STOP_LIMIT).await?;
        let preview = Preview { task: task.unwrap_or_else(|| preview.task.clone()), ..preview.clone() };
        hands.tell_end(&preview, Some(asked)).await;
    }
    Ok(())
}

fn family(slot: &Slot) -> Family {
    Family::of(&slot.repo, slot.pr.get())
}

impl DownReport {
    /// For people.
    pub fn text(&self, slot: &Slot) -> String {
        let would = if self.dry_run { "would be " } else { "" };
        if self.ended.is_empty() && self.removed.is_empty() && self.definitions == 0 {
            return format!("{slot}: nothing to do");
        }
        let mut text = String::new();
        for id in &self.ended {
            text += &format!("{slot}: preview {id} {would}ended\n");
        }
        for name in &self.removed {
            text += &format!("{slot}: {name} {would}removed\n");
        }
        if self.definitions > 0 {
            text += &format!("{slot}: {} task definitions {would}taken out of use\n", self.definitions);
        }
        text
    }
}
