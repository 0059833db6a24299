//! `sandbox serve`: everything, until somebody ends it.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::ExitCode;

use contract::env;
use tokio::signal::unix::{SignalKind, signal};

use crate::aws::{Status, fixture};
use crate::cli::say;
use crate::world::{Sandbox, SandboxConfig};

pub(crate) async fn serve(config: SandboxConfig, env_file: &Path) -> Result<ExitCode, String> {
    let sandbox = Sandbox::start(config).await.map_err(|fault| format!("could not start the sandbox: {fault}"))?;
    write_env_file(&sandbox, env_file).map_err(|fault| format!("could not write {}: {fault}", env_file.display()))?;
    greet(&sandbox, env_file);
    wait_for_end().await.map_err(|fault| format!("could not wait for signals: {fault}"))?;
    tell_what_is_left(&sandbox);
    sandbox.stop().await;
    Ok(tell_violations(&sandbox))
}

/// Only the owner may read it, as a real one would have to be: it holds tokens.
fn write_env_file(sandbox: &Sandbox, file: &Path) -> io::Result<()> {
    let mut variables = sandbox.env();
    let more = [
        ("AWS_ACCESS_KEY_ID", fixture::ADMIN_ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", fixture::ADMIN_SECRET_KEY),
        ("AWS_DEFAULT_REGION", fixture::REGION),
        (env::GITHUB_TOKEN, sandbox.github_token()),
    ];
    variables.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let lines: String =
        variables.iter().map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', r"'\''"))).collect();
    let mut open = fs::OpenOptions::new();
    let mut opened = open.create(true).write(true).truncate(true).mode(0o600).open(file)?;
    opened.set_permissions(fs::Permissions::from_mode(0o600))?;
    io::Write::write_all(&mut opened, lines.as_bytes())
}

fn greet(sandbox: &Sandbox, env_file: &Path) {
    say(&format!("GitHub  {}   (also {}/api/v3)", sandbox.github.url(), sandbox.github.url()));
    say(&format!("OIDC    {}", sandbox.github.issuer()));
    say(&format!("AWS     {}", sandbox.aws.url()));
    say(&format!("Page    {}", sandbox.github.page()));
    say(&format!("\nIn another terminal:\n\n  . {}", env_file.display()));
    say("  mayfly runner start --launch-mode fargate");
    say("  aws ecs list-tasks --cluster mayfly");
    say("  curl -s $GITHUB_API_URL/_sandbox/state");
    say("\nCtrl-C ends it and says what is left.");
}

async fn wait_for_end() -> io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn tell_what_is_left(sandbox: &Sandbox) {
    let runners = sandbox.github.runners();
    let tasks = sandbox.aws.tasks();
    let live: Vec<_> = tasks.iter().filter(|task| task.status != Status::Stopped).collect();
    say(&format!("\nLeft: {} runners at GitHub, {} tasks of {} in ECS", runners.len(), live.len(), tasks.len()));
    for runner in runners {
        let state = if runner.online { "online" } else { "offline" };
        say(&format!("  runner {} ({state}{})", runner.name, if runner.busy() { ", busy" } else { "" }));
    }
    for task in live {
        say(&format!("  task {} ({:?})", task.arn, task.status));
    }
}

/// Exit code 1 where GitHub's description was broken.
pub(crate) fn tell_violations(sandbox: &Sandbox) -> ExitCode {
    let violations = sandbox.github.violations();
    if violations.is_empty() {
        return ExitCode::SUCCESS;
    }
    say(&format!("\n{} breaches of the contract:", violations.len()));
    for violation in violations {
        say(&format!("  {violation}"));
    }
    ExitCode::FAILURE
}
