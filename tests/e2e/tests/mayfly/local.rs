//! Launch mode `local`: machines that are processes of this one.

use contract::env;
use contract::exit::Cause;
use contract::record::{END_PREFIX, End};
use e2e::{Mayfly, Ran, World, eventually};
use nix::sys::signal::Signal;
use sandbox::github::{Conclusion, Fault, FaultKind};
use sandbox::world::REPO;

/// `mayfly` on a machine where nobody has heard of AWS.
fn local(world: &World, line: &str) -> Mayfly {
    let github = world.sandbox.github.url();
    world.bare(line).env(env::REPO, REPO).env(env::GITHUB_API_URL, github).with_token(world)
}

fn start(world: &World, flags: &str) -> Mayfly {
    let line = format!("runner start --output json --wait online {flags}");
    local(world, &line).arg("--runner-dist").arg(world.runner_distribution())
}

fn label(start: &Ran) -> String {
    start.json()["label"].as_str().expect("the answer has a label").to_owned()
}

/// The record of a machine, once `mayfly runner logs` shows it.
#[track_caller]
fn record(world: &World, label: &str) -> End {
    eventually("the log ends with a record", || {
        let logs = local(world, "runner logs --label").arg(label).succeeds();
        let last = logs.stdout.lines().last().filter(|line| line.starts_with(END_PREFIX))?;
        serde_json::from_str(last).ok()
    })
}

#[test]
fn machine_here_is_the_default_outside_of_workflows_and_does_its_job() {
    let world = World::start();
    let ran = start(&world, "").succeeds();
    assert!(ran.stderr.contains("the job runs as"), "the missing protections are told: {}", ran.stderr);
    let label = label(&ran);

    let job = world.finished(world.queue(&["self-hosted", &label], "echo done here"));

    assert_eq!(job.conclusion, Some(Conclusion::Success), "{:?}", job.output);
    let done = local(&world, "runner wait --label").arg(&label).succeeds();
    assert!(done.stdout.contains("the job ran to its end"), "{}", done.stdout);
    let end = record(&world, &label);
    assert_eq!((end.cause, end.deregistered), (Cause::JobDone, true), "{}", end.message);
    assert!(world.sandbox.aws.log().is_empty(), "AWS was called");
    world.finish();
}

#[test]
fn distribution_is_fetched_and_checked_where_none_is_named() {
    let world = World::start();
    let ran = local(&world, "runner start --output json --wait online").succeeds();
    let job = world.finished(world.queue(&["self-hosted", &label(&ran)], "true"));
    assert_eq!(job.conclusion, Some(Conclusion::Success), "{:?}", job.output);
    assert_eq!(world.github_requests("GET", "/actions/runners/downloads").len(), 1);
    world.finish();
}

#[test]
fn idle_machine_here_is_listed_and_stopped() {
    let world = World::start();
    let label = label(&start(&world, "").succeeds());
    let list = local(&world, "runner list --output json").succeeds().json();
    assert_eq!((&list[0]["label"], &list[0]["place"]), (&label.as_str().into(), &"local".into()), "{list}");

    local(&world, "runner stop --label").arg(&label).succeeds();

    // The Listener may hear that its runner is deleted before PID 1 hears the signal.
    let end = record(&world, &label);
    assert!(matches!(end.cause, Cause::Stopped | Cause::RegistrationLost) && end.deregistered, "{}", end.message);
    world.finish();
}

#[test]
fn busy_machine_here_is_not_stopped_and_with_force_its_job_may_finish() {
    let world = World::start();
    let label = label(&start(&world, "").succeeds());
    let gate = world.home().join("gate");
    let script = format!("until [ -e {} ]; do sleep 0.05; done", gate.display());
    let job = world.queue(&["self-hosted", &label], &script);
    world.under_way(job);

    local(&world, "runner stop --label").arg(&label).fails(7);
    local(&world, "runner stop --force --label").arg(&label).succeeds();
    std::fs::write(&gate, "").expect("there is room for a file");

    assert_eq!(world.finished(job).conclusion, Some(Conclusion::Success));
    assert_eq!(record(&world, &label).cause, Cause::Drained);
    world.finish();
}

#[test]
fn machine_here_without_a_job_leaves_by_itself() {
    let world = World::start();
    let label = label(&start(&world, "--max-idle 1s").succeeds());
    let end = record(&world, &label);
    assert_eq!((end.cause, end.deregistered), (Cause::Idle, true), "{}", end.message);
    world.finish();
}

#[test]
fn start_that_is_interrupted_stops_its_machine_here() {
    let world = World::start();
    world.sandbox.github.fault(Fault::once("POST", "*/generate-jitconfig", FaultKind::Delay(2_000)));
    let running = start(&world, "").start();
    eventually("the machine has begun", || has_begun(&world).then_some(()));
    running.signal(Signal::SIGINT);
    running.ends_with(130);
    world.finish();
}

/// Whether a machine here has said that it lives.
fn has_begun(world: &World) -> bool {
    let list = local(world, "runner list --output json").succeeds().json();
    list[0]["state"] == "starting"
}
