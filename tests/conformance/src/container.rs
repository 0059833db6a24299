//! A container as the place of a trial: what the engine is told, so that it finds the trial's programs and files there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::stage::{binaries, entrypoint};

/// Names the image that the cases are tried in, in place of this machine. It needs no programs but a shell and coreutils, and
/// the C library that ours were built with.
const IMAGE: &str = "MAYFLY_TEST_DOCKER";
/// The engine's command.
const ENGINE: &str = "docker";

/// Whether the program finds a terminal on stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// `-i`: what there is on stdin.
    Without,
    /// `-it`.
    With,
}

/// The image, where containers are asked for.
pub(crate) fn image() -> Option<&'static str> {
    static ASKED: OnceLock<Option<String>> = OnceLock::new();
    ASKED.get_or_init(|| std::env::var(IMAGE).ok().filter(|image| !image.is_empty())).as_deref()
}

/// The name of the container whose trial has this folder.
pub(crate) fn name_for(notes: &Path) -> String {
    notes.file_name().unwrap_or_default().display().to_string()
}

/// What stands before a program so that it becomes PID 1 of a container.
pub(crate) fn prefix(
    terminal: Terminal,
    program: &Path,
    notes: &Path,
    environment: &BTreeMap<&str, String>,
) -> Vec<String> {
    let here = std::env::current_dir().unwrap_or_default().display().to_string();
    // The host's network: there is nothing to be kept apart, and the container starts in half the time.
    let mut line: Vec<String> = [ENGINE, "run", "--rm", "--interactive", "--network", "host", "--workdir", &here]
        .iter()
        .map(|word| (*word).to_owned())
        .collect();
    line.extend(["--name".to_owned(), name_for(notes)]);
    if terminal == Terminal::With {
        line.push("--tty".to_owned());
    }
    for path in needed(program).iter().map(PathBuf::as_path).chain([notes]) {
        line.extend(["--volume".to_owned(), format!("{0}:{0}", path.display())]);
    }
    for (name, value) in environment {
        line.extend(["--env".to_owned(), format!("{name}={value}")]);
    }
    line.extend(image().map(str::to_owned));
    line
}

/// The program, what it is a link to, and the children in the trials.
fn needed(program: &Path) -> BTreeSet<PathBuf> {
    let folder_of = |path: &Path| path.parent().unwrap_or(path).to_owned();
    let own = if program.is_symlink() { folder_of(program) } else { program.to_owned() };
    BTreeSet::from([own, folder_of(&entrypoint()), binaries().folder().to_owned()])
}

/// Removes a container that may still run, or be about to.
pub(crate) fn remove(name: &str) {
    let _ = Command::new(ENGINE).args(["rm", "--force", name]).stdout(Stdio::null()).stderr(Stdio::null()).status();
}
