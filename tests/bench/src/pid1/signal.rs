//! How long a signal takes to the child.

use std::io::{self, BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::binaries::Binaries;

use super::contender::Contender;
use crate::figures::median;
use crate::moment::Moment;

/// Sends SIGTERM to programs whose child notes when it arrives. A program for each signal: GNU timeout passes on only one.
pub(super) fn to_child(contender: &Contender, binaries: &Binaries, rounds: usize) -> io::Result<Duration> {
    let child = binaries.path("signal-clock").display().to_string();
    let times = (0..rounds).map(|_| once(contender, &child)).collect::<io::Result<Vec<_>>>()?;
    Ok(median(times))
}

fn once(contender: &Contender, child: &str) -> io::Result<Duration> {
    let mut program = contender.running(&[child]).stdout(Stdio::piped()).spawn()?;
    let stdout = program.stdout.take().ok_or_else(|| io::Error::other("the child's stdout is no pipe"))?;
    let mut lines = BufReader::new(stdout).lines();
    let mut next = || lines.next().unwrap_or_else(|| Err(io::Error::other(format!("{} ended", contender.name))));
    next()?;
    let sent = Moment::now();
    kill(Pid::from_raw(program.id().cast_signed()), Signal::SIGTERM)?;
    let received = Moment::parse(&next()?).ok_or_else(|| io::Error::other("the child noted no moment"))?;
    super::idle::end(program)?;
    Ok(received.since(sent))
}
