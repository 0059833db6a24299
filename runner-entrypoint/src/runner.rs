//! `runner-entrypoint runner`: one runner from its first to its last line.

mod guard;

use std::os::fd::RawFd;
use std::process::ExitCode;

use contract::env;
use contract::exit::Cause;
use nix::sys::prctl;

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::listener::account::Account;
use crate::listener::folder;
use crate::machine::Verdict;
use crate::registrar::Registrar;
use crate::report::{self, StateFile, say};
use crate::secrets::vault::Vault;
use crate::secrets::{self};
use crate::supervisor;
use crate::supervisor::signals::Signals;

use self::guard::RunnerGuard;

/// Runs one runner.
pub(crate) fn run(clock: Clock) -> ExitCode {
    match prepare(clock) {
        Ok((mut guard, signals)) => supervisor::guard(&mut guard, &signals, clock),
        Err(verdict) => refuse(&verdict, clock),
    }
}

fn prepare(clock: Clock) -> Result<(RunnerGuard, Signals), Verdict> {
    // 1. Nobody may read the credential from here on.
    let mut vault = secrets::lock_away().map_err(|cause| internal("the credential cannot be locked away", &cause))?;
    // 2. No signal ends us half-way, and no orphan escapes us.
    let signals = Signals::block().map_err(|cause| internal("signals cannot be blocked", &cause))?;
    prctl::set_child_subreaper(true).map_err(|cause| internal("orphans cannot be adopted", &cause))?;
    // 3. All settings, or all faults.
    let config = read_settings(&mut vault)?;
    // 4. The job's user and folder, before GitHub hears of us.
    let account = Account::find(&config.runner_user).map_err(bad_configuration)?;
    folder::prepare(&config.runner_dir, &account).map_err(bad_configuration)?;
    if let Some(weakness) = account.weakness() {
        say(&weakness);
    }
    // 5. The loop takes over.
    let state_file = StateFile::open(config.state_dir.clone());
    let mask = signals.before();
    let registrar = Registrar { config, clock, account, vault, mask };
    Ok((RunnerGuard::new(registrar, state_file), signals))
}

fn read_settings(vault: &mut Vault) -> Result<Config, Verdict> {
    let lookup = |name: &str| std::env::var(name).ok();
    if let Some(text) = lookup(env::CREDENTIAL_FD).filter(|text| !text.is_empty()) {
        take_inherited(vault, &text).map_err(bad_configuration)?;
    }
    config::read(&lookup, &|name| vault.holds(name)).map_err(|faults| bad_configuration(faults.join("; ")))
}

fn take_inherited(vault: &mut Vault, text: &str) -> Result<(), String> {
    let fault = |cause: &dyn std::fmt::Display| format!("{} is \"{text}\": {cause}", env::CREDENTIAL_FD);
    let number: RawFd = text.parse().map_err(|cause| fault(&cause))?;
    vault.put_from_descriptor(number).map_err(|cause| fault(&cause))
}

/// Ends before anything has begun.
fn refuse(verdict: &Verdict, clock: Clock) -> ExitCode {
    let name = std::env::var(env::RUNNER_NAME).unwrap_or_default();
    report::print_end(&report::end(&name, None, verdict, clock.now()));
    ExitCode::from(verdict.cause.code())
}

fn bad_configuration(message: String) -> Verdict {
    Verdict { cause: Cause::BadConfiguration, message }
}

fn internal(what: &str, cause: &dyn std::fmt::Display) -> Verdict {
    Verdict { cause: Cause::Internal, message: format!("{what}: {cause}") }
}
