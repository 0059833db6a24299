//! `mayfly preview url`: where a preview is reached, alone on a line.

use super::super::Context;
use super::local;
use super::scene::Scene;
use crate::cli::preview::UrlArgs;
use crate::error::Error;
use crate::output::answer_as;
use crate::preview::hands::Ended;
use crate::preview::slot::Slot;

/// Prints it.
///
/// # Errors
/// There is no live preview, or it does not answer yet.
pub async fn run(args: &UrlArgs, context: &Context<'_>) -> Result<(), Error> {
    let scene = Scene::of(&args.slot, context)?;
    let url = match local::live(&scene.slot, context)?.pop() {
        Some(here) => here.record().url.clone(),
        None if scene.aws().is_none() => return Err(none(&scene.slot)),
        None => {
            let live = scene.hands(context).await?.of_slot(&scene.slot, Ended::Left).await?;
            let ready =
                live.iter().rev().filter(|preview| preview.is_staying()).find_map(|preview| preview.url.clone());
            ready.ok_or_else(|| none(&scene.slot))?
        }
    };
    answer_as(context.output, &serde_json::json!({ "url": url }), || url.clone());
    Ok(())
}

/// The error where a slot has no live preview.
pub fn none(slot: &Slot) -> Error {
    Error::NotFound(format!("{slot} has no preview that answers; start one: mayfly preview up --pr {}", slot.pr))
}
