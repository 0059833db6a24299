//! What a container runs: entry point and command, and its health check.

use std::path::PathBuf;

use super::whereabouts::Whereabouts;
use super::{Failure, Probe};
use crate::aws::config::LocalImage;
use crate::aws::ecs::definition::{ContainerDefinition, HealthCheck};

/// The program and its arguments, by the rules of container runtimes: an entry point of the definition replaces the
/// image's and drops the image's command; a command replaces the image's command only.
pub(super) fn program(
    image: &LocalImage,
    container: &ContainerDefinition,
    override_: Option<Vec<String>>,
    whereabouts: &Whereabouts,
) -> Result<(PathBuf, Vec<String>), Failure> {
    let given = override_.filter(|command| !command.is_empty()).unwrap_or_else(|| container.command.clone());
    let has_entry_point = !container.entry_point.is_empty();
    let command = if given.is_empty() && !has_entry_point { image.args.clone() } else { given };
    let all: Vec<&String> = container.entry_point.iter().chain(&command).collect();
    let mapped = |arguments: &[&String]| arguments.iter().map(|argument| whereabouts.map(argument)).collect();
    if !has_entry_point && !image.program.as_os_str().is_empty() {
        return Ok((image.program.clone(), mapped(&all)));
    }
    let nothing = || Failure("CannotStartContainerError: Error response from daemon: no command specified".to_owned());
    let (program, args) = all.split_first().ok_or_else(nothing)?;
    Ok((found(image, program, whereabouts), mapped(args)))
}

/// A program of a volume is where the volume is; any other is the image's.
fn found(image: &LocalImage, program: &str, whereabouts: &Whereabouts) -> PathBuf {
    let place = whereabouts.map(program);
    if place == program { image.binary(program) } else { PathBuf::from(place) }
}

/// A program is looked up in the image's folder, as its path within a real image means nothing here.
pub(super) fn probe(image: &LocalImage, check: &HealthCheck, whereabouts: &Whereabouts) -> Option<Probe> {
    let (kind, command) = check.command.split_first()?;
    match kind.as_str() {
        "CMD" => {
            let (program, args) = command.split_first()?;
            let args = args.iter().map(|argument| whereabouts.map(argument)).collect();
            Some(Probe { program: found(image, program, whereabouts), args, check: check.clone() })
        }
        "CMD-SHELL" => {
            let args = vec!["-c".to_owned(), command.join(" ")];
            Some(Probe { program: PathBuf::from("/bin/sh"), args, check: check.clone() })
        }
        _ => None,
    }
}
