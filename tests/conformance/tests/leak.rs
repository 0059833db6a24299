//! Secrets do not reach the job: a runner with a marked credential, looked at with the eyes of the job's user and of root with
//! the capabilities that a container has.
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use conformance::patience::within;
use conformance::stage::binaries;
use contract::env;
use nix::unistd::{User, geteuid};
use sandbox::world::{APP_ID, REPO};
use sandbox::{Sandbox, SandboxConfig, keys};
use tokio::runtime::Runtime;

/// Who runs the job.
const JOB_USER: &str = "nobody";
/// The capabilities that Docker and ECS give by default. Without CAP_SYS_PTRACE; and without CAP_PERFMON and
/// CAP_SYS_ADMIN, each of which opens what can be read in `/proc` all the same on newer kernels (seen with 6.18).
const CONTAINER: &str = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,\
                         +net_raw,+sys_chroot,+mknod,+audit_write,+setfcap";
/// A registration takes a few calls, and a debug build of the Listener its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a credential comes from.
#[derive(Clone, Copy, Debug)]
enum Credential {
    Token,
    App,
    Descriptor,
}

/// Whose eyes look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Eyes {
    JobUser,
    ContainerRoot,
}

impl Eyes {
    /// What comes before a command that is to have them.
    fn command(self) -> Command {
        let mut command = Command::new("setpriv");
        match self {
            Self::JobUser => command.args(["--reuid", JOB_USER, "--regid", "nogroup", "--clear-groups"]),
            Self::ContainerRoot => command.args(["--bounding-set", CONTAINER, "--inh-caps", "-all"]),
        };
        command
    }
}

/// A runner that waits for a job.
struct Runner {
    program: Child,
    sandbox: Sandbox,
    _runtime: Runtime,
}

impl Runner {
    /// Starts one at a sandbox of its own and waits until its Listener listens.
    fn start(credential: Credential) -> Self {
        let runtime = Runtime::new().expect("threads can be started");
        let config = SandboxConfig::new(binaries().clone());
        let sandbox = runtime.block_on(Sandbox::start(config)).expect("the sandbox finds two free ports");
        fs::set_permissions(sandbox.folder(), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
        let runner_dir = sandbox.runner_distribution().expect("there is room for the distribution");
        let diag = runner_dir.join("_diag");
        fs::create_dir(&diag).expect("there is room");
        for folder in [&runner_dir, &diag] {
            give_to_job_user(folder);
        }
        let log = File::create(sandbox.folder().join("log")).expect("there is room for a file");
        // With a container's capabilities: with more, those who have less could not read it, whatever it does.
        let mut command = Eyes::ContainerRoot.command();
        command
            .arg(binaries().path("runner-entrypoint"))
            .arg("runner")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a PATH"));
        command.envs(settings(&sandbox, &runner_dir)).stdin(Stdio::null());
        command.stderr(log.try_clone().expect("a second handle of a file")).stdout(log);
        hand_over(&mut command, credential, &sandbox);
        let program = command.spawn().expect("the entrypoint starts");
        let runner = Self { program, sandbox, _runtime: runtime };
        let log = || fs::read_to_string(runner.sandbox.folder().join("log")).unwrap_or_default();
        let listens = within(PATIENCE, || log().contains("listening for jobs").then_some(()));
        assert!(listens.is_some(), "it does not listen for jobs:\n{}", log());
        runner
    }

    /// The credential and all that GitHub gave for it.
    fn secrets(&self) -> Vec<String> {
        let key = keys::APP_PRIVATE_KEY.lines().find(|line| line.len() == 64).expect("PEM has lines of 64 characters");
        let mut secrets = vec![self.sandbox.github_token().to_owned(), key.to_owned()];
        for answer in self.sandbox.github.log().iter().filter_map(|exchange| exchange.answer.as_ref()) {
            let given = ["token", "encoded_jit_config"].iter().filter_map(|name| answer[name].as_str());
            secrets.extend(given.map(str::to_owned));
        }
        secrets
    }

    /// What a probe says that has these eyes.
    fn probed_by(&self, eyes: Eyes) -> String {
        probe(eyes, self.program.id(), &[self.sandbox.folder()], &self.secrets())
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let listeners = conformance::process::children_of(nix::unistd::Pid::from_raw(self.program.id().cast_signed()));
        let _ = self.program.kill();
        for listener in listeners {
            let _ = nix::sys::signal::kill(listener.pid, nix::sys::signal::Signal::SIGKILL);
        }
        let _ = self.program.wait();
    }
}

fn give_to_job_user(folder: &Path) {
    let user = User::from_name(JOB_USER).expect("users can be read").expect("the user exists");
    std::os::unix::fs::chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("root may");
}

fn settings(sandbox: &Sandbox, runner_dir: &Path) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        (env::ID, "0f0e0d0c-0000-4000-8000-000000000001".to_owned()),
        (env::RUNNER_NAME, "mf-leak-test".to_owned()),
        (env::SCOPE, format!("repos/{REPO}")),
        (env::GITHUB_API_URL, sandbox.github.url().to_owned()),
        (env::RUNNER_DIR, runner_dir.display().to_string()),
        (env::STATE_DIR, sandbox.folder().join("state").display().to_string()),
        (env::RUNNER_USER, JOB_USER.to_owned()),
        ("RUST_LOG", "trace".to_owned()),
    ])
}

