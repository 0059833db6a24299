//! One life of an entrypoint: started, watched, told to end.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::contender::Contender;
use super::github::GitHub;
use crate::measure;
use crate::memory::{self, Memory};
use crate::moment::Moment;

/// Far longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Until everything that follows a start has been done and the process sleeps.
const SETTLE: Duration = Duration::from_millis(100);

/// What is measured of a life without a job.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    /// From the start to the first instruction of the Listener.
    pub(super) listener: Duration,
    /// From SIGTERM to the first request at GitHub.
    pub(super) first_call: Duration,
    /// From SIGTERM to the end.
    pub(super) exit: Duration,
    /// Of the whole life, with all children.
    pub(super) cpu: Duration,
}

/// Starts it, lets it wait for a job for a moment, and ends it by SIGTERM.
pub(super) fn idle_life(contender: &Contender, github: &GitHub) -> io::Result<Times> {
    let (child, begun, listener) = start(contender, github)?;
    github.take();
    let told = Moment::now();
    kill(pid(&child), Signal::SIGTERM)?;
    let (_, cost) = measure::wait(&child)?;
    let ended = Moment::now();
    // Nothing of it may run into the next life.
    let _ = killpg(pid(&child), Signal::SIGKILL);
    let calls = github.take();
    let first = calls.first().filter(|call| call.line.contains(contender.farewell));
    let first = first.ok_or_else(|| {
        io::Error::other(format!("after SIGTERM {} was expected first, not {calls:?}", contender.farewell))
    })?;
    Ok(Times {
        listener: listener.since(begun),
        first_call: first.at.since(told),
        exit: ended.since(told),
        cpu: cost.cpu,
    })
}

/// Private memory of the entrypoint while a job runs.
pub(super) fn busy_memory(contender: &Contender, github: &GitHub) -> io::Result<Option<Memory>> {
    let job = contender.file("job");
    fs::write(&job, "")?;
    let (child, ..) = start(contender, github)?;
    let memory = memory::of(child.id());
    killpg(pid(&child), Signal::SIGKILL)?;
    measure::wait(&child)?;
    fs::remove_file(job)?;
    Ok(memory)
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// Starts it and waits until its Listener runs and all is quiet. Also: when it was started, and when the Listener was.
fn start(contender: &Contender, github: &GitHub) -> io::Result<(Child, Moment, Moment)> {
    let stamp = contender.file("started");
    match fs::remove_file(&stamp) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let begun = Moment::now();
    let child = contender.start(github)?;
    let Some(listener) = wait_for(&stamp) else {
        let _ = killpg(pid(&child), Signal::SIGKILL);
        let calls = github.take();
        return Err(io::Error::other(format!("its Listener was not started; it had called GitHub for {calls:?}")));
    };
    pause(SETTLE);
    Ok((child, begun, listener))
}

fn wait_for(stamp: &Path) -> Option<Moment> {
    let begun = Moment::now();
    while Moment::now().since(begun) < PATIENCE {
        if let Some(moment) = fs::read_to_string(stamp).ok().as_deref().and_then(Moment::parse) {
            return Some(moment);
        }
        pause(LOOK_AGAIN);
    }
    None
}

#[expect(clippy::disallowed_methods, reason = "a benchmark must not disturb what it watches")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
