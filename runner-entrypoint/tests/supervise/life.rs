//! What happens between the start and the last line.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use contract::exit::AppCause;
use contract::record::{AppEnd, LEASE_FILE, Lease};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{called, end_of, run, supervise, text};

/// A program that runs, once its command has said that it does.
struct Running {
    program: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut program = command.stdout(Stdio::piped()).spawn().expect("the program can be executed");
        let lines = BufReader::new(program.stdout.take().expect("it was asked for"));
        let mut running = Self { program, lines };
        assert_eq!(running.line(), "ready");
        running
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.program.id().cast_signed()), signal).expect("it runs");
    }

    fn end(&mut self) -> AppEnd {
        let line = self.line();
        serde_json::from_str(&line).expect("a record")
    }
}

/// Says each of these signals as it comes, and ends with 3 at SIGTERM.
const TELLER: &str = "trap 'echo HUP' HUP; trap 'echo USR1' USR1; trap 'echo TERM; exit 3' TERM; echo ready; \
                      while :; do sleep 1 & wait $!; done";

#[test]
fn signals_reach_the_command_and_its_answer_to_sigterm_is_the_code() {
    let mut running = Running::start(supervise(&["sh", "-c", TELLER]));
    for (signal, name) in [(Signal::SIGHUP, "HUP"), (Signal::SIGUSR1, "USR1"), (Signal::SIGTERM, "TERM")] {
        running.send(signal);
        assert_eq!(running.line(), name);
    }
    let end = running.end();
    assert_eq!((end.cause, end.code), (AppCause::Signal, 3));
}

#[test]
fn dumb_init_rewrites_signals() {
    let mut running = Running::start(called("dumb-init", &["-r", "1:15", "sh", "-c", TELLER]));
    running.send(Signal::SIGHUP);
    assert_eq!(running.line(), "TERM");
    assert_eq!(running.program.wait().expect("it ends").code(), Some(3));
}

#[test]
fn received_sigterm_arms_kill_after() {
    let stubborn = "trap '' TERM; echo ready; sleep 60";
    let mut running = Running::start(supervise(&["-k", ".2", "sh", "-c", stubborn]));
    running.send(Signal::SIGTERM);
    let end = running.end();
    assert_eq!((end.cause, end.code), (AppCause::Signal, 137));
}

#[test]
fn daemon_that_fled_its_session_and_ignores_sigterm_does_not_outlive_the_command() {
    // The number is looked for among all processes, so it is one that nobody else sleeps.
    let nap = format!("60.{}", std::process::id());
    let script = format!("trap '' TERM; setsid sleep {nap} & sleep .2");
    let output = run(supervise(&["--grace", ".1", "sh", "-c", &script]));
    assert_eq!(end_of(&output).code, 0);
    let found = run({
        let mut pgrep = Command::new("pgrep");
        pgrep.args(["-f", &format!("sleep {}", nap.replace('.', "\\."))]);
        pgrep
    });
    assert_eq!(text(&found.stdout), "");
}

#[test]
fn killed_supervisor_takes_the_command_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = folder.path().join("told");
    let script = format!("trap 'echo > {}; exit' TERM; echo ready; while :; do sleep .05; done", told.display());
    let mut running = Running::start(supervise(&["sh", "-c", &script]));
    running.send(Signal::SIGKILL);
    running.program.wait().expect("it ends");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !told.exists() {
        assert!(Instant::now() < deadline, "the command was not told");
        std::thread::yield_now();
    }
}

#[test]
fn restarted_container_gets_no_fresh_lease() {
    let folder = tempfile::tempdir().expect("a folder");
    let again = |ttl: &str| {
        let mut command = supervise(&["--ttl", ttl, "sh", "-c", "exit 1"]);
        command.env(contract::env::STATE_DIR, folder.path()).env(contract::env::ID, "an id");
        run(command)
    };
    assert_eq!(end_of(&again("1h")).cause, AppCause::AppExit);
    let path = folder.path().join(LEASE_FILE);
    let mut lease: Lease = serde_json::from_slice(&std::fs::read(&path).expect("a lease is kept")).expect("a lease");
    assert_eq!(end_of(&again("1h")).cause, AppCause::AppExit);
    lease.expires_at_ms = lease.started_at_ms;
    std::fs::write(&path, serde_json::to_vec(&lease).expect("JSON")).expect("written");
    assert_eq!(end_of(&again("1h")).cause, AppCause::Ttl);
}

#[test]
fn warning_is_said_and_its_hook_runs_before_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let hook = format!("echo > {}", folder.path().join("warned").display());
    let output = run(supervise(&["--ttl", ".6", "--warn", ".5", "--on-warn", &hook, "sleep", "60"]));
    assert_eq!(end_of(&output).cause, AppCause::Ttl);
    assert!(text(&output.stdout).contains("mayfly: the time is up in"), "{}", text(&output.stdout));
    assert!(folder.path().join("warned").exists());
}

#[test]
fn sigchld_that_was_ignored_at_the_start_loses_no_exit_code() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' CHLD; exec \"$0\" supervise sh -c 'exit 7'", env!("CARGO_BIN_EXE_runner-entrypoint")]);
    assert_eq!(end_of(&run(shell)).code, 7);
}

#[test]
fn what_was_ignored_and_blocked_at_the_start_is_so_for_the_command() {
    let status = "grep -E '^Sig(Blk|Ign)' /proc/self/status";
    let script = format!("trap '' INT USR1 PIPE; {status}; exec \"$0\" supervise {status}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_runner-entrypoint")]);
    let stdout = text(&run(shell).stdout);
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines[..2], lines[2..4], "{stdout}");
}
