//! Secrets reach nobody but whom they are for: every mode with marked secrets, looked at with the eyes of the job's user, of
//! root with the capabilities that a container has, and of root with all of them.
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod aws;
mod crash;
mod eyes;
mod guarded;
mod runner;

use std::process::Stdio;

use conformance::patience::within;
use conformance::process;
use conformance::stage::binaries;
use contract::env;
use nix::unistd::{Pid, geteuid};
use sandbox::github::{Fault, FaultKind};

use self::eyes::Eyes;
use self::guarded::{AT_AWS, Guarded, IN_A_VARIABLE};
use self::runner::{Credential, PATIENCE, Runner, VARIABLE};

/// Only root can run a job as another user, and give up what root can do.
fn is_root() -> bool {
    if !geteuid().is_root() {
        eprintln!("skipped: only root can run a job as another user");
    }
    geteuid().is_root()
}

fn assert_nothing_leaks(credential: Credential) {
    if !is_root() {
        return;
    }
    let runner = Runner::start(credential);
    assert!(runner.credentials().len() > 4, "GitHub gave nothing that could leak");
    let (pid, folder) = (runner.program.id(), runner.sandbox.folder());
    for eyes in Eyes::HIDDEN_FROM {
        let seen = eyes.probe(pid, &[folder], &runner.secrets());
        assert_eq!(seen.hits(), [""; 0], "{credential:?}, {eyes:?}");
        // It did look: at what it must be able to see, and only that.
        assert!(seen.says("read files") && seen.says("read what all may read"), "{eyes:?}: {seen:?}");
        assert_eq!(seen.says("read environment of a child"), eyes == Eyes::JobUser, "{eyes:?}: {seen:?}");
        assert!(!seen.says("of the program"), "{eyes:?} was let into PID 1: {seen:?}");
    }
    assert_pid_1_holds_none(&runner);
    assert_eq!(core_limit_of(runner.pid()), Some("0".to_owned()), "core files are not forbidden");
}

/// Root with all capabilities is let in, and finds nothing: neither in the memory nor in what the kernel shows of the block
/// that the environment came in.
#[track_caller]
fn assert_pid_1_holds_none(runner: &Runner) {
    let seen = Eyes::Root.probe(runner.program.id(), &[], &runner.taken_out());
    assert!(seen.says("read environment of the program") && seen.says("read memory of the program"), "{seen:?}");
    assert!(!seen.says("hit environment of program"), "{seen:?}");
    let seen = Eyes::Root.probe(runner.program.id(), &[], &runner.credentials());
    assert!(!seen.says("hit memory of program"), "{seen:?}");
}

/// The soft limit for core files.
fn core_limit_of(pid: Pid) -> Option<String> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size"))?;
    line.split_whitespace().next().map(str::to_owned)
}

#[test]
fn token_in_the_environment_does_not_leak() {
    assert_nothing_leaks(Credential::Token);
}

#[test]
fn key_of_an_app_and_its_tokens_do_not_leak() {
    assert_nothing_leaks(Credential::App);
}

#[test]
fn key_from_a_descriptor_does_not_leak() {
    assert_nothing_leaks(Credential::Descriptor);
}

#[test]
fn registration_token_does_not_leak() {
    assert_nothing_leaks(Credential::RegistrationToken);
}

#[test]
fn registration_token_that_was_minted_for_several_jobs_does_not_leak() {
    assert_nothing_leaks(Credential::SeveralJobs);
}

#[test]
fn token_from_a_variable_of_the_users_own_does_not_leak() {
    assert_nothing_leaks(Credential::From(VARIABLE));
}

#[test]
fn secret_of_secrets_manager_does_not_leak() {
    assert_nothing_leaks(Credential::From("secretsmanager:github"));
}

#[test]
fn one_shot_parameter_does_not_leak_and_is_deleted_before_a_job_can_come() {
    for credential in [Credential::OneShotParameter, Credential::From("ssm-once:/mayfly/one-shot")] {
        if !is_root() {
            return;
        }
        let runner = Runner::start(credential);
        assert!(runner.aws.actions().iter().any(|action| action == "DeleteParameter"), "{:?}", runner.aws.actions());
        drop(runner);
        assert_nothing_leaks(credential);
    }
}

