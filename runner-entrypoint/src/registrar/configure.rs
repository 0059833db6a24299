//! Registration by the Listener's own `configure` and `remove`: for registration tokens, and for several jobs.

use std::process::{Output, Stdio};

use contract::Secret;

use super::Registrar;
use super::files::{self, RUNNER};
use crate::config::Jobs;
use crate::listener::process;

/// Every argument of the Listener can be given by a variable of this form; it forgets it at its start, and so the token is
/// in no argument list (`actions/runner src/Runner.Listener/CommandSettings.cs`).
const TOKEN_VARIABLE: &str = "ACTIONS_RUNNER_INPUT_TOKEN";

/// Registers. `.runner` is the proof, and not the exit code.
pub(super) fn configure(registrar: &Registrar, token: &Secret, group: Option<&str>) -> Result<u64, String> {
    let config = &registrar.config;
    files::remove_stale(&config.runner_dir).map_err(|cause| {
        format!("the old registration in {} cannot be removed: {cause}", config.runner_dir.display())
    })?;
    let (page, labels) = (config.scope.page(&config.server_url), config.labels.join(","));
    // `--replace`: a name is used for one launch only, so that a runner that has it is ours, from an answer that was lost.
    let mut arguments = vec!["configure", "--unattended", "--replace", "--disableupdate", "--no-default-labels"];
    arguments.extend(["--url", &page, "--name", &config.runner_name, "--labels", &labels, "--work", "_work"]);
    if config.jobs == Jobs::One {
        arguments.push("--ephemeral");
    }
    if let Some(group) = group {
        arguments.extend(["--runnergroup", group]);
    }
    let output = run(registrar, &arguments, token)?;
    files::agent_id(&config.runner_dir)
        .ok_or_else(|| format!("the Listener could not register: {}", last_words(&output)))
}

/// Removes. The exit code alone is no proof: without files it is 0 as well.
pub(super) fn remove(registrar: &Registrar, token: &Secret) -> Result<(), String> {
    let registration = registrar.config.runner_dir.join(RUNNER);
    if !registration.exists() {
        return Ok(());
    }
    let output = run(registrar, &["remove"], token)?;
    if output.status.success() && !registration.exists() {
        return Ok(());
    }
    Err(format!("the Listener could not remove the runner: {}", last_words(&output)))
}

fn run(registrar: &Registrar, arguments: &[&str], token: &Secret) -> Result<Output, String> {
    let mut command = process::command(&registrar.config, &registrar.account, registrar.mask);
    command.args(arguments).env(TOKEN_VARIABLE, token.expose()).stdin(Stdio::null());
    command.output().map_err(|cause| format!("{} cannot be started: {cause}", command.get_program().display()))
}

/// The end of what it said, where the reason stands.
fn last_words(output: &Output) -> String {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(3)..].join(" / ");
    let words: String = last.chars().filter(|c| !c.is_control()).collect();
    format!("{} ({})", if words.is_empty() { "it said nothing" } else { &words }, output.status)
}
