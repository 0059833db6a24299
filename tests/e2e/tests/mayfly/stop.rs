//! `mayfly runner stop`: DELETE first, StopTask after.

use contract::exit::Cause;
use e2e::{Mayfly, Ran, World};
use sandbox::aws::StopCode;
use sandbox::github::{Conclusion, Fault, FaultKind, JobId};

fn stop(world: &World, start: &Ran, flags: &str) -> Mayfly {
    world.step(&format!("runner stop {flags} --label")).arg(start.label())
}

/// A machine whose job runs until it is let go.
struct Busy {
    world: World,
    start: Ran,
    job: JobId,
}

impl Busy {
    #[track_caller]
    fn begin() -> Self {
        let world = World::start();
        let start = world.step("runner start").succeeds();
        let script = format!("until [ -e {} ]; do sleep 0.05; done", world.home().join("gate").display());
        let job = world.queue(&start.runs_on(), &script);
        world.under_way(job);
        Self { world, start, job }
    }

    #[track_caller]
    fn let_go(&self) {
        std::fs::write(self.world.home().join("gate"), "").expect("there is room for a file");
        let job = self.world.finished(self.job);
        let log = self.world.sandbox.aws.output(self.start.task_arn()).join("\n");
        assert_eq!(job.conclusion, Some(Conclusion::Success), "{:?}\n{log}", job.output);
    }
}

#[test]
fn idle_machine_loses_its_runner_before_its_task_is_stopped() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let runner = world.online_runner();
    // With StopTask refused, only what comes before it can have happened.
    let refusal = sandbox::aws::FaultKind::Error {
        status: 400,
        code: "AccessDeniedException".to_owned(),
        message: "no".to_owned(),
    };
    world.sandbox.aws.fault(sandbox::aws::Fault::once("StopTask", refusal));

    stop(&world, &start, "").with_token(&world).fails(4);

    let deleted = world.github_requests("DELETE", &format!("/runners/{}", runner.id));
    assert_eq!(deleted.first().map(|exchange| exchange.status), Some(204));
    stop(&world, &start, "").with_token(&world).succeeds();
    world.ended(start.task_arn());
    world.finish();
}

#[test]
fn stopped_machine_ends_by_our_word_and_says_so() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let ran = stop(&world, &start, "--output json").with_token(&world).succeeds();
    assert_eq!(ran.json()[0]["runner_name"], start.output("runner-name"));
    let task = world.ended(start.task_arn());
    let told = task.stop.clone().expect("it was stopped");
    assert_eq!((told.code, told.reason.as_str()), (StopCode::UserInitiated, "mayfly runner stop"));
    assert!(world.record(&task).deregistered);
    world.finish();
}

#[test]
fn busy_machine_is_refused_and_kept() {
    let busy = Busy::begin();
    let (world, start) = (&busy.world, &busy.start);
    let error = stop(world, start, "").with_token(world).fails(7).error();
    assert!(error.contains("a job runs on runner") && error.contains("--force"), "{error}");
    assert!(world.aws_calls("StopTask").is_empty());
    busy.let_go();
    assert_eq!(world.ended(start.task_arn()).exit_code(), Some(0));
    busy.world.finish();
}

#[test]
fn busy_machine_that_is_forced_finishes_its_job_inside_of_its_stop_window() {
    let busy = Busy::begin();
    let (world, start) = (&busy.world, &busy.start);
    stop(world, start, "--force").with_token(world).succeeds();
    // StopTask is answered before the container is told: only a job that outlives the telling is drained.
    world.hears(start, "asked to stop");
    busy.let_go();
    let end = world.record(&world.ended(start.task_arn()));
    assert_eq!((end.cause, end.deregistered), (Cause::Drained, true), "{}", end.message);
    busy.world.finish();
}

#[test]
fn without_a_credential_nobody_can_tell_so_it_takes_force() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let error = stop(&world, &start, "").fails(7).error();
    assert!(error.contains("nobody here can tell") && error.contains("MAYFLY_GITHUB_TOKEN"), "{error}");
    assert!(!world.task_of(&start).is_to_stop);
    stop(&world, &start, "--force").succeeds();
    let end = world.record(&world.ended(start.task_arn()));
    assert_eq!((end.cause, end.deregistered), (Cause::Stopped, true), "{}", end.message);
    world.finish();
}

#[test]
fn label_that_nothing_has_is_no_failure() {
    let world = World::start();
    let nothing = "00000000-0000-4000-8000-000000000000";
    let ran = world.step("runner stop --label").arg(nothing).with_token(&world).succeeds();
    assert!(ran.stdout.contains("nothing of label"), "{}", ran.stdout);
    assert!(world.aws_calls("StopTask").is_empty());
    world.finish();
}

#[test]
fn machine_that_has_ended_is_not_stopped_again() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    world.finished(world.queue(&start.runs_on(), "true"));
    world.ended(start.task_arn());
    stop(&world, &start, "").with_token(&world).succeeds();
    assert!(world.aws_calls("StopTask").is_empty());
    world.finish();
}

#[test]
fn dry_run_of_a_stop_changes_nothing() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let ran = stop(&world, &start, "--dry-run").with_token(&world).succeeds();
    assert!(ran.stdout.contains("would be stopped"), "{}", ran.stdout);
    assert!(world.aws_calls("StopTask").is_empty());
    assert!(world.github_requests("DELETE", "/runners/").is_empty());
    world.put_away(&start);
    world.finish();
}

#[test]
fn all_machines_of_a_label_are_stopped() {
    let world = World::start();
    let start = world.step("runner start --count 3").succeeds();
    stop(&world, &start, "").with_token(&world).succeeds();
    for task in start.task_arn().split(',') {
        world.ended(task);
    }
    world.finish();
}

#[test]
fn refusal_of_the_delete_never_means_that_the_runner_is_gone() {
    for kind in [
        FaultKind::Status { status: 403, message: "Resource not accessible".to_owned() },
        FaultKind::SecondaryLimit(3_600),
        FaultKind::TooManyRequests(3_600),
    ] {
        let world = World::start();
        let start = world.step("runner start").succeeds();
        world.sandbox.github.fault(Fault { times: None, ..Fault::once("DELETE", "*/actions/runners/*", kind.clone()) });
        stop(&world, &start, "").with_token(&world).fails(3);
        assert!(world.aws_calls("StopTask").is_empty(), "{kind:?}");
        world.sandbox.github.clear_faults();
        world.put_away(&start);
        world.finish();
    }
}
