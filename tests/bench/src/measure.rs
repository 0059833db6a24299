//! What one process cost: wall clock, CPU, peak memory.
//!
//! Each measurement runs in a small process of its own. The kernel's peak of a process counts what its memory was before
//! `exec`, which is a copy of the parent's: a child of the benchmark, with its servers, would start at their size.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::moment::Moment;
use crate::table;

/// What a process, and whatever it waited for, cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) begun: Moment,
    pub(crate) ended: Moment,
    /// User and system.
    pub(crate) cpu: Duration,
    /// Largest resident set of any one of the processes, in bytes.
    pub(crate) peak: u64,
}

/// A program to be measured, with nothing but this environment.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Cost {
    pub(crate) fn wall(&self) -> Duration {
        self.ended.since(self.begun)
    }
}

impl Job {
    /// Runs it in a process that measures.
    ///
    /// # Errors
    /// It could not be started, or it failed; then with what it said.
    pub(crate) fn measure(&self) -> io::Result<Cost> {
        let mut measurer = Command::new(std::env::current_exe()?);
        measurer.args(["measure", "--"]).args(&self.command).env_clear().envs(self.environment.iter().cloned());
        let output = measurer.stdin(Stdio::null()).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!("{} failed: {}", self.command.join(" "), said.trim())));
        }
        read(&output.stdout).ok_or_else(|| io::Error::other("the measuring process printed no cost"))
    }
}

fn read(printed: &[u8]) -> Option<Cost> {
    let cost: Value = serde_json::from_slice(printed).ok()?;
    let moment = |name: &str| cost[name].as_str().and_then(Moment::parse);
    let cpu = cost["cpu"].as_u64().map(Duration::from_micros)?;
    Some(Cost { begun: moment("begun")?, ended: moment("ended")?, cpu, peak: cost["peak"].as_u64()? })
}

/// The measuring process: runs the command with its output thrown away and prints the cost.
pub(crate) fn measure_here(command: &[String]) -> ExitCode {
    match run_here(command) {
        Ok((status, cost)) if status.success() => {
            let Cost { begun, ended, cpu, peak } = cost;
            let cpu = u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX);
            let cost = json!({ "begun": begun.written(), "ended": ended.written(), "cpu": cpu, "peak": peak });
            table::say(&cost.to_string());
            ExitCode::SUCCESS
        }
        Ok((status, _)) => {
            table::complain(&format!("{status}"));
            ExitCode::FAILURE
        }
        Err(fault) => {
            table::complain(&format!("{fault}"));
            ExitCode::FAILURE
        }
    }
}

fn run_here(command: &[String]) -> io::Result<(ExitStatus, Cost)> {
    let (program, arguments) = command.split_first().ok_or_else(|| io::Error::other("no command"))?;
    let begun = Moment::now();
    let child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn()?;
    let (status, cost) = wait(&child)?;
    Ok((status, Cost { begun, ended: Moment::now(), ..cost }))
}

/// Waits for a child and says what it cost, but for the moments. CPU includes that of the processes it waited for.
pub(crate) fn wait(child: &Child) -> io::Result<(ExitStatus, Cost)> {
    let mut status = 0;
    // SAFETY: all fields of `rusage` are integers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live locals; the child has not been waited for, so its id is still its own.
    let waited = unsafe { libc::wait4(child.id().cast_signed(), &raw mut status, 0, &raw mut usage) };
    if waited < 0 {
        return Err(io::Error::last_os_error());
    }
    let cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    let kibibytes = u64::try_from(usage.ru_maxrss).unwrap_or_default();
    Ok((ExitStatus::from_raw(status), Cost { cpu, peak: kibibytes * 1024, ..Cost::default() }))
}

fn seconds(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let micros = u64::try_from(time.tv_usec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}
