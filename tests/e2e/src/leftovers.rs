//! What is left at the end of a test, and is nobody's.

use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::Sandbox;
use sandbox::aws::Status;

/// Everything that should not be there any more, one line for each.
pub(crate) fn of(sandbox: &Sandbox, home: &Path) -> Vec<String> {
    let mut left = Vec::new();
    left.extend(live_tasks(sandbox));
    let runners = sandbox.github.runners();
    left.extend(runners.iter().map(|runner| format!("runner {} (busy: {})", runner.name, runner.busy())));
    left.extend(parameters(sandbox).map(|name| format!("parameter {name}")));
    left.extend(of_previews(sandbox));
    left.extend(processes(home).into_iter().map(|(pid, command)| format!("process {pid}: {command}")));
    left.extend(sandbox.aws.pending_faults().iter().map(|fault| format!("a fault that never struck: {fault:?}")));
    left.extend(sandbox.github.violations().iter().map(|breach| format!("breach of GitHub's description: {breach}")));
    left
}

fn live_tasks(sandbox: &Sandbox) -> impl Iterator<Item = String> {
    let tasks = sandbox.aws.tasks().into_iter().filter(|task| task.status != Status::Stopped);
    tasks.map(|task| format!("task {} ({:?}, told to stop: {})", task.arn, task.status, task.is_to_stop))
}

/// What previews make beside their tasks; those on this machine are processes.
fn of_previews(sandbox: &Sandbox) -> Vec<String> {
    let aws = &sandbox.aws;
    let rules = aws.rules().into_iter().map(|rule| format!("rule {} for {:?}", rule.priority, rule.hosts));
    let groups = aws.target_groups().into_iter();
    let groups = groups.map(|group| format!("target group {} with {} targets", group.name, group.targets.len()));
    let definitions = aws.task_definitions().into_iter().filter(|arn| arn.contains("/mayfly-preview-"));
    rules.chain(groups).chain(definitions.map(|arn| format!("active {arn}"))).collect()
}

/// One-shot parameters that were put and are still there.
fn parameters(sandbox: &Sandbox) -> impl Iterator<Item = String> {
    let put = sandbox.aws.calls("PutParameter").into_iter();
    let names = put.filter_map(|call| call.parameters["Name"].as_str().map(str::to_owned));
    names.filter(|name| sandbox.aws.parameter(name).is_some())
}

/// Processes whose environment or command line names the test's folder: machines of launch mode `local`, and what they
/// started. Nothing is found where there is no `/proc`.
fn processes(home: &Path) -> Vec<(i32, String)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, command_of(pid, home)?))).collect()
}

fn command_of(pid: i32, home: &Path) -> Option<String> {
    let mark = home.as_os_str().as_encoded_bytes();
    let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let command = read("cmdline");
    let names_us = |bytes: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    // A process that has ended and was not waited for has neither.
    (names_us(&command) || names_us(&read("environ"))).then(|| String::from_utf8_lossy(&command).replace('\0', " "))
}

/// Ends what a failed test left on this machine.
pub(crate) fn kill_processes(home: &Path) {
    for (pid, _) in processes(home) {
        // One that has just ended by itself is as good.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::World;
    use crate::eventually::{LIMIT, holds_within};

    /// What is left in a world.
    fn left(world: &World) -> String {
        super::of(&world.sandbox, world.home()).join("\n")
    }

    #[test]
    fn runner_and_fault_and_process_that_nobody_looked_at_are_left_over() {
        let world = World::start();
        assert_eq!(left(&world), "");
        world.add_runner("forgotten");
        world.sandbox.aws.fault(sandbox::aws::Fault::once("StopTask", sandbox::aws::FaultKind::Hang));
        let mut process = Command::new("sleep").arg("60").env("HOME", world.home()).spawn().expect("sleep can be run");
        for word in ["runner forgotten", "a fault that never struck", "sleep 60"] {
            // The kernel closes a caller's descriptors, which ends `spawn`, before it shows the new command line.
            assert!(holds_within(LIMIT, || left(&world).contains(word)), "{}", left(&world));
        }
        super::kill_processes(world.home());
        process.wait().expect("it was killed");
        assert!(!left(&world).contains("sleep 60"));
    }

    #[test]
    fn task_that_lives_is_left_over() {
        let world = World::start();
        let start = world.step("runner start --wait none").succeeds();
        assert!(left(&world).contains(start.task_arn()), "{}", left(&world));
        world.put_away(&start);
        world.finish();
    }
}
