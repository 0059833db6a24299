//! Where the credential is not.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use contract::env;
use contract::exit::Cause;

use crate::github::GitHub;
use crate::life::{Life, Machine};

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
    let owner = fs::metadata(format!("/proc/{}/environ", life.pid())).map(|data| data.uid());
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
    machine.unset(env::GITHUB_TOKEN).set(env::CREDENTIAL_FD, "0").hand_over("{\"token\": \"from a pipe\"}");
    let mut life = machine.start();
    life.online();
    assert_eq!(github.requests()[0].authorization, "Bearer from a pipe");
}

#[test]
fn descriptor_that_is_not_open_is_told() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.unset(env::GITHUB_TOKEN).set(env::CREDENTIAL_FD, "77");
    let end = machine.start().end();
    assert_eq!(end.cause, Cause::BadConfiguration);
    assert!(end.message.contains("MAYFLY_CREDENTIAL_FD is \"77\""), "{}", end.message);
}

#[test]
fn job_of_another_user_owns_its_files_and_cannot_read_pid_1() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can run a job as another user");
        return;
    }
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.open_for_all().set(env::RUNNER_USER, "nobody");
    let mut life = machine.start();
    life.online().order("steal").order("say tried").hear("tried");
    assert_eq!((life.read("thief").as_str(), life.read("stolen").as_str()), ("nobody\n", ""));
    assert!(life.read("refusal").contains("Permission denied"), "{}", life.read("refusal"));
    let credentials = fs::metadata(life.machine.path(".credentials")).expect("written");
    assert_eq!(credentials.permissions().mode() & 0o777, 0o600);
    assert_eq!(credentials.uid(), nix::unistd::User::from_name("nobody").expect("users").expect("nobody").uid.as_raw());
    // Its hooks reach PID 1 all the same.
    life.order("hook STARTED").hear("a hook says that a job has started");
    life.order("forget").order("exit 100").end();
}

#[test]
fn task_role_reaches_the_job_unless_it_is_hidden() {
    const ADDRESS: &str = "http://127.0.0.1:1/role/marker";
    for (word, shown) in [("share", true), ("hide", false)] {
        let github = GitHub::start();
        let mut machine = Machine::new(&github);
        machine.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", ADDRESS).set(env::TASK_ROLE, word);
        let mut life = machine.start();
        life.online();
        assert_eq!(life.read("environment").contains(ADDRESS), shown, "{word}");
        // Readable only for root with all capabilities: see above.
        if let Ok(block) = fs::read(format!("/proc/{}/environ", life.pid())) {
            assert_eq!(String::from_utf8_lossy(&block).contains(ADDRESS), shown, "{word}");
        }
    }
}

#[test]
fn user_that_was_asked_for_and_does_not_exist_is_told() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::RUNNER_USER, "nobody-of-this-name");
    let end = machine.start().end();
    assert_eq!(end.cause, Cause::BadConfiguration);
    assert!(end.message.contains("no such user"), "{}", end.message);
}

#[test]
fn no_descriptor_of_the_entrypoint_reaches_the_job() {
    let github = GitHub::start();
    let machine = Machine::new(&github);
    let lock = fs::File::create(machine.path("inherited lock")).expect("a file");
    // As launch mode `local` hands its lock over: not close-on-exec.
    nix::fcntl::fcntl(&lock, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty())).expect("marked");
    let mut life = machine.start();
    life.online();
    let listener = Life::children_of(life.pid())[0];
    let folder = fs::read_dir(format!("/proc/{listener}/fd")).expect("the Listener runs");
    let open: Vec<String> = folder
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.display().to_string())
        .collect();
    let ours = ["memfd", "signalfd", "timerfd", "job-events", "inherited lock"];
    assert!(!open.iter().any(|target| ours.iter().any(|ours| target.contains(ours))), "{open:?}");
}
