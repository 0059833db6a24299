//! The job's hooks as a second witness of its start and its end (`actions/runner docs/adrs/1751-runner-job-hooks.md`).
//!
//! The Listener's lines are the first. What a hook says comes from a process of the job's user, and anybody of that user can
//! say the same: so it is only ever a reason to ask GitHub, and never one to end or to keep a job.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::lines::Lines;

/// The pipe's name within the state folder.
const PIPE: &str = "job-events";
/// As much as is heard in one turn: a job that floods the pipe does not keep us from hearing others.
const ONE_HEARING: usize = 512;

/// What a hook says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Testimony {
    /// The job's first step is about to run.
    JobStarted,
    /// The job's last step has run.
    JobEnded,
}

/// A hook: what it says, its script, and the variable by which the Listener finds it.
struct Hook {
    testimony: Testimony,
    word: &'static str,
    script: &'static str,
    variable: &'static str,
}

const HOOKS: [Hook; 2] = [
    Hook {
        testimony: Testimony::JobStarted,
        word: "started",
        script: "mayfly-job-started.sh",
        variable: "ACTIONS_RUNNER_HOOK_JOB_STARTED",
    },
    Hook {
        testimony: Testimony::JobEnded,
        word: "ended",
        script: "mayfly-job-ended.sh",
        variable: "ACTIONS_RUNNER_HOOK_JOB_COMPLETED",
    },
];

/// The pipe that the hooks write into.
pub(crate) struct Witness {
    pipe: File,
    lines: Lines,
    hooks: Vec<(&'static str, PathBuf)>,
}

impl Witness {
    /// Makes the pipe, which the job's user can write to and not read, and the scripts. The scripts lie in the runner's folder,
    /// which that user can surely reach: a hook that cannot be read fails the job.
    pub(crate) fn call(state_dir: &Path, runner_dir: &Path) -> io::Result<Self> {
        let (path, runner_dir) = (std::path::absolute(state_dir)?.join(PIPE), std::path::absolute(runner_dir)?);
        let pipe = make_pipe(&path)?;
        let mut hooks = Vec::new();
        for hook in &HOOKS {
            let script = runner_dir.join(hook.script);
            write_script(&script, &text(hook.word, &path, std::env::var(hook.variable).ok().as_deref()))?;
            hooks.push((hook.variable, script));
        }
        Ok(Self { pipe, lines: Lines::default(), hooks })
    }

    /// Shows the Listener its hooks.
    pub(crate) fn show_to(&self, command: &mut Command) {
        command.envs(self.hooks.iter().map(|(variable, script)| (variable, script)));
    }

