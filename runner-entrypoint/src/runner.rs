//! `runner-entrypoint runner`: one runner from its first to its last line.

mod guard;

use std::os::fd::RawFd;

use contract::env;
use contract::exit::Cause;
use nix::sys::prctl;

use crate::clock::Clock;
use crate::config::{self, Config, JobHooks};
use crate::listener::account::Account;
use crate::listener::folder;
use crate::listener::witness::Witness;
use crate::machine::Verdict;
use crate::registrar::Registrar;
use crate::report::{self, StateFile, say};
use crate::secrets::vault::Vault;
use crate::secrets::{self};
use crate::supervisor;
use crate::supervisor::signals::Signals;
use crate::task_role::{self, TaskRole};
use crate::{descriptors, http};

use self::guard::RunnerGuard;

/// Runs one runner.
pub(crate) fn run(clock: Clock) -> u8 {
    match prepare(clock) {
        Ok((mut guard, signals)) => supervisor::guard(&mut guard, &signals, clock),
        Err(verdict) => refuse(&verdict, clock),
    }
}

fn prepare(clock: Clock) -> Result<(RunnerGuard, Signals), Verdict> {
    // 1. Nobody may read the credential from here on, and nothing that we were given reaches the job by itself.
    let mut vault = secrets::lock_away().map_err(|cause| internal("the credential cannot be locked away", &cause))?;
    descriptors::keep_from_children();
    // 2. No signal ends us half-way, and no orphan escapes us.
    let signals = Signals::block().map_err(|cause| internal("signals cannot be blocked", &cause))?;
    prctl::set_child_subreaper(true).map_err(|cause| internal("orphans cannot be adopted", &cause))?;
    // 3. All settings, or all faults.
    let config = read_settings(&mut vault)?;
    http::check_own_roots().map_err(bad_configuration)?;
    if config.task_role == TaskRole::Hide {
        task_role::hide().map_err(|cause| internal("the task role cannot be hidden", &cause))?;
    }
    // 4. The job's user and folder, before GitHub hears of us.
    let account = Account::find(&config.runner_user).map_err(bad_configuration)?;
    folder::prepare(&config.runner_dir, &account).map_err(bad_configuration)?;
    if let Some(weakness) = account.weakness() {
        say(&weakness);
    }
    // 5. The loop takes over.
    let state_file = StateFile::open(config.state_dir.clone());
    let witness = call_witness(&config);
    let mask = signals.before();
    let registrar = Registrar { config, clock, account, vault, mask };
    Ok((RunnerGuard::new(registrar, state_file, witness), signals))
}

/// The second witness is worth having, and no reason not to start.
fn call_witness(config: &Config) -> Option<Witness> {
    if config.job_hooks == JobHooks::LeftAlone {
        return None;
    }
    let called = Witness::call(&config.state_dir, &config.runner_dir);
    called.inspect_err(|cause| say(&format!("no job hooks of ours: they cannot be written: {cause}"))).ok()
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
fn refuse(verdict: &Verdict, clock: Clock) -> u8 {
    let name = std::env::var(env::RUNNER_NAME).unwrap_or_default();
    report::print_record(&report::end(&name, None, verdict, clock.now()));
    verdict.cause.code()
}

fn bad_configuration(message: String) -> Verdict {
    Verdict { cause: Cause::BadConfiguration, message }
}

fn internal(what: &str, cause: &dyn std::fmt::Display) -> Verdict {
    Verdict { cause: Cause::Internal, message: format!("{what}: {cause}") }
}
