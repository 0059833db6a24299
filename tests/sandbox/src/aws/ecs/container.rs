//! A container as a process of this machine: started, listened to, signalled, reaped.

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::control::{Ending, told, told_to_kill};
use super::health;
use super::order::{self, Turn};
use super::start::{Spec, Stream};
use super::status::Status;
use crate::aws::process::{self, Kin};
use crate::aws::shared::Shared;

/// How a container ended.
#[derive(Debug)]
pub(crate) struct Exit {
    pub(crate) container: String,
    /// None where it was never started.
    pub(crate) code: Option<i32>,
    /// Why it could not be started.
    pub(crate) fault: Option<String>,
}

/// CloudWatch's largest event without its overhead: the awslogs driver splits longer lines.
const LARGEST_EVENT: usize = 262_144 - 26;

/// How long output is waited for after the last process of a container has been killed.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);

/// Starts all containers of a task, each when its turn has come.
pub(crate) fn start_all(
    shared: &Arc<Shared>,
    task: &str,
    specs: Vec<Spec>,
    ending: &watch::Receiver<Option<Ending>>,
) -> JoinSet<Exit> {
    let mut containers = JoinSet::new();
    for spec in specs {
        containers.spawn(begin(Arc::clone(shared), task.to_owned(), spec, ending.clone()));
    }
    containers
}

/// The exit code that the agent makes up for a container which could not be started for another's sake.
const NEVER_STARTED: i32 = 143;

async fn begin(shared: Arc<Shared>, task: String, spec: Spec, mut ending: watch::Receiver<Option<Ending>>) -> Exit {
    let container = spec.name.clone();
    match order::turn(&shared, &task, &container, &mut ending).await {
        Turn::Now => {}
        Turn::TaskEnds => return Exit { container, code: None, fault: None },
        Turn::Never(text) => return Exit { container, code: Some(NEVER_STARTED), fault: Some(text) },
    }
    let child = match spawn(&spec) {
        Ok(child) => child,
        Err(fault) => {
            let program = spec.program.display();
            let text = format!("CannotStartContainerError: {program} could not be started: {fault}");
            return Exit { container, code: None, fault: Some(text) };
        }
    };
    let root = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
    let kin = Kin { root, marks: spec.marks.clone() };
    enter(&shared, &task, &container, &kin);
    live(shared, task, spec, child, kin, ending).await
}

fn spawn(spec: &Spec) -> std::io::Result<Child> {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).env_clear().envs(&spec.env).current_dir(&spec.dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    process::in_own_session(command.as_std_mut());
    command.spawn()
}

fn enter(shared: &Shared, task: &str, name: &str, kin: &Kin) {
    let mut state = shared.state();
    state.ecs.endings.add_kin(task, kin.clone());
    let Some(known) = state.ecs.tasks.find_mut(task) else { return };
    if let Some(container) = known.container_mut(name) {
        container.status = Status::Running;
        container.pid = Some(kin.root);
        container.runtime_id = Some(format!("{}-{}", &task[..task.len().min(32)], Uuid::new_v4().as_fields().0));
    }
    known.version += 1;
    known.run_if_all_do(shared.config.clock.now());
    drop(state);
    shared.announce();
}

async fn live(
    shared: Arc<Shared>,
    task: String,
    spec: Spec,
    mut child: Child,
    kin: Kin,
    mut ending: watch::Receiver<Option<Ending>>,
) -> Exit {
    let mut listeners = JoinSet::new();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    stdout.map(|pipe| listeners.spawn(listen(pipe, Arc::clone(&shared), spec.log.clone())));
    stderr.map(|pipe| listeners.spawn(listen(pipe, Arc::clone(&shared), spec.log.clone())));
    let health = tokio::spawn(health::watch(Arc::clone(&shared), task, spec.clone()));
    let status = end(&mut child, &kin, &mut ending, spec.stop_timeout).await;
    health.abort();
    kin.kill_all();
    // The last lines are read before the end is told: who sees STOPPED finds the whole log.
    if tokio::time::timeout(OUTPUT_GRACE, async { while listeners.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!(container = %spec.name, "a process outside of the container holds its output open");
    }
    Exit { container: spec.name, code: Some(status.map_or(255, code)), fault: None }
}

/// Waits for the container's own end, or ends it as it is told to.
async fn end(
    child: &mut Child,
    kin: &Kin,
    ending: &mut watch::Receiver<Option<Ending>>,
    stop_timeout: Duration,
) -> std::io::Result<ExitStatus> {
    tokio::select! {
        status = child.wait() => return status,
        _ = told(ending) => {}
    }
    // A host that is lost sends no signal first.
    if *ending.borrow() != Some(Ending::Kill) {
        terminate(kin.root);
    }
    tokio::select! {
        status = child.wait() => return status,
        () = tokio::time::sleep(stop_timeout) => {}
        () = told_to_kill(ending) => {}
    }
    kin.kill_all();
    child.wait().await
}

/// SIGTERM to the first process only, as a container runtime sends it. The process is not reaped yet, so the id is
/// still its own.
fn terminate(root: i32) {
    if let Err(fault) = kill(Pid::from_raw(root), Signal::SIGTERM) {
        tracing::trace!(%fault, root, "a container could not be told to end");
    }
}

/// The exit code as a container runtime tells it: 128 + n for a death by signal n.
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(255)
}

/// Reads lines into the log until every writer has closed the pipe. A line of any length and of any bytes is one or
/// more events.
async fn listen<R: AsyncRead + Unpin>(pipe: R, shared: Arc<Shared>, stream: Stream) {
    let mut reader = BufReader::new(pipe);
    let mut line: Vec<u8> = Vec::new();
    loop {
        let (taken, ended) = match reader.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(buffer) => {
                let room = buffer.len().min(LARGEST_EVENT - line.len());
                let newline = buffer[..room].iter().position(|&byte| byte == b'\n');
                line.extend_from_slice(&buffer[..newline.unwrap_or(room)]);
                (newline.map_or(room, |at| at + 1), newline.is_some())
            }
        };
        reader.consume(taken);
        if ended || line.len() == LARGEST_EVENT {
            write(&shared, &stream, &mut line);
        }
    }
    if !line.is_empty() {
        write(&shared, &stream, &mut line);
    }
}

fn write(shared: &Shared, stream: &Stream, line: &mut Vec<u8>) {
    let at = shared.config.clock.now().unix_timestamp_nanos() / 1_000_000;
    let text = String::from_utf8_lossy(line).into_owned();
    line.clear();
    shared.state().logs.write(&stream.group, &stream.name, i64::try_from(at).unwrap_or(i64::MAX), text);
    shared.announce();
}
