//! A runner with marked secrets, from each of the places that a credential can come from.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use conformance::patience::within;
use conformance::process;
use conformance::stage::binaries;
use contract::{Secret, env};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use sandbox::world::{APP_ID, REPO};
use sandbox::{Sandbox, SandboxConfig, keys};
use tokio::runtime::Runtime;

use crate::aws::{self, Aws};
use crate::eyes::{Eyes, JOB_USER};

/// A registration takes a few calls, and a debug build of the Listener its time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// What is in the machine's environment for reasons of its own.
pub(crate) const BYSTANDER: &str = "marked-key-of-somebody-else";
/// What is in a file that somebody left open for the runner.
const LEFT_OPEN: &str = "marked-content-of-an-inherited-file";
/// What opens the address of the role's credentials.
const ROLE_TOKEN: &str = "marked-token-of-the-role";

/// A source that is a variable of the user's own.
pub(crate) const VARIABLE: &str = "env:OF_THE_USER";

/// Where a credential comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    Token,
    App,
    Descriptor,
    RegistrationToken,
    /// A token, and a registration for several jobs: a registration token is minted with it.
    SeveralJobs,
    OneShotParameter,
    /// `MAYFLY_SECRET_FROM`.
    From(&'static str),
}

/// A runner, and the world around it.
pub(crate) struct Runner {
    pub(crate) program: Child,
    pub(crate) sandbox: Sandbox,
    pub(crate) aws: Aws,
    registration_token: Option<String>,
    /// Not close-on-exec: the program inherits it.
    _left_open: File,
    _runtime: Runtime,
}

impl Runner {
    /// Starts one at a sandbox of its own and waits until its Listener listens.
    pub(crate) fn start(credential: Credential) -> Self {
        let runner = Self::begin(credential, |_| {});
        let listens = within(PATIENCE, || runner.log().contains("listening for jobs").then_some(()));
        assert!(listens.is_some(), "it does not listen for jobs:\n{}", runner.log());
        runner
    }

    /// Starts one after something was arranged in its world.
    pub(crate) fn begin(credential: Credential, arrange: impl FnOnce(&Sandbox)) -> Self {
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
        arrange(&sandbox);
        let kept = if credential == Credential::OneShotParameter {
            format!("{{\"token\": \"{}\"}}", sandbox.github_token())
        } else {
            sandbox.github_token().to_owned()
        };
        let aws = Aws::start(kept);
        let left_open = leave_open(sandbox.folder());
        let mut command = command_of(&sandbox, &runner_dir);
        command.envs(role_of(&aws));
        let registration_token = hand_over(&mut command, credential, &sandbox);
        let program = command.spawn().expect("the entrypoint starts");
        Self { program, sandbox, aws, registration_token, _left_open: left_open, _runtime: runtime }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.program.id().cast_signed())
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.sandbox.folder().join("log")).unwrap_or_default()
    }

    /// The credential and all that GitHub gave for it: PID 1 holds none of them.
    pub(crate) fn credentials(&self) -> Vec<String> {
        let mut secrets = vec![self.sandbox.github_token().to_owned(), aws::ROLE_KEY.to_owned()];
        // A beginning can be overwritten by chance where the rest is not.
        let key: Vec<&str> = keys::APP_PRIVATE_KEY.lines().filter(|line| line.len() == 64).collect();
        secrets.extend([key[0], key[key.len() - 1]].map(str::to_owned));
        for answer in self.sandbox.github.log().iter().filter_map(|exchange| exchange.answer.as_ref()) {
            let given = ["token", "encoded_jit_config"].iter().filter_map(|name| answer[name].as_str());
            secrets.extend(given.map(str::to_owned));
        }
        secrets.extend(self.registration_token.clone());
        secrets
    }

    /// What may be in PID 1, and must not reach anybody from there.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let others = [aws::ROLE_PATH, ROLE_TOKEN, LEFT_OPEN, BYSTANDER].map(str::to_owned);
        self.credentials().into_iter().chain(others).collect()
    }

    /// What is in no environment block: PID 1 took it out.
    pub(crate) fn taken_out(&self) -> Vec<String> {
        let role = [aws::ROLE_PATH, ROLE_TOKEN].map(str::to_owned);
        self.credentials().into_iter().chain(role).collect()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let below = process::children_of(self.pid());
        let _ = self.program.kill();
        for child in below {
            let _ = kill(child.pid, Signal::SIGKILL);
        }
        let _ = self.program.wait();
    }
}

