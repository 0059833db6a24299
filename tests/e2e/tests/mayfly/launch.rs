//! Machines in each launch mode and at each scope: started, their job done, gone.

use contract::exit::Cause;
use e2e::{Ran, World};
use sandbox::aws::{StopCode, fixture};
use sandbox::github::{Conclusion, Event, Group, Place, RunSpec, Visibility};
use sandbox::world::{ENTERPRISE, ORG, ORG_ID, REPO};
use serde_json::{Value, json};

/// Runs a job on the machine of a start, and looks at every trace that it leaves.
#[track_caller]
fn assert_does_its_job_and_is_gone(world: &World, start: &Ran) {
    let job = world.finished(world.queue(&start.runs_on(), "echo hello from $RUNNER_NAME"));
    assert_eq!(job.conclusion, Some(Conclusion::Success), "{:?}", job.output);
    assert_eq!(job.runner.map(|runner| runner.name).as_deref(), Some(start.output("runner-name")));

    let task = world.ended(start.task_arn());
    assert_eq!(task.exit_code(), Some(0));
    assert_eq!(task.stop.as_ref().map(|stop| stop.code), Some(StopCode::EssentialContainerExited));
    let end = world.record(&task);
    assert_eq!((end.cause, end.deregistered, end.jobs), (Cause::JobDone, true, 1), "{}", end.message);
    assert_eq!(end.job_result.as_deref(), Some("Succeeded"));
}

/// The one RunTask that was sent.
#[track_caller]
fn request(world: &World) -> Value {
    let calls = world.aws_calls("RunTask");
    assert_eq!(calls.len(), 1, "{calls:#?}");
    calls[0].parameters.clone()
}

