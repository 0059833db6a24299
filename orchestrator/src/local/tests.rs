//! Machines of a shell script that keeps to the contract.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, Instant, UNIX_EPOCH};

use contract::exit::Cause;
use contract::{Credential, Secret};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tempfile::TempDir;

use super::folder::Folder;
use super::{Force, LaunchRecord, Life, Local, LocalError, LocalLaunch, LocalMachine, Outcome, Stopped, Token};

mod distribution;

const DEADLINE: Duration = Duration::from_secs(20);

/// A home for machines, and a distribution. Ends what it started.
struct Home {
    folder: TempDir,
    local: Local,
}

impl Home {
    fn new() -> Self {
        let entrypoint = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/local/tests/entrypoint");
        Self::with_entrypoint(&entrypoint)
    }

    fn with_entrypoint(entrypoint: &Path) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir_all(folder.path().join("dist/bin")).expect("a folder");
        fs::write(folder.path().join("dist/bin/Runner.Listener"), "listener").expect("a file");
        let local = Local::from_vars(&|name| match name {
            "MAYFLY_STATE_HOME" => Some(folder.path().join("state").to_string_lossy().into_owned()),
            "XDG_CACHE_HOME" => Some(folder.path().join("cache").to_string_lossy().into_owned()),
            "MAYFLY_ENTRYPOINT" => Some(entrypoint.to_string_lossy().into_owned()),
            "PATH" | "HOME" => std::env::var(name).ok(),
            "AWS_SECRET_ACCESS_KEY" => Some("s3cret".to_owned()),
            _ => None,
        });
        Self { local: local.expect("folders"), folder }
    }

    fn launch(&self, generation: u32) -> LocalLaunch {
        let created = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let id = "8b7e4c9a-0d0e-4c9e-9f6b-0a3c2f1d5e77".to_owned();
        LocalLaunch {
            token: Token { place: "a1b2c3d4".to_owned(), id, index: 0, attempt: 1, generation },
            runner_name: format!("mf-a1b2c3d4-x-0-1.{generation}-abc"),
            repo: Some("octo/demo".to_owned()),
            run: Some(42),
            key: "default".to_owned(),
            created,
            expires: created + Duration::from_secs(3_600),
            max_idle: Duration::from_secs(600),
            max_lifetime: Duration::from_secs(3_600),
            env: vec![("MAYFLY_LABELS".to_owned(), "self-hosted".to_owned())],
            credential: Some(Credential::Token(Secret::new("ghp_marker"))),
            distribution: self.folder.path().join("dist"),
        }
    }

    fn leaving(&self, generation: u32) -> LocalLaunch {
        let mut launch = self.launch(generation);
        launch.env.push(("TEST_MODE".to_owned(), "leave".to_owned()));
        launch
    }

    fn start(&self, launch: &LocalLaunch) -> LocalMachine {
        match self.local.launch(launch).expect("a launch") {
            Outcome::Started(machine) => machine,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for machine in self.local.machines().unwrap_or_default() {
            machine.stop(Force::Yes).ok();
        }
    }
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::yield_now();
    }
}

fn is(machine: &LocalMachine, life: Life) -> bool {
    machine.life().expect("a lock") == life
}

fn in_state(machine: &LocalMachine, file: &str) -> String {
    fs::read_to_string(machine.folder().join("state").join(file)).expect(file)
}

#[test]
fn machine_gets_its_credential_by_the_pipe_and_a_clean_environment() {
    let home = Home::new();
    let machine = home.start(&home.launch(0));
    until("online", || machine.state().is_some());
    let handed_over = Credential::from_json(in_state(&machine, "credential").as_bytes());
    assert_eq!(handed_over, Ok(Credential::Token(Secret::new("ghp_marker"))));
    let environment = in_state(&machine, "env");
    assert!(environment.contains("MAYFLY_LABELS=self-hosted\n") && environment.contains("MAYFLY_RUNNER_DIR="));
    assert!(!environment.contains("ghp_marker") && !environment.contains("AWS_"), "{environment}");
    assert_eq!(fs::read_to_string(machine.log_path()).expect("a log").lines().next(), Some("started with runner"));
    assert!(machine.folder().join("runner/bin/Runner.Listener").is_file());
    assert_eq!(machine.folder().metadata().expect("a folder").mode() & 0o777, 0o700);
}

#[test]
fn machine_gets_no_descriptor_that_it_was_not_given() {
    let home = Home::new();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    fcntl(&writer, FcntlArg::F_SETFD(FdFlag::empty())).expect("a flag");
    let machine = home.start(&home.launch(0));
    drop(writer);
    let mut end = [PollFd::new(reader.as_fd(), PollFlags::empty())];
    let closed = poll(&mut end, PollTimeout::from(20_000_u16)).expect("a look");
    assert_eq!(closed, 1, "somebody still has the pipe");
    assert!(is(&machine, Life::Live));
}

#[test]
fn machine_is_found_again_by_its_folder_and_holds_no_secret_there() {
    let home = Home::new();
    home.start(&home.leaving(0));
    let found = home.local.machines().expect("a folder");
    let record = found[0].record();
    assert_eq!((found.len(), record.run, record.created.as_str()), (1, Some(42), "2026-11-18T11:06:40Z"));
    assert_eq!(record.max_idle, "10m");
    let written = fs::read_to_string(found[0].folder().join("launch.json")).expect("a record");
    assert!(!written.contains("ghp_marker"));
}

#[test]
fn machine_lives_as_long_as_its_process() {
    let home = Home::new();
    let machine = home.start(&home.leaving(0));
    until("ended", || is(&machine, Life::Ended));
    let machine = home.start(&home.launch(1));
    until("online", || machine.state().is_some());
    assert!(is(&machine, Life::Live));
}

