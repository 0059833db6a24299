//! `mayfly preview logs`: what a preview's app and its supervisor have printed.

use super::super::local::print_log;
use super::super::{Context, logs};
use super::scene::Scene;
use super::{local, url};
use crate::cli::preview::PreviewLogsArgs;
use crate::commands::context::Cluster;
use crate::error::Error;
use crate::preview::hands::Ended;

/// Prints it.
///
/// # Errors
/// There is no preview, or its log cannot be read.
pub async fn run(args: &PreviewLogsArgs, context: &Context<'_>) -> Result<(), Error> {
    let scene = Scene::of(&args.slot, context)?;
    if let Some(here) = local::youngest(&scene.slot, context)? {
        return print_log(&here.log_path(), args.follow, || here.life()).await;
    }
    if scene.aws().is_none() {
        return Err(url::none(&scene.slot));
    }
    let hands = scene.hands(context).await?;
    let youngest = hands.of_slot(&scene.slot, Ended::Included).await?.pop();
    let preview = youngest.ok_or_else(|| url::none(&scene.slot))?;
    let container = args.container.clone().unwrap_or_else(|| preview.app.clone());
    let cluster = Cluster { aws: hands.aws, ecs: hands.ecs, place: hands.place };
    logs::print(&cluster, &preview.task, &container, args.follow).await
}
