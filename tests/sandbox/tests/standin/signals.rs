//! What signals do.

use nix::sys::signal::Signal;
use sandbox::github::{Conclusion, Step};

use crate::world::World;

#[test]
fn idle_runner_leaves_on_a_signal_and_stays_registered() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let world = World::start();
        let runner = world.runner("r");
        let mut listener = runner.start();
        listener.wait_for("Listening for Jobs");
        assert!(world.github.runners()[0].online);
        listener.signal(signal);
        let (status, lines) = listener.end();
        assert_eq!((status.code(), lines.last().unwrap().as_str()), (Some(0), "Exiting..."), "{signal}");
        assert!(runner.has(".runner"));
        let left = world.github.runners();
        assert_eq!((left.len(), left[0].online), (1, false), "nothing deregisters it: {signal}");
    }
}

#[test]
fn signal_interrupts_the_running_job_and_nothing_runs_after_it() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let world = World::start();
        let runner = world.runner("r");
        let steps = vec![
            Step::new("long", "trap 'echo interrupted; exit 1' INT; echo ready; while true; do sleep 0.05; done"),
            Step { always: true, ..Step::new("cleanup", "echo never") },
        ];
        let job = world.queue(steps);
        let listener = runner.start();
        world.printed(job, "ready");
        listener.signal(signal);
        let (status, lines) = listener.end();
        assert_eq!(status.code(), Some(0));
        assert!(lines.last().unwrap().ends_with("Job build completed with result: Canceled"), "{lines:?}");
        let job = world.done(job);
        assert_eq!(job.conclusion, Some(Conclusion::Failure), "the service sees a failure");
        assert!(job.output.iter().any(|line| line.contains("has received a shutdown signal")), "{:?}", job.output);
        assert!(job.output.contains(&"interrupted".to_owned()) && !job.output.contains(&"never".to_owned()));
        assert!(runner.has(".runner"), "its one job did not complete");
    }
}

#[test]
fn runner_that_is_removed_while_it_listens_cleans_up_and_leaves() {
    let world = World::start();
    let runner = world.runner("r");
    let mut listener = runner.start();
    listener.wait_for("Listening for Jobs");
    world.github.forget_runner(world.github.runners()[0].id);
    let (status, lines) = listener.end();
    assert_eq!(status.code(), Some(0));
    assert!(lines.last().unwrap().starts_with("The runner no longer exists on the server."), "{lines:?}");
    assert!(!runner.has(".runner"));
}

#[test]
fn killed_runner_is_lost_and_its_job_fails_later() {
    let world = World::start();
    let runner = world.runner("r");
    let job = world.queue(vec![Step::new("long", "echo ready; while true; do sleep 0.05; done")]);
    let listener = runner.start();
    world.printed(job, "ready");
    listener.signal(Signal::SIGKILL);
    drop(listener);
    world.github.clock().advance(std::time::Duration::from_secs(601));
    let job = world.done(job);
    assert_eq!(job.conclusion, Some(Conclusion::Failure));
}
