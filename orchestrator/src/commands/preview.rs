//! `mayfly preview …`: one file for each command.

pub mod build;
pub mod down;
pub mod extend;
pub mod list;
pub mod local;
pub mod local_story;
pub mod local_up;
pub mod logs;
pub mod order;
pub mod scene;
pub mod up;
pub mod url;
pub mod validate;
pub mod wait;

use super::Context;
use crate::cli::preview::PreviewCommand;
use crate::error::Error;

/// Does what was typed.
///
/// # Errors
/// Those of the command.
pub async fn run(command: &PreviewCommand, context: &Context<'_>) -> Result<(), Error> {
    match command {
        PreviewCommand::Up(args) => up::run(args, context).await,
        PreviewCommand::Down(args) => down::run(args, context).await,
        PreviewCommand::Extend(args) => extend::run(args, context).await,
        PreviewCommand::List(args) => list::run(args, context).await,
        PreviewCommand::Logs(args) => logs::run(args, context).await,
        PreviewCommand::Url(args) => url::run(args, context).await,
        PreviewCommand::Wait(args) => wait::run(args, context).await,
        PreviewCommand::Validate(args) => validate::run(args, context).await,
        PreviewCommand::Build(args) => build::run(args, context).await,
    }
}