    /// Reads some of what is there.
    pub(crate) fn listen(&mut self, mut take: impl FnMut(Testimony)) {
        let mut piece = [0; ONE_HEARING];
        // Both ends of the pipe are ours, so that it never ends, and nothing to read is the only fault.
        let Ok(length) = self.pipe.read(&mut piece) else { return };
        self.lines.push(&piece[..length], |line| {
            if let Some(hook) = HOOKS.iter().find(|hook| hook.word == line) {
                take(hook.testimony);
            }
        });
    }
}

impl AsFd for Witness {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

fn make_pipe(path: &Path) -> io::Result<File> {
    remove(path)?;
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?;
    // Not by `mkfifo`, whose mode the umask cuts.
    fs::set_permissions(path, fs::Permissions::from_mode(0o622))?;
    OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)
}

fn write_script(path: &Path, text: &str) -> io::Result<()> {
    remove(path)?;
    // `create_new` refuses to follow a link that an earlier job has put there.
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

/// For `bash -e` or, where there is none, `sh -e`. What fails here must not fail the job; the user's own hook may.
fn text(word: &str, pipe: &Path, users: Option<&str>) -> String {
    let pipe = quoted(&pipe.display().to_string());
    let then = users.filter(|path| !path.is_empty()).map(run_users).unwrap_or_default();
    format!(
        "# Tells the entrypoint of this machine that the job has {word}.\n{{ echo {word} > {pipe}; }} 2>/dev/null || :\n{then}"
    )
}

/// As the runner would have run it (`actions/runner src/Runner.Worker/Handlers/ScriptHandler.cs`).
fn run_users(path: &str) -> String {
    if path.ends_with(".ps1") {
        return format!("exec pwsh -command {}\n", quoted(&format!(". {}", quoted(path))));
    }
    format!("exec \"$(command -v bash || command -v sh)\" -e {}\n", quoted(path))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::Path;
    use std::process::Command;

    use proptest::prelude::*;

    use super::{Testimony, Witness, quoted, text};

    fn heard(witness: &mut Witness) -> Vec<Testimony> {
        let mut heard = Vec::new();
        witness.listen(|testimony| heard.push(testimony));
        heard
    }

    #[test]
    fn hooks_tell_of_the_start_and_the_end_of_a_job() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut witness = Witness::call(folder.path(), folder.path()).expect("made");
        for (script, testimony) in
            [("mayfly-job-started.sh", Testimony::JobStarted), ("mayfly-job-ended.sh", Testimony::JobEnded)]
        {
            let status = Command::new("sh").arg("-e").arg(folder.path().join(script)).status().expect("it runs");
            assert!(status.success());
            assert_eq!(heard(&mut witness), [testimony]);
        }
        assert_eq!(heard(&mut witness), []);
    }

    #[test]
    fn nonsense_in_the_pipe_is_no_testimony() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut witness = Witness::call(folder.path(), folder.path()).expect("made");
        let mut pipe = fs::OpenOptions::new().write(true).open(folder.path().join("job-events")).expect("opened");
        pipe.write_all(b"start\xff\n\nended now\nstarted\n").expect("written");
        assert_eq!(heard(&mut witness), [Testimony::JobStarted]);
    }

    #[test]
    fn machine_that_is_started_again_in_the_same_folders_hears_its_hooks() {
        let folder = tempfile::tempdir().expect("a folder");
        Witness::call(folder.path(), folder.path()).expect("made");
        assert!(Witness::call(folder.path(), folder.path()).is_ok());
    }

    #[test]
    fn users_own_hook_runs_after_ours_and_decides_about_the_job() {
        let folder = tempfile::tempdir().expect("a folder");
        let (users, ours) = (folder.path().join("it's mine.sh"), folder.path().join("ours.sh"));
        fs::write(&users, "echo \"mine in $0\"; false; echo not reached").expect("written");
        // There is no pipe: that alone does not fail the job.
        fs::write(&ours, text("started", Path::new("/none"), users.to_str())).expect("written");
        let output = Command::new("sh").arg("-e").arg(&ours).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("mine in {}\n", users.display()));
        assert_eq!(output.status.code(), Some(1));
    }

    #[test]
    fn powershell_hook_is_run_as_the_runner_would() {
        let script = text("ended", Path::new("/p"), Some("/a'b.ps1"));
        assert!(script.ends_with(&format!("exec pwsh -command {}\n", quoted(r". '/a'\''b.ps1'"))), "{script}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_written_to_the_pipe_only_whole_words_are_testimony(
            lines in prop::collection::vec("started|ended|[ -~]{0,12}|[^\n]{0,9}", 0..12),
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let mut witness = Witness::call(folder.path(), folder.path()).expect("made");
            let mut pipe = fs::OpenOptions::new().write(true).open(folder.path().join("job-events")).expect("opened");
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            pipe.write_all(text.as_bytes()).expect("written");
            let mut all = Vec::new();
            for _ in 0..=text.len() / super::ONE_HEARING {
                all.extend(heard(&mut witness));
            }
            let told = |line: &String| match line.replace(|c: char| c.is_control() && c != '\t', "").as_str() {
                "started" => Some(Testimony::JobStarted),
                "ended" => Some(Testimony::JobEnded),
                _ => None,
            };
            prop_assert_eq!(all, lines.iter().filter_map(told).collect::<Vec<_>>());
        }
    }
}
