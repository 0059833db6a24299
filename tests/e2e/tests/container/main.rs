//! The container path: the runner image, started by `mayfly` through an AWS emulator that runs real containers.

mod docker;
mod emulator;
mod preview;
mod stage;

use contract::exit::Cause;
use emulator::Mode;
use sandbox::github::{Conclusion, Status};
use stage::{LIMIT, Stage, end_record};

#[tokio::test(flavor = "multi_thread")]
async fn job_runs_in_a_container_on_fargate_and_on_ec2_and_nothing_is_left() {
    let Some(stage) = Stage::set().await else { return };
    for mode in [Mode::Fargate, Mode::Ec2] {
        let mut launched = stage.start(mode).await;
        let script = "hostname; id -un; cat /proc/1/environ >/dev/null && echo readable || echo closed";
        let job = stage.finished_job(stage.queue_job(&launched, script)).await;

        assert_eq!(job.conclusion, Some(Conclusion::Success), "{mode:?}: {:?}", job.output);
        for expected in [launched.container.host_name(), "runner", "closed"] {
            assert!(job.output.iter().any(|line| line == expected), "{mode:?}: no {expected} in {:?}", job.output);
        }
        let end = end_record(&mut launched.container);
        assert_eq!((end.cause, end.deregistered, end.jobs), (Cause::JobDone, true, 1), "{mode:?}: {}", end.message);
        assert_eq!(stage.ended_task(&launched).await, ("EssentialContainerExited".to_owned(), Some(0)), "{mode:?}");
        stage.assert_nothing_is_left();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_task_deregisters_its_idle_runner() {
    let Some(stage) = Stage::set().await else { return };
    let mut launched = stage.start(Mode::Fargate).await;
    assert_eq!(stage.sandbox.github.runners().len(), 1);

    stage.stop_task(&launched);

    let end = end_record(&mut launched.container);
    assert_eq!((end.cause, end.deregistered), (Cause::Stopped, true), "{}", end.message);
    stage.assert_nothing_is_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_the_running_job_finish() {
    let Some(stage) = Stage::set().await else { return };
    let mut launched = stage.start(Mode::Ec2).await;
    let job = stage.queue_job(&launched, "until [ -e /tmp/go ]; do sleep 0.1; done; echo finished");
    let under_way = |github: &sandbox::github::GitHub| github.job(job).filter(|job| job.status == Status::InProgress);
    stage.sandbox.github.wait_for(LIMIT, under_way).await.expect("the runner takes the job");

    // By Docker, since the emulator's StopTask kills after five seconds, whatever the stopTimeout.
    launched.container.terminate();
    launched.container.read_until("asked to stop");
    launched.container.exec(&["touch", "/tmp/go"]);

    let job = stage.finished_job(job).await;
    assert_eq!(job.conclusion, Some(Conclusion::Success), "{:?}", job.output);
    let end = end_record(&mut launched.container);
    assert_eq!((end.cause, end.deregistered), (Cause::Drained, true), "{}", end.message);
    let code = i64::from(Cause::Drained.code());
    assert_eq!(stage.ended_task(&launched).await, ("EssentialContainerExited".to_owned(), Some(code)));
    stage.assert_nothing_is_left();
}
