//! Runs, attempts and jobs.

use std::time::Duration;

use sandbox::github::{Conclusion, Level, Status};
use serde_json::{Value, json};

use crate::world::World;

fn jobs(world: &World, path: &str) -> Vec<(String, String, Value)> {
    let body = world.admin().get(path).body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let jobs = body["jobs"].as_array().unwrap().iter();
    jobs.map(|job| (text(&job["name"]), text(&job["status"]), job["conclusion"].clone())).collect()
}

#[test]
fn rerun_of_failed_jobs_keeps_those_that_succeeded() {
    let world = World::start();
    let run = world.run();
    let (start, _) = world.github.start_hosted_job(run, "start", None);
    let build = world.github.queue_job(run, "build", &["x"], Vec::new());
    let base = format!("/repos/octo/demo/actions/runs/{run}");
    assert_eq!(world.admin().post(&format!("{base}/rerun-failed-jobs"), &Value::Null).status, 403, "still running");
    world.github.finish_job(start, Conclusion::Success);
    world.github.finish_job(build, Conclusion::Failure);
    assert_eq!(world.admin().post(&format!("{base}/rerun-failed-jobs"), &Value::Null).status, 201);
    assert_eq!(world.admin().get(&base).body["run_attempt"], 2);
    let expected = [
        ("start".to_owned(), "completed".to_owned(), json!("success")),
        ("build".to_owned(), "queued".to_owned(), Value::Null),
    ];
    assert_eq!(jobs(&world, &format!("{base}/jobs")), expected);
    assert_eq!(jobs(&world, &format!("{base}/attempts/2/jobs")), expected);
    assert_eq!(jobs(&world, &format!("{base}/attempts/1/jobs"))[1].2, "failure");
    assert_eq!(jobs(&world, &format!("{base}/jobs?filter=all")).len(), 4);
    assert_eq!(world.admin().get(&format!("{base}/attempts/3/jobs")).status, 404);
}

#[test]
fn one_job_can_be_run_again_alone() {
    let world = World::start();
    let run = world.run();
    let ids = ["a", "b"].map(|name| world.github.queue_job(run, name, &["x"], Vec::new()));
    for job in ids {
        world.github.finish_job(job, Conclusion::Failure);
    }
    let reply = world.admin().post(&format!("/repos/octo/demo/actions/jobs/{}/rerun", ids[0]), &Value::Null);
    assert_eq!(reply.status, 201);
    let states: Vec<String> =
        jobs(&world, &format!("/repos/octo/demo/actions/runs/{run}/jobs")).into_iter().map(|job| job.1).collect();
    assert_eq!(states, ["queued", "completed"]);
}

#[test]
fn cancelled_run_cancels_queued_jobs_and_cannot_be_cancelled_again() {
    let world = World::start();
    let run = world.run();
    let job = world.github.queue_job(run, "build", &["x"], Vec::new());
    let cancel = format!("/repos/octo/demo/actions/runs/{run}/cancel");
    assert_eq!(world.admin().post(&cancel, &Value::Null).status, 202);
    assert_eq!(world.github.job(job).unwrap().conclusion, Some(Conclusion::Cancelled));
    assert_eq!(world.admin().post(&cancel, &Value::Null).status, 409);
}

#[test]
fn job_that_waits_longer_than_a_day_fails() {
    let world = World::start();
    let job = world.github.queue_job(world.run(), "build", &["x"], Vec::new());
    world.github.clock().advance(Duration::from_secs(86_401));
    assert_eq!(world.github.job(job).unwrap().status, Status::Completed);
}

#[test]
fn runs_are_listed_newest_first_and_by_status() {
    let world = World::start();
    let runs = [world.run(), world.run()];
    let jobs = runs.map(|run| world.github.queue_job(run, "build", &["x"], Vec::new()));
    world.github.finish_job(jobs[0], Conclusion::Success);
    let ids = |query: &str| {
        let body = world.admin().get(&format!("/repos/octo/demo/actions/runs{query}")).body;
        let runs = body["workflow_runs"].as_array().unwrap().iter().map(|run| run["id"].as_u64().unwrap());
        runs.collect::<Vec<_>>()
    };
    assert_eq!(ids(""), [runs[1], runs[0]]);
    assert_eq!(ids("?status=queued"), [runs[1]]);
    assert_eq!(ids("?status=success"), [runs[0]]);
}

#[test]
fn looking_at_jobs_and_running_them_again_are_different_permissions() {
    let world = World::start();
    let run = world.run();
    let job = world.github.queue_job(run, "build", &["x"], Vec::new());
    world.github.finish_job(job, Conclusion::Failure);
    let reader = world.holding(&[("actions", Level::Read)]);
    assert_eq!(reader.get(&format!("/repos/octo/demo/actions/jobs/{job}")).body["run_id"], run);
    let rerun = format!("/repos/octo/demo/actions/runs/{run}/rerun-failed-jobs");
    assert_eq!(reader.post(&rerun, &Value::Null).status, 403);
    let (current, _) = world.github.start_hosted_job(world.run(), "reap", None);
    let job_token = world.client(&world.github.job_token(current));
    assert_eq!(job_token.post(&rerun, &Value::Null).status, 201, "a GITHUB_TOKEN with actions: write may");
}