#[test]
fn fargate_machine_runs_the_job_of_its_label_and_is_gone_after_it() {
    let world = World::start();
    let start = world.step("runner start --launch-mode fargate").succeeds();
    assert_does_its_job_and_is_gone(&world, &start);
    let request = request(&world);
    assert_eq!(
        (&request["launchType"], &request["taskDefinition"]),
        (&json!("FARGATE"), &json!(fixture::FARGATE_FAMILY))
    );
    let network = &request["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["subnets"], json!([fixture::SUBNET]));
    assert_eq!(network["securityGroups"], json!([fixture::SECURITY_GROUP]));
    world.finish();
}

#[test]
fn fargate_spot_machine_is_asked_for_by_capacity_provider() {
    let world = World::start();
    let start = world.step("runner start --launch-mode fargate-spot").succeeds();
    assert_does_its_job_and_is_gone(&world, &start);
    let request = request(&world);
    assert_eq!(request["launchType"], Value::Null);
    assert_eq!(request["capacityProviderStrategy"][0]["capacityProvider"], "FARGATE_SPOT");
    world.finish();
}

#[test]
fn ec2_machine_on_the_bridge_is_started_without_a_network_though_the_workflow_names_subnets() {
    let world = World::start();
    let start = world.step("runner start --launch-mode EC2").succeeds();
    assert_does_its_job_and_is_gone(&world, &start);
    let request = request(&world);
    assert_eq!((&request["launchType"], &request["networkConfiguration"]), (&json!("EC2"), &Value::Null));
    world.finish();
}

#[test]
fn ec2_machine_with_a_network_of_its_own_is_started_in_the_subnets_of_the_flag() {
    let world = World::start();
    world
        .register_like(fixture::EC2_FAMILY, "runner-ec2-vpc", |definition| definition["networkMode"] = json!("awsvpc"));
    let start = world
        .step("runner start --launch-mode ec2 --task-definition runner-ec2-vpc")
        .arg("--subnets")
        .arg(fixture::SUBNET)
        .succeeds();
    assert_does_its_job_and_is_gone(&world, &start);
    let request = request(&world);
    assert_eq!(request["networkConfiguration"]["awsvpcConfiguration"]["subnets"], json!([fixture::SUBNET]));
    world.finish();
}

#[test]
fn size_disk_and_platform_reach_the_request() {
    let world = World::start();
    let start = world
        .step("runner start --cpu 1024 --memory 2048 --ephemeral-storage 30 --platform 1.4.0 --assign-public-ip")
        .succeeds();
    let request = request(&world);
    assert_eq!((&request["overrides"]["cpu"], &request["overrides"]["memory"]), (&json!("1024"), &json!("2048")));
    assert_eq!(request["overrides"]["ephemeralStorage"], json!({ "sizeInGiB": 30 }));
    assert_eq!(request["platformVersion"], "1.4.0");
    assert_eq!(request["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"], "ENABLED");
    world.put_away(&start);
    world.finish();
}

#[test]
fn count_of_three_serves_a_matrix_of_three_under_one_label() {
    let world = World::start();
    let start = world.step("runner start --count 3").succeeds();
    let tasks: Vec<&str> = start.task_arn().split(',').collect();
    assert_eq!(tasks.len(), 3);

    let jobs: Vec<_> = (0..3).map(|number| world.queue(&start.runs_on(), &format!("echo part {number}"))).collect();

    let mut runners: Vec<_> = jobs.into_iter().map(|job| world.finished(job).runner.expect("it ran").name).collect();
    runners.sort();
    let mut names: Vec<_> = start.output("runner-name").split(',').collect();
    names.sort_unstable();
    assert_eq!(runners, names, "each job had a machine of its own");
    for task in tasks {
        assert_eq!(world.ended(task).exit_code(), Some(0));
    }
    world.finish();
}

#[test]
fn multi_job_runner_serves_two_jobs_and_ends_by_the_stop_job() {
    let world = World::start();
    let start = world.step("runner start --multi-job").succeeds();
    for number in 1..=2 {
        let job = world.finished(world.queue(&start.runs_on(), &format!("echo job {number}")));
        assert_eq!(job.conclusion, Some(Conclusion::Success), "{:?}", job.output);
    }
    eventually_idle(&world);

    let stop = world.step("runner stop --label").arg(start.label()).with_token(&world).succeeds();

    assert!(stop.stdout.contains("runner deleted"), "{}", stop.stdout);
    let end = world.record(&world.ended(start.task_arn()));
    assert_eq!((end.jobs, end.deregistered), (2, true), "{}", end.message);
    world.finish();
}

#[track_caller]
fn eventually_idle(world: &World) {
    e2e::eventually("the runner is idle again", || (!world.online_runner().busy()).then_some(()));
}

#[test]
fn keys_of_one_run_start_different_machines_under_different_labels() {
    let world = World::start();
    let file = world.home().join("mayfly.toml");
    let toml = "[runner]\nlaunch_mode = \"fargate\"\n[profile.big]\ncpu = 2048\nmemory = 4096\n[profile.cheap]\nlaunch_mode = \"fargate-spot\"\n";
    std::fs::write(&file, toml).expect("there is room for the file");

    let big = world.step("runner start --key big").succeeds();
    let cheap = world.step("runner start --key cheap --config").arg(&file).succeeds();

    assert_ne!(big.label(), cheap.label());
    let calls = world.aws_calls("RunTask");
    assert_eq!(calls[0].parameters["overrides"]["cpu"], "2048");
    assert_eq!(calls[1].parameters["capacityProviderStrategy"][0]["capacityProvider"], "FARGATE_SPOT");
    assert_eq!(world.task_of(&big).tag(contract::tags::KEY), Some("big"));
    world.put_away(&big);
    world.put_away(&cheap);
    world.finish();
}

#[test]
fn organisation_runner_joins_the_group_that_was_named() {
    let world = World::start();
    let group = Group { id: 5, name: "builders".to_owned(), visibility: Visibility::All, allows_public: false };
    world.sandbox.github.add_group(Place::Org(ORG_ID), group);
    let start = world.step("runner start --runner-group builders --org").arg(ORG).succeeds();

    let runner = world.online_runner();
    assert_eq!((runner.group, runner.scope.to_string()), (5, format!("orgs/{ORG}")));
    assert_does_its_job_and_is_gone(&world, &start);
    world.finish();
}

#[test]
fn enterprise_runner_serves_a_repository_of_the_enterprise() {
    let world = World::start();
    let start = world.step("runner start --enterprise").arg(ENTERPRISE).succeeds();
    assert_eq!(world.online_runner().scope.to_string(), format!("enterprises/{ENTERPRISE}"));
    assert_does_its_job_and_is_gone(&world, &start);
    world.finish();
}

#[test]
fn github_enterprise_server_address_is_good_for_mayfly_and_the_machine() {
    let world = World::start();
    let address = format!("{}/api/v3", world.sandbox.github.url());
    let start = world.step("runner start --github-api-url").arg(&address).with_token(&world).succeeds();
    assert_eq!(world.told(&world.task_of(&start), contract::env::GITHUB_API_URL), address);
    assert_does_its_job_and_is_gone(&world, &start);
    world.finish();
}

#[test]
fn start_from_a_laptop_acts_as_its_user_and_has_a_label_of_its_own_each_time() {
    let world = World::start();
    let start = || world.laptop("runner start --launch-mode fargate --wait online --output json").succeeds();
    let (first, second) = (start(), start());
    assert!(first.stderr.contains("as arn:aws:iam::123456789012:user/sandbox"), "{}", first.stderr);
    let labels = [&first, &second].map(|ran| ran.json()["label"].as_str().expect("a label").to_owned());
    assert_ne!(labels[0], labels[1]);
    for label in labels {
        let job = world.finished(world.queue(&["self-hosted", &label], "true"));
        assert_eq!(job.conclusion, Some(Conclusion::Success), "{:?}", job.output);
    }
    world.finish();
}

#[test]
fn step_of_a_pull_request_is_trusted_where_the_role_trusts_it() {
    let world = World::start();
    let pull_request = RunSpec { event: Event::PullRequest(7), ..RunSpec::of(REPO) };
    let run = world.sandbox.begin_run(pull_request).expect("there is room for the run's files");
    let start = world.step_of(&run, "runner start --wait none").succeeds();
    world.put_away(&start);
    world.finish();
}
