//! The two entrypoints: what they are started with, and the runner folder that each finds.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use contract::env;
use nix::unistd::{Uid, User};
use sandbox::binaries::Binaries;
use tempfile::TempDir;

use super::github::GitHub;
use crate::recipe;
use crate::tls::AUTHORITY;

/// GitHub's own scripts, reduced to what cannot be left out: the real ones start a Listener each and take seconds.
const CONFIG_SH: &str = "#!/usr/bin/env bash\nif [[ $1 == remove ]]; then rm -f .runner; else : >.runner; fi\n";
const RUN_SH: &str = "#!/usr/bin/env bash\nexec bin/Runner.Listener run\n";
const ID: &str = "0f9de17a-6465-404e-8b1b-2356dc13c2f8";

/// An entrypoint with its runner folder.
pub(super) struct Contender {
    folder: TempDir,
    command: Vec<PathBuf>,
    environment: Vec<(&'static str, String)>,
    /// The variable that names GitHub's API.
    api_variable: &'static str,
    /// What its first request after SIGTERM has in its first line.
    pub(super) farewell: &'static str,
}

impl Contender {
    /// Ours.
    pub(super) fn own(program: PathBuf, binaries: &Binaries) -> io::Result<Self> {
        let folder = runner_folder(binaries)?;
        let user = User::from_uid(Uid::effective()).ok().flatten().map_or_else(|| "root".to_owned(), |user| user.name);
        let environment = vec![
            (env::ID, ID.to_owned()),
            (env::RUNNER_NAME, "bench".to_owned()),
            (env::SCOPE, "repos/octo/demo".to_owned()),
            (env::GITHUB_TOKEN, "ghp_example".to_owned()),
            (env::RUNNER_DIR, folder.path().display().to_string()),
            (env::STATE_DIR, folder.path().join("state").display().to_string()),
            (env::RUNNER_USER, user),
        ];
        let command = vec![program, "runner".into()];
        Ok(Self { folder, command, environment, api_variable: env::GITHUB_API_URL, farewell: "DELETE " })
    }

    /// The seed's bash.
    pub(super) fn seed(binaries: &Binaries) -> io::Result<Self> {
        let folder = runner_folder(binaries)?;
        write_script(&folder.path().join("config.sh"), CONFIG_SH)?;
        write_script(&folder.path().join("run.sh"), RUN_SH)?;
        let environment = vec![
            ("RUNNER_HOME", folder.path().display().to_string()),
            ("RUNNER_NAME", "bench".to_owned()),
            ("RUNNER_LABELS", ID.to_owned()),
            ("GITHUB_PAT", "ghp_example".to_owned()),
            ("GITHUB_REPOSITORY", "octo/demo".to_owned()),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
        ];
        let command = vec!["bash".into(), recipe::script("entrypoint.sh")];
        Ok(Self { folder, command, environment, api_variable: "GITHUB_API_URL", farewell: "/remove-token " })
    }

    /// A file in the runner's folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it, in a process group of its own. What it says is thrown away.
    pub(super) fn start(&self, github: &GitHub) -> io::Result<Child> {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).env_clear().envs(self.environment.iter().cloned());
        command.env("SSL_CERT_FILE", AUTHORITY).env("CURL_CA_BUNDLE", AUTHORITY);
        command.env(self.api_variable, github.url()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()
    }
}

fn runner_folder(binaries: &Binaries) -> io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("bin"))?;
    fs::copy(binaries.path("fake-listener"), folder.path().join("bin/Runner.Listener"))?;
    Ok(folder)
}

fn write_script(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}