fn hand_over(command: &mut Command, credential: Credential, sandbox: &Sandbox) {
    match credential {
        Credential::Token => command.env(env::GITHUB_TOKEN, sandbox.github_token()),
        Credential::App => {
            command.env(env::GITHUB_APP_ID, APP_ID.to_string()).env(env::GITHUB_APP_PRIVATE_KEY, keys::APP_PRIVATE_KEY)
        }
        Credential::Descriptor => {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            let text = format!("{{\"token\": \"{}\"}}", sandbox.github_token());
            (&writer).write_all(text.as_bytes()).expect("a pipe holds a token");
            command.stdin(reader).env(env::CREDENTIAL_FD, "0")
        }
    };
}

fn probe(eyes: Eyes, pid: u32, folders: &[&Path], secrets: &[String]) -> String {
    let mut command = eyes.command();
    command
        .arg(binaries().path("probe"))
        .arg(pid.to_string())
        .args(folders)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut probe = command.spawn().expect("setpriv is there (util-linux)");
    // By stdin: what stands in the probe's own command line would be found there.
    let mut stdin = probe.stdin.take().expect("stdin is a pipe");
    stdin.write_all(secrets.join("\n").as_bytes()).expect("the probe reads");
    drop(stdin);
    let output = probe.wait_with_output().expect("the probe ends");
    assert!(output.status.success(), "the probe failed: {:?}", output.status);
    String::from_utf8(output.stdout).expect("the probe prints text")
}

fn hits(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.starts_with("hit ")).collect()
}

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
    assert!(runner.secrets().len() > 2, "GitHub gave nothing that could leak");
    for eyes in [Eyes::JobUser, Eyes::ContainerRoot] {
        let said = runner.probed_by(eyes);
        assert_eq!(hits(&said), [""; 0], "{credential:?}, {eyes:?}");
        // It did look: at what it must be able to see, and only that.
        assert!(said.contains("read files") && said.contains("read what all may read"), "{eyes:?}: {said}");
        assert_eq!(said.contains("read environment of a child"), eyes == Eyes::JobUser, "{eyes:?}: {said}");
        assert!(!said.contains("of the program"), "{eyes:?} was let into PID 1: {said}");
    }
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
fn token_from_a_descriptor_does_not_leak() {
    assert_nothing_leaks(Credential::Descriptor);
}

#[test]
fn program_without_protection_is_seen_through() {
    if !is_root() {
        return;
    }
    let secret = "a-marked-secret".to_owned();
    for eyes in [Eyes::JobUser, Eyes::ContainerRoot] {
        let mut command = eyes.command();
        let mut open = command.args(["sleep", "1000"]).env("TOKEN", &secret).spawn().expect("setpriv is there");
        let said = within(PATIENCE, || {
            let said = probe(eyes, open.id(), &[], std::slice::from_ref(&secret));
            (!hits(&said).is_empty()).then_some(said)
        });
        open.kill().expect("it is alive");
        open.wait().expect("it ends");
        let said = said.unwrap_or_default();
        for place in ["environment of program", "memory of program"] {
            assert!(said.contains(&format!("hit {place}")), "{eyes:?}: {said}");
        }
    }
}
