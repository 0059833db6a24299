//! A command under guard that is given marked secrets, or waits for one.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use conformance::process;
use conformance::stage::binaries;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::aws::{self, Aws};
use crate::eyes::Eyes;

/// What the variable holds.
pub(crate) const IN_A_VARIABLE: &str = "marked-secret-in-a-variable";
/// What AWS keeps.
pub(crate) const AT_AWS: &str = "marked-secret-at-aws";

/// `runner-entrypoint supervise` with a command that waits.
pub(crate) struct Guarded {
    pub(crate) program: Child,
    pub(crate) folder: TempDir,
    pub(crate) aws: Aws,
}

impl Guarded {
    /// Starts it with these sources.
    pub(crate) fn start(sources: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let aws = Aws::start(AT_AWS.to_owned());
        let log = File::create(folder.path().join("log")).expect("there is room for a file");
        let mut command = Eyes::ContainerRoot.command();
        command.args(["prlimit", "--core=unlimited"]).arg(binaries().path("runner-entrypoint"));
        command.args(["supervise", "--verbose", "--ttl", "1h", "--task-role", "hide"]);
        command.args(sources.iter().flat_map(|source| ["--secret-from", source]));
        command
            .args(["--", "sleep", "1000"])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a PATH"))
            .env("MAYFLY_STATE_DIR", folder.path().join("state"))
            .env("TOKEN", IN_A_VARIABLE)
            .env("RUST_LOG", "trace")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ENDPOINT_URL", &aws.url)
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}{}", aws.url, aws::ROLE_PATH))
            .stdin(Stdio::null());
        command.stderr(log.try_clone().expect("a second handle of a file")).stdout(log);
        let program = command.spawn().expect("the entrypoint starts");
        Self { program, folder, aws }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.program.id().cast_signed())
    }

    /// Whether its command runs, and no longer what fetches for it.
    pub(crate) fn runs(&self) -> bool {
        process::children_of(self.pid()).iter().any(|child| child.name == "sleep")
    }

    /// A pipe at which whoever reads it waits.
    pub(crate) fn pipe() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe can be made");
        (folder, path)
    }

    pub(crate) fn secrets() -> Vec<String> {
        [IN_A_VARIABLE, AT_AWS, aws::ROLE_PATH, aws::ROLE_KEY].map(str::to_owned).to_vec()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let below = process::children_of(self.pid());
        let _ = self.program.kill();
        for child in below {
            let _ = kill(child.pid, Signal::SIGKILL);
        }
        let _ = self.program.wait();
    }
}
