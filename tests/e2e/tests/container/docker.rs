//! Docker as its command line gives it: builds the runner image and looks at containers.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The repository's root.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Whether an engine answers.
pub(crate) fn is_there() -> bool {
    Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success())
}

/// Builds the runner image by the script that users have, from what is on this machine.
pub(crate) fn build_runner_image(tag: &str, distribution: &Path, entrypoint: &str) {
    let mut command = Command::new(format!("{ROOT}/docker/build.sh"));
    command.args(["--tag", tag, "--entrypoint", entrypoint, "--packages", "", "--dist"]);
    succeed(command.arg(distribution));
}

/// Builds the image of the supervisor alone by the same script.
pub(crate) fn build_entrypoint_image(tag: &str, entrypoint: &str) {
    let mut command = Command::new(format!("{ROOT}/docker/build.sh"));
    succeed(command.args(["--image", "entrypoint", "--tag", tag, "--entrypoint", entrypoint]));
}

/// Builds an image with one program of this machine and what else its Dockerfile says.
pub(crate) fn build_image(tag: &str, dockerfile: &str, files: &[&Path]) {
    let context = tempfile::tempdir().expect("there is room for a folder");
    for file in files {
        let name = file.file_name().expect("it is a file");
        std::fs::copy(file, context.path().join(name)).expect("there is room for a copy");
    }
    std::fs::write(context.path().join("Dockerfile"), dockerfile).expect("there is room for a file");
    succeed(Command::new("docker").args(["build", "--quiet", "--tag", tag]).arg(context.path()));
}

/// Kills the one container whose name ends so, as the kernel would for want of memory.
pub(crate) fn kill(task: &str, container: &str) {
    docker(&["kill", &format!("{task}-{container}")]);
}

/// Containers of a task that are there, running or not.
pub(crate) fn containers_of(task: &str) -> Vec<String> {
    let named = docker(&["ps", "--all", "--format", "{{.Names}}", "--filter", &format!("name={task}")]);
    named.lines().map(str::to_owned).collect()
}

/// The container of a task.
pub(crate) struct Container {
    id: String,
    log: BufReader<std::process::ChildStdout>,
    follower: Child,
}

impl Container {
    /// Finds the container that runs a task. Its output is followed from here on: the emulator removes what it has stopped.
    pub(crate) fn of_task(task_arn: &str) -> Self {
        let label = format!("label=com.amazonaws.ecs.task-arn={task_arn}");
        let id = docker(&["ps", "--quiet", "--no-trunc", "--filter", &label]);
        assert!(!id.is_empty(), "no container runs for {task_arn}");
        let mut follower = Command::new("docker")
            .args(["logs", "--follow", &id])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker logs can be run");
        let log = BufReader::new(follower.stdout.take().expect("stdout is piped"));
        Self { id, log, follower }
    }

    /// Its host name, as a job sees it.
    pub(crate) fn host_name(&self) -> &str {
        &self.id[..12]
    }

    /// Runs a command in it, as root.
    pub(crate) fn exec(&self, command: &[&str]) -> String {
        docker(&[&["exec", &self.id], command].concat())
    }

    /// Sends SIGTERM to its PID 1.
    pub(crate) fn terminate(&self) {
        docker(&["kill", "--signal", "TERM", &self.id]);
    }

    /// Reads its output up to a line that contains this text, or to its end.
    pub(crate) fn read_until(&mut self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for line in self.log.by_ref().lines() {
            lines.push(line.expect("the output is UTF-8"));
            if lines.last().is_some_and(|line| line.contains(text)) {
                break;
            }
        }
        lines
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.follower.kill();
        let _ = self.follower.wait();
    }
}

/// Removes all containers of a cluster.
pub(crate) fn remove_cluster(cluster_arn: &str) {
    let label = format!("label=com.amazonaws.ecs.cluster={cluster_arn}");
    for id in docker(&["ps", "--all", "--quiet", "--filter", &label]).lines() {
        let _ = Command::new("docker").args(["rm", "--force", id]).output();
    }
}

fn docker(arguments: &[&str]) -> String {
    succeed(Command::new("docker").args(arguments))
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|fault| panic!("{command:?} cannot be run: {fault}"));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