#[test]
fn two_launches_at_once_start_one_machine() {
    let home = Home::new();
    let (threads, launch) = (8, home.launch(0));
    let barrier = Barrier::new(threads);
    let launch_at_once = || {
        barrier.wait();
        matches!(home.local.launch(&launch).expect("a launch"), Outcome::Started(_))
    };
    let started = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(launch_at_once)).collect();
        all.into_iter().map(|one| one.join().expect("no panic")).filter(|started| *started).count()
    });
    assert_eq!(started, 1);
    let machine = &home.local.machines().expect("a folder")[0];
    until("online", || machine.state().is_some());
    assert_eq!(fs::read_to_string(machine.log_path()).expect("a log").matches("started with").count(), 1);
    let left_over = fs::read_dir(machine.folder().parent().expect("a place")).expect("a place").count();
    assert_eq!(left_over, 1);
}

#[test]
fn live_machine_is_adopted_with_what_its_own_launch_said() {
    let home = Home::new();
    home.start(&home.launch(0));
    let mut again = home.launch(0);
    again.runner_name = "mf-another".to_owned();
    let Outcome::Adopted(machine) = home.local.launch(&again).expect("a launch") else { panic!("not adopted") };
    assert_eq!(machine.record().runner_name, "mf-a1b2c3d4-x-0-1.0-abc");
}

#[test]
fn ended_machine_is_not_started_a_second_time() {
    let home = Home::new();
    let machine = home.start(&home.leaving(0));
    until("ended", || is(&machine, Life::Ended));
    assert!(matches!(home.local.launch(&home.launch(0)), Ok(Outcome::Ended(_))));
}

#[test]
fn launch_that_was_cut_off_before_its_machine_is_done_again() {
    let home = Home::new();
    let launch = home.leaving(0);
    let machines = home.folder.path().join("state/mayfly/machines");
    let folder = Folder::open(&machines, &launch.token, &LaunchRecord::of(&launch, PathBuf::from("/x")))
        .expect("a folder")
        .folder;
    fs::create_dir(folder.runner()).expect("half a distribution");
    home.start(&launch);
}

#[test]
fn looking_at_machines_does_not_keep_them_from_starting() {
    let home = Home::new();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                home.local.machines().expect("a folder").iter().for_each(|machine| drop(machine.life()));
            }
        });
        (0..30).for_each(|generation| drop(home.start(&home.leaving(generation))));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn stopped_machine_ends_with_its_last_word() {
    let home = Home::new();
    let machine = home.start(&home.launch(0));
    assert_eq!(machine.stop(Force::No).expect("a signal"), Stopped::Signalled);
    until("ended", || is(&machine, Life::Ended));
    assert_eq!(machine.end().map(|end| end.cause), Some(Cause::Stopped));
    fs::remove_file(machine.folder().join("state/state.json")).expect("a state");
    assert_eq!(machine.end().map(|end| end.code), Some(203), "from the log");
    assert_eq!(machine.stop(Force::No).expect("nothing to do"), Stopped::HadEnded);
}

#[test]
fn force_ends_a_machine_with_all_that_it_started() {
    let home = Home::new();
    let machine = home.start(&home.launch(0));
    until("online", || machine.state().is_some());
    machine.stop(Force::Yes).expect("a signal");
    // The script's child holds the lock as well.
    until("ended", || is(&machine, Life::Ended));
    assert!(machine.end().is_none());
}

#[test]
fn old_machines_are_pruned_once_they_have_ended() {
    let home = Home::new();
    let ended = home.start(&home.leaving(0));
    let live = home.start(&home.launch(1));
    until("ended", || is(&ended, Life::Ended));
    assert_eq!(home.local.prune(super::KEEP).expect("a folder"), 0);
    assert_eq!(home.local.prune(Duration::ZERO).expect("a folder"), 1);
    assert!(!ended.folder().exists() && live.folder().exists());
}

#[test]
fn no_machines_are_listed_and_pruned_where_there_never_was_one() {
    let home = Home::new();
    assert!(home.local.machines().expect("nothing").is_empty());
    assert_eq!(home.local.prune(Duration::ZERO).expect("nothing"), 0);
}

#[test]
fn missing_entrypoint_is_told_with_the_fix_and_leaves_no_folder() {
    let home = Home::with_entrypoint(Path::new("/nowhere/runner-entrypoint"));
    let fault = home.local.launch(&home.launch(0)).expect_err("no entrypoint").to_string();
    assert!(fault.contains("/nowhere/runner-entrypoint") && fault.contains("set MAYFLY_ENTRYPOINT"), "{fault}");
    assert!(home.local.machines().expect("nothing").is_empty());
}

#[test]
fn names_that_would_leave_the_folder_are_refused() {
    let home = Home::new();
    let mut launch = home.launch(0);
    launch.token.place = "../x".to_owned();
    assert!(matches!(home.local.launch(&launch), Err(LocalError::BadToken(_))));
}

#[test]
fn state_goes_where_the_variables_say() {
    let machines = |set: &[(&str, &str)]| {
        let set = set.to_vec();
        let value = move |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Local::from_vars(&value).map(|local| local.machines)
    };
    let expect = |path: &str| PathBuf::from(path).join("mayfly/machines");
    let home = ("HOME", "/home/a");
    assert_eq!(machines(&[home]).ok(), Some(expect("/home/a/.local/state")));
    assert_eq!(machines(&[home, ("XDG_STATE_HOME", "/s")]).ok(), Some(expect("/s")));
    assert_eq!(machines(&[home, ("XDG_STATE_HOME", "/s"), ("MAYFLY_STATE_HOME", "/m")]).ok(), Some(expect("/m")));
    assert!(matches!(machines(&[]), Err(LocalError::NoHome)));
}