#[test]
fn process_that_talks_to_github_is_closed_to_all() {
    if !is_root() {
        return;
    }
    let hang = |sandbox: &sandbox::Sandbox| {
        sandbox.github.fault(Fault::once("POST", "*/generate-jitconfig", FaultKind::Hang));
    };
    let runner = Runner::begin(Credential::Token, hang);
    let secrets = [runner.sandbox.github_token().to_owned()];
    let holds = || Eyes::Root.probe(runner.program.id(), &[], &secrets).says("hit memory of child").then_some(());
    assert!(within(PATIENCE, holds).is_some(), "nothing talks to GitHub:\n{}", runner.log());
    for eyes in Eyes::HIDDEN_FROM {
        let seen = eyes.probe(runner.program.id(), &[runner.sandbox.folder()], &secrets);
        assert_eq!(seen.hits(), [""; 0], "{eyes:?}");
    }
}

#[test]
fn listener_that_registers_has_no_token_among_its_arguments() {
    if !is_root() {
        return;
    }
    let hang = |sandbox: &sandbox::Sandbox| {
        sandbox.github.fault(Fault {
            method: None,
            path: "*registrations*".to_owned(),
            skip: 0,
            times: None,
            kind: FaultKind::Hang,
        });
    };
    let runner = Runner::begin(Credential::RegistrationToken, hang);
    let configures = |pid: Pid| {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.contains("Runner.Listener\0configure").then_some(line)
    };
    let below = || process::all().into_iter().find_map(|process| configures(process.pid));
    let line = within(PATIENCE, below).unwrap_or_else(|| panic!("nothing registers:\n{}", runner.log()));
    for secret in runner.secrets() {
        assert!(!line.contains(&secret), "{line}");
    }
}

#[test]
fn crash_of_pid_1_leaves_no_core_file() {
    if !is_root() || !crash::lands_in_the_folder() {
        return;
    }
    let mut runner = Runner::start(Credential::Token);
    crash::crash(runner.pid());
    let status = runner.program.wait().expect("it has crashed");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(nix::libc::SIGSEGV), "{status:?}");
    let cores = crash::cores_in(runner.sandbox.folder());
    assert!(cores.is_empty(), "{cores:?}");
}

#[test]
fn secrets_of_a_guarded_command_reach_it_and_do_not_stay_with_pid_1() {
    if !is_root() {
        return;
    }
    let guarded = Guarded::start(&["RENAMED=env:TOKEN", "A=ssm:/a", "B=secretsmanager:b", "C=ssm-once:/c"]);
    assert!(within(PATIENCE, || guarded.runs().then_some(())).is_some(), "it does not run:\n{}", guarded.log());
    assert!(guarded.aws.actions().iter().any(|action| action == "DeleteParameter"), "{:?}", guarded.aws.actions());
    for eyes in Eyes::HIDDEN_FROM {
        let seen = eyes.probe(guarded.program.id(), &[guarded.folder.path()], &Guarded::secrets());
        // Whoever is root is also the command's user here.
        assert_eq!(seen.hits_but(" of child "), [""; 0], "{eyes:?}");
        assert!(!seen.says("of the program"), "{eyes:?} was let into PID 1: {seen:?}");
    }
    let seen = Eyes::Root.probe(guarded.program.id(), &[], &Guarded::secrets());
    assert!(seen.says("hit environment of child"), "the command has no secret: {seen:?}");
    assert!(seen.says("read environment of the program") && !seen.says("hit environment of program"), "{seen:?}");
    let from_aws = [AT_AWS, aws::ROLE_KEY].map(str::to_owned);
    let seen = Eyes::Root.probe(guarded.program.id(), &[], &from_aws);
    assert!(!seen.says("hit memory of program"), "{seen:?}");
}

