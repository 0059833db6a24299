//! Whether a Worker is there: the process that runs a job (`bin/Runner.Worker`).

use std::fs;

use crate::supervisor::tree;

/// As the kernel names the process: the program's file name, of which it keeps 15 bytes.
const NAME: &str = "Runner.Worker";

/// What a look at the processes says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worker {
    Present,
    Missing,
}

/// Looks for it among our own descendants: on a machine that runs several launches there may be others.
pub(crate) fn look() -> Worker {
    let is_one = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == NAME);
    if tree::our_descendants().iter().any(is_one) { Worker::Present } else { Worker::Missing }
}
