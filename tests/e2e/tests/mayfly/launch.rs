//! Machines that are started, do their job and are gone.

use contract::exit::Cause;
use e2e::World;
use sandbox::aws::StopCode;
use sandbox::github::Conclusion;

#[test]
fn fargate_machine_runs_the_job_of_its_label_and_is_gone_after_it() {
    let world = World::start();
    let start = world.step("runner start --launch-mode fargate").succeeds();

    let job = world.finished(world.queue(&start.runs_on(), "echo hello from $RUNNER_NAME"));

    assert_eq!(job.conclusion, Some(Conclusion::Success), "{:?}", job.output);
    assert_eq!(job.runner.map(|runner| runner.name).as_deref(), Some(start.output("runner-name")));
    let task = world.ended(start.task_arn());
    assert_eq!(task.exit_code(), Some(0));
    assert_eq!(task.stop.as_ref().map(|stop| stop.code), Some(StopCode::EssentialContainerExited));
    let end = world.record(&task);
    assert_eq!((end.cause, end.deregistered, end.jobs), (Cause::JobDone, true, 1), "{}", end.message);
    world.finish();
}