#[test]
fn process_that_fetches_secrets_for_a_command_is_closed_to_all() {
    if !is_root() {
        return;
    }
    let (_folder, pipe) = Guarded::pipe();
    let waits = format!("LAST=file:{}", pipe.display());
    let guarded = Guarded::start(&["RENAMED=env:TOKEN", "A=ssm:/a", &waits]);
    let secrets = [IN_A_VARIABLE, AT_AWS].map(str::to_owned);
    let holds = || Eyes::Root.probe(guarded.program.id(), &[], &secrets[1..]).says("hit memory of child").then_some(());
    assert!(within(PATIENCE, holds).is_some(), "nothing fetches:\n{}", guarded.log());
    for eyes in Eyes::HIDDEN_FROM {
        let seen = eyes.probe(guarded.program.id(), &[guarded.folder.path()], &secrets);
        assert_eq!(seen.hits(), [""; 0], "{eyes:?}");
    }
}

/// Container engines run health checks with the container's whole environment.
#[test]
fn health_check_is_closed_to_all() {
    if !is_root() {
        return;
    }
    let (folder, pipe) = Guarded::pipe();
    std::fs::rename(pipe, folder.path().join(contract::record::STATE_FILE)).expect("the folder is ours");
    let mut command = Eyes::ContainerRoot.command();
    command.arg(binaries().path("runner-entrypoint")).arg("healthcheck").env(env::STATE_DIR, folder.path());
    command.env(env::GITHUB_TOKEN, IN_A_VARIABLE).stdout(Stdio::null());
    let mut check = command.spawn().expect("the entrypoint starts");
    let waits = || {
        let check = process::Process::of(Pid::from_raw(check.id().cast_signed()))?;
        (check.name == "runner-entrypoi" && check.state == 'S').then_some(())
    };
    let waited = within(PATIENCE, waits);
    let secrets = [IN_A_VARIABLE.to_owned()];
    let seen = [Eyes::JobUser, Eyes::ContainerRoot, Eyes::Root].map(|eyes| eyes.probe(check.id(), &[], &secrets));
    check.kill().expect("it is alive");
    check.wait().expect("it ends");
    assert!(waited.is_some(), "it does not wait at the pipe");
    assert_eq!(seen.map(|seen| seen.hits().len()), [0; 3]);
}

#[test]
fn commands_that_only_tell_something_tell_no_secret() {
    for words in [&["causes"][..], &["--help"], &["--version"], &["healthcheck"], &["nonsense"], &["supervise"]] {
        let mut command = std::process::Command::new(binaries().path("runner-entrypoint"));
        command.args(words).env("RUST_LOG", "trace");
        command.envs(env::SECRETS.map(|name| (name, IN_A_VARIABLE)));
        let output = command.output().expect("the entrypoint runs");
        let said = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&said).contains(IN_A_VARIABLE), "{words:?}");
    }
}

#[test]
fn program_without_protection_is_seen_through() {
    if !is_root() {
        return;
    }
    let secrets = ["a-marked-secret".to_owned()];
    for eyes in [Eyes::JobUser, Eyes::ContainerRoot, Eyes::Root] {
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        std::os::unix::fs::chown(folder.path(), Some(nobody()), None).expect("root may");
        let mut command = eyes.command();
        command.args(["prlimit", "--core=unlimited", "sleep", "1000"]).current_dir(folder.path());
        let mut open = command.env("TOKEN", &secrets[0]).spawn().expect("setpriv is there");
        let seen = within(PATIENCE, || {
            let seen = eyes.probe(open.id(), &[], &secrets);
            let runs = process::Process::of(Pid::from_raw(open.id().cast_signed()))?.name == "sleep";
            (runs && !seen.hits().is_empty()).then_some(seen)
        });
        let pid = Pid::from_raw(open.id().cast_signed());
        crash::crash(pid);
        open.wait().expect("it ends");
        let seen = seen.expect("it is seen through");
        for place in ["environment of program", "memory of program"] {
            assert!(seen.says(&format!("hit {place}")), "{eyes:?}: {seen:?}");
        }
        let cores = crash::cores_in(folder.path());
        assert_eq!(cores.len(), usize::from(crash::lands_in_the_folder()), "{eyes:?}");
    }
}

fn nobody() -> u32 {
    nix::unistd::User::from_name(eyes::JOB_USER).expect("users can be read").expect("it exists").uid.as_raw()
}
