//! What a job finds in its environment, and what it does not.

use e2e::World;
use sandbox::github::Job;

fn value<'j>(job: &'j Job, name: &str) -> Option<&'j str> {
    job.output.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn job_gets_its_variables_and_proxy_settings_and_nothing_of_ours() {
    let world = World::start();
    let start = world
        .step("runner start --env GREETING=hello")
        .arg("--env")
        .arg("TEXT=with spaces, commas = and signs")
        .env("HTTPS_PROXY", "http://proxy.example:3128")
        .env("NO_PROXY", "127.0.0.1")
        .env("SOMETHING_OF_THE_STEP", "1")
        .with_token(&world)
        .succeeds();

    let job = world.finished(world.queue(&start.runs_on(), "env"));

    assert_eq!(value(&job, "GREETING"), Some("hello"));
    assert_eq!(value(&job, "TEXT"), Some("with spaces, commas = and signs"));
    assert_eq!(value(&job, "HTTPS_PROXY"), Some("http://proxy.example:3128"));
    assert_eq!(value(&job, "SOMETHING_OF_THE_STEP"), None);
    let ours: Vec<_> = job.output.iter().filter(|line| line.starts_with("MAYFLY_")).collect();
    assert!(ours.is_empty(), "{ours:?}");
    let token = world.sandbox.github_token();
    assert!(!job.output.iter().any(|line| line.contains(token)), "the job knows the token");
    world.ended(start.task_arn());
    world.finish();
}

#[test]
fn job_cannot_read_the_environment_of_pid_1() {
    let world = World::start();
    let start = world.step("runner start").succeeds();
    let pid = world.only_task().containers[0].pid.expect("the container runs");

    let script = format!("tr '\\0' '\\n' </proc/{pid}/environ || echo closed");
    let job = world.finished(world.queue(&start.runs_on(), &script));

    let token = world.sandbox.github_token();
    assert!(!job.output.iter().any(|line| line.contains(token)), "the job read the token: {:?}", job.output);
    world.ended(start.task_arn());
    world.finish();
}
