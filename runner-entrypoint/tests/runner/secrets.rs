//! Where the credential is not.

use std::fs;
use std::io::Write as _;
use std::process::Command;

use contract::env;
use contract::exit::Cause;

use crate::github::GitHub;
use crate::life::Machine;

#[test]
fn credential_is_gone_from_the_environment_block() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.online();
    // As root with all capabilities this file is readable, so that it shows whether the bytes were overwritten; for
    // everybody else it is refused, because the process is not dumpable.
    match fs::read(format!("/proc/{}/environ", life.pid())) {
        Err(cause) => assert_eq!(cause.kind(), std::io::ErrorKind::PermissionDenied),
        Ok(block) => {
            let block = String::from_utf8_lossy(&block);
            assert!(block.contains("MAYFLY_GITHUB_TOKEN=") && !block.contains("marker"), "{block}");
        }
    }
}

#[test]
fn process_is_not_dumpable() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.online();
    // What is not dumpable belongs to root in /proc; where the test is root already, the attribute cannot be told apart.
    let owner =
        fs::metadata(format!("/proc/{}/environ", life.pid())).map(|data| std::os::unix::fs::MetadataExt::uid(&data));
    assert_eq!(owner.ok(), Some(0));
}

#[test]
fn job_gets_an_allowed_environment_without_secrets_or_settings() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set("AWS_SECRET_ACCESS_KEY", "marker").set("FOO", "for the job").set("BAR", "not for the job");
    machine.set(env::JOB_ENV, "FOO").set("https_proxy", "").set("LANG", "C.UTF-8");
    let mut life = machine.start();
    life.online();
    let environment = life.read("environment");
    assert!(environment.contains("FOO=for the job") && environment.contains("LANG=C.UTF-8"), "{environment}");
    for absent in ["marker", "MAYFLY_", "BAR="] {
        assert!(!environment.contains(absent), "{absent}: {environment}");
    }
    assert!(life.read("arguments").trim_end().ends_with("bin/Runner.Listener run"), "{}", life.read("arguments"));
}

#[test]
fn credential_appears_in_no_line() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.busy().order("forget").order("exit 100");
    life.end();
    assert!(!life.heard.iter().any(|line| line.contains("marker")));
    assert!(!life.read("state/state.json").contains("marker"));
}

#[test]
fn credential_is_taken_from_an_inherited_descriptor() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.unset(env::GITHUB_TOKEN).set(env::CREDENTIAL_FD, "0");
    // The entrypoint's stdin is /dev/null here, so that the credential is empty and refused: the descriptor was read.
    let end = machine.start().end();
    assert_eq!(end.cause, Cause::RegistrationRefused);
    assert!(end.message.contains("handed over"), "{}", end.message);
}

#[test]
fn no_descriptor_of_the_entrypoint_reaches_the_job() {
    let github = GitHub::start();
    let mut life = Machine::new(&github).start();
    life.online();
    let listener = Command::new("pgrep").args(["-P", &life.pid().to_string()]).output().expect("pgrep runs");
    let listener = String::from_utf8_lossy(&listener.stdout).trim().to_owned();
    let folder = fs::read_dir(format!("/proc/{listener}/fd")).expect("the Listener runs");
    let open: Vec<String> = folder
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.display().to_string())
        .collect();
    assert!(!open.iter().any(|target| target.contains("memfd") || target.contains("signalfd")), "{open:?}");
    let _ = std::io::stdout().flush();
}
