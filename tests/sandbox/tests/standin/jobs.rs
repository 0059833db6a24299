//! Jobs that run to their end.

use sandbox::github::{Conclusion, Step, StepResult};
use serde_json::json;

use crate::world::World;

fn conclusions(steps: &[StepResult]) -> Vec<(&str, &str)> {
    steps.iter().map(|step| (step.name.as_str(), step.conclusion.as_str())).collect()
}

#[test]
fn job_runs_and_nothing_of_the_runner_is_left() {
    let world = World::start();
    let runner = world.runner("mf-1");
    let script =
        "echo \"$GITHUB_REPOSITORY on $RUNNER_NAME\"; test \"$PWD\" = \"$GITHUB_WORKSPACE\"; env | grep -c JITCONFIG";
    let job = world.queue(vec![Step::new("hello", script), Step::new("second", "echo skipped")]);
    let (status, lines) = runner.start().end();
    assert_eq!(status.code(), Some(0));
    let job = world.done(job);
    assert!(job.output.contains(&"octo/demo on mf-1".to_owned()), "{:?}", job.output);
    assert!(job.output.contains(&"0".to_owned()), "the configuration does not reach the job: {:?}", job.output);
    // `grep -c` found nothing and said so by its code: the step failed, the next one was skipped.
    assert_eq!(conclusions(&job.steps), [("hello", "failure"), ("second", "skipped")]);
    assert_eq!(job.conclusion, Some(Conclusion::Failure));
    assert_eq!(job.runner.unwrap().name, "mf-1");
    assert_eq!(world.github.runners().len(), 0, "an ephemeral runner goes with its job");
    assert!([".runner", ".credentials", ".credentials_rsaparams"].iter().all(|file| !runner.has(file)));
    let said = lines.join("\n");
    for line in
        ["√ Connected to GitHub", "Current runner version: '2.336.0'", "Z: Listening for Jobs", "Z: Running job: build"]
    {
        assert!(said.contains(line), "{said}");
    }
    assert!(said.ends_with("Z: Job build completed with result: Failed"), "{said}");
    assert!(said.starts_with("Stand-in runner, not GitHub's"), "{said}");
}

#[test]
fn result_is_the_exit_code_where_that_was_asked_for() {
    let world = World::start();
    for (script, code) in [("true", 100), ("exit 3", 102)] {
        let runner = world.runner("r");
        world.queue(vec![Step::new("s", script)]);
        let (status, _) = runner.start_with(&[("ACTIONS_RUNNER_RETURN_JOB_RESULT_FOR_HOSTED", "true")]).end();
        assert_eq!(status.code(), Some(code), "{script}");
    }
}

#[test]
fn hooks_run_around_the_steps_and_a_failing_one_fails_the_job() {
    let world = World::start();
    let runner = world.runner("r");
    let hook = |name: &str, text: &str| {
        let path = runner.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (before, after) = (hook("before.sh", "echo before; exit 1"), hook("after.sh", "echo after $GITHUB_JOB"));
    let job = world.queue(vec![Step::new("s", "echo never"), Step { always: true, ..Step::new("t", "echo always") }]);
    let hooks =
        [("ACTIONS_RUNNER_HOOK_JOB_STARTED", before.as_str()), ("ACTIONS_RUNNER_HOOK_JOB_COMPLETED", after.as_str())];
    runner.start_with(&hooks).end();
    let job = world.done(job);
    let expected = [("Set up runner", "failure"), ("s", "skipped"), ("t", "success"), ("Complete runner", "success")];
    assert_eq!(conclusions(&job.steps), expected);
    assert!(job.output.contains(&"after build".to_owned()));
    assert_eq!(job.conclusion, Some(Conclusion::Failure));
}

#[test]
fn orphans_of_a_job_are_killed_at_its_end() {
    let world = World::start();
    let runner = world.runner("r");
    let job = world.queue(vec![Step::new("s", "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!")]);
    runner.start().end();
    let job = world.done(job);
    assert!(job.output.iter().any(|line| line.starts_with("Terminate orphan process: pid")), "{:?}", job.output);
    let pid = job.output.iter().find(|line| line.bytes().all(|byte| byte.is_ascii_digit())).unwrap();
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

#[test]
fn job_waits_for_a_runner_that_has_all_of_its_labels() {
    let world = World::start();
    let runner = world.runner("r");
    let stays = world.github.queue_job(world.run, "other", &["self-hosted", "elsewhere"], Vec::new());
    let job = world.queue(Vec::new());
    runner.start().end();
    assert_eq!(world.done(job).conclusion, Some(Conclusion::Success));
    assert!(world.github.job(stays).unwrap().runner.is_none());
}

#[test]
fn cancelled_run_stops_the_step_and_runs_what_runs_always() {
    let world = World::start();
    let runner = world.runner("r");
    let steps = vec![
        Step::new("long", "trap 'echo interrupted; exit 1' INT; echo ready; while true; do sleep 0.05; done"),
        Step::new("next", "echo never"),
        Step { always: true, ..Step::new("cleanup", "echo cleaned") },
    ];
    let job = world.queue(steps);
    let listener = runner.start();
    world.printed(job, "ready");
    world.github.cancel_run(world.run);
    let job = world.done(job);
    assert_eq!(conclusions(&job.steps), [("long", "cancelled"), ("next", "skipped"), ("cleanup", "success")]);
    assert!(job.output.contains(&"interrupted".to_owned()), "{:?}", job.output);
    assert_eq!(job.conclusion, Some(Conclusion::Cancelled));
    let (status, lines) = listener.end();
    assert_eq!(status.code(), Some(0));
    assert!(lines.last().unwrap().ends_with("Job build completed with result: Canceled"));
}

#[test]
fn distribution_can_be_downloaded_and_checked() {
    let world = World::start();
    let offers = world.get("runners/downloads");
    assert!(offers.is_array(), "{offers}");
    let offered = offers[0].clone();
    let mut answer = crate::world::agent().get(offered["download_url"].as_str().unwrap()).call().unwrap();
    let archive = answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap();
    let sha256 = ring::digest::digest(&ring::digest::SHA256, &archive);
    let hex: String = sha256.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(offered["sha256_checksum"], json!(hex));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("runner.tar.gz"), archive).unwrap();
    let unpacked =
        std::process::Command::new("tar").args(["-xzf", "runner.tar.gz"]).current_dir(folder.path()).status().unwrap();
    assert!(unpacked.success() && folder.path().join("bin/Runner.Worker").is_file());
    assert!(folder.path().join("STAND-IN.txt").is_file());
}
