//! Misbehaviour on request.

use std::fs;
use std::path::Path;

use super::broker::Broker;
use super::{code, terminal};
use crate::github::Misbehaviour;

const FILE: &str = "misbehave.json";

/// How this runner shall misbehave: its own file says, else the sandbox.
pub(super) fn wanted(root: &Path, broker: &Broker, runner: &str) -> Misbehaviour {
    let own = fs::read(root.join(FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok());
    own.unwrap_or_else(|| broker.behaviour(runner))
}

/// What happens before a session is opened. `Some`: exit with this code.
pub(super) fn before_connect(how: &Misbehaviour, root: &Path) -> Option<u8> {
    match how {
        Misbehaviour::CrashBeforeConnect => std::process::abort(),
        Misbehaviour::Exit(code) => return Some(*code),
        Misbehaviour::VersionRefused => return Some(refuse_version()),
        Misbehaviour::Update(code) => return Some(update(root, *code)),
        Misbehaviour::SessionConflict => {
            terminal::say("A session for this runner already exists.");
            terminal::say("Stop retry on SessionConflictException after retried for 240 seconds.");
            return Some(code::SESSION_CONFLICT);
        }
        Misbehaviour::Garbage => terminal::blurt(b"\xff\xfe\x00\x1b[31m\xc3\x28 garbage \xf0\x9f\n"),
        Misbehaviour::MegabyteLine => {
            terminal::blurt(&[b'x'; 1 << 20]);
            terminal::blurt(b"\n");
        }
        Misbehaviour::None
        | Misbehaviour::NeverConnect
        | Misbehaviour::CrashAfterConnect
        | Misbehaviour::HangAfterJob
        | Misbehaviour::HangWorker => {}
    }
    None
}

fn refuse_version() -> u8 {
    version_refused(&format!(
        "Runner version v{} is deprecated and cannot receive messages.",
        crate::distribution::VERSION
    ))
}

/// The real one ends with 7 only where it was asked to (`actions/runner src/Runner.Listener/Program.cs`).
pub(super) fn version_refused(text: &str) -> u8 {
    terminal::say(&format!("An error occurred: {text}"));
    let asked = std::env::var("ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE").is_ok_and(|value| value == "1");
    if asked { code::VERSION_REFUSED } else { code::TERMINATED }
}

fn update(root: &Path, code: u8) -> u8 {
    terminal::say("Runner update in progress, do not shutdown runner.");
    terminal::say("Downloading 2.337.0 runner");
    terminal::say("Generate and execute update script.");
    terminal::say("Runner will exit shortly for update, should be back online within 10 seconds.");
    let _ = fs::write(root.join("update.finished"), "");
    // Once updated it works: the file that asked for this goes.
    let _ = fs::remove_file(root.join(FILE));
    code
}