fn give_to_job_user(folder: &Path) {
    let user = User::from_name(JOB_USER).expect("users can be read").expect("the user exists");
    std::os::unix::fs::chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("root may");
}

/// A file without a name that everybody may read who holds it.
fn leave_open(folder: &Path) -> File {
    let path = folder.join("left-open");
    fs::write(&path, LEFT_OPEN).expect("there is room for a file");
    let file = File::open(&path).expect("it was just written");
    fs::remove_file(&path).expect("it is ours");
    // A number that nothing else has by then, and which is inherited.
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).expect("it is open");
    assert!(file.as_raw_fd() > 2);
    file
}

/// With a container's capabilities: with more, those who have less could not read it, whatever it does. Core files would be
/// written as far as it is up to the outside.
fn command_of(sandbox: &Sandbox, runner_dir: &Path) -> Command {
    let log = File::create(sandbox.folder().join("log")).expect("there is room for a file");
    let mut command = Eyes::ContainerRoot.command();
    command
        .args(["prlimit", "--core=unlimited"])
        .arg(binaries().path("runner-entrypoint"))
        .arg("runner")
        .current_dir(sandbox.folder())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("a PATH"))
        .envs(settings(sandbox, runner_dir))
        .stdin(Stdio::null());
    command.stderr(log.try_clone().expect("a second handle of a file")).stdout(log);
    command
}

fn settings(sandbox: &Sandbox, runner_dir: &Path) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        (env::ID, "0f0e0d0c-0000-4000-8000-000000000001".to_owned()),
        (env::RUNNER_NAME, "mf-leak-test".to_owned()),
        (env::SCOPE, format!("repos/{REPO}")),
        (env::GITHUB_API_URL, sandbox.github.url().to_owned()),
        (env::GITHUB_SERVER_URL, sandbox.github.url().to_owned()),
        (env::RUNNER_DIR, runner_dir.display().to_string()),
        (env::STATE_DIR, sandbox.folder().join("state").display().to_string()),
        (env::RUNNER_USER, JOB_USER.to_owned()),
        ("RUST_LOG", "trace".to_owned()),
        ("ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT", "1".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", BYSTANDER.to_owned()),
    ])
}

/// The way to the task's role, which the job is not to find.
fn role_of(aws: &Aws) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        (env::TASK_ROLE, "hide".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ENDPOINT_URL_SSM", aws.url.clone()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws.url.clone()),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}{}", aws.url, aws::ROLE_PATH)),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", ROLE_TOKEN.to_owned()),
    ])
}

/// Gives it the credential; returns the registration token, where that is what it is given.
fn hand_over(command: &mut Command, credential: Credential, sandbox: &Sandbox) -> Option<String> {
    let token = sandbox.github_token();
    match credential {
        Credential::Token => command.env(env::GITHUB_TOKEN, token),
        Credential::App => {
            command.env(env::GITHUB_APP_ID, APP_ID.to_string()).env(env::GITHUB_APP_PRIVATE_KEY, keys::APP_PRIVATE_KEY)
        }
        Credential::Descriptor => {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            let private_key = Secret::new(keys::APP_PRIVATE_KEY);
            let written = contract::Credential::App { app_id: APP_ID.to_string(), private_key }.to_json();
            // Far behind the beginning of the buffer that it is read into, which is soon used for other things.
            let padded = " ".repeat(40 * 1024) + written.expose();
            (&writer).write_all(padded.as_bytes()).expect("a pipe holds 64 KiB");
            command.stdin(reader).env(env::CREDENTIAL_FD, "0")
        }
        Credential::RegistrationToken => {
            let path = format!("/repos/{REPO}/actions/runners/registration-token");
            let answer = aws::post(sandbox.github.url(), &path, token);
            let minted = answer["token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned();
            command.env(env::REGISTRATION_TOKEN, &minted);
            return Some(minted);
        }
        Credential::SeveralJobs => command.env(env::GITHUB_TOKEN, token).env(env::MULTI_JOB, "true"),
        Credential::OneShotParameter => command.env(env::SECRET_PARAMETER, "/mayfly/one-shot"),
        Credential::From(VARIABLE) => command.env(env::SECRET_FROM, VARIABLE).env("OF_THE_USER", token),
        Credential::From(source) => command.env(env::SECRET_FROM, source),
    };
    None
}
