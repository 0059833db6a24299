//! The life of a task: states, processes, endings, and what a container finds inside.

use aws_credential_types::Credentials;
use sandbox::aws::{AwsConfig, Disaster, Fate, Health, LocalImage, Pace, Status, StopCode, fixture};
use serde_json::{Value, json};

use crate::world::{World, get, shell};

/// The value of a variable that the container has printed with `env`.
fn variable(world: &World, arn: &str, name: &str) -> String {
    let prefix = format!("{name}=");
    world.until(arn, |task| world.aws.output(&task.id).iter().any(|line| line.starts_with(&prefix)));
    let lines = world.aws.output(arn);
    lines.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap().to_owned()
}

/// The task role's credentials, fetched as the container would.
pub(crate) fn credentials_of(world: &World, arn: &str) -> Credentials {
    let pid = world.until_running(arn).containers[0].pid.unwrap();
    let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let uri = environment.split('\0').find_map(|set| set.strip_prefix("AWS_CONTAINER_CREDENTIALS_FULL_URI=")).unwrap();
    let (status, answer) = get(uri);
    assert_eq!(status, 200);
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Credentials::new(text("AccessKeyId"), text("SecretAccessKey"), Some(text("Token")), None, "test")
}

fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// A world in which SIGKILL follows SIGTERM at once.
fn impatient(script: &str) -> World {
    let pace = Pace { stop_timeout: Some(std::time::Duration::from_millis(50)), ..Pace::default() };
    World::with(AwsConfig { pace, ..AwsConfig::default() }.image(fixture::IMAGE, shell(script)))
}

#[test]
fn task_is_missing_at_first_then_runs_and_shows_what_it_was_started_with() {
    let pace = Pace { describe_lag: std::time::Duration::from_secs(60), ..Pace::default() };
    let config = AwsConfig { pace, ..AwsConfig::default() };
    let clock = config.clock.clone();
    let world = World::with(config.image(fixture::IMAGE, shell("sleep 60")));
    let mut launch = world.fargate_with("startedBy", json!("an-id"));
    launch["tags"] = json!([{ "key": "mayfly:id", "value": "an-id" }]);
    launch["enableECSManagedTags"] = json!(true);
    launch["overrides"] = json!({ "cpu": "1024", "memory": "2048" });
    let arn = world.start(&launch);
    let early = world.describe(&arn);
    assert_eq!(early["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
    clock.advance(std::time::Duration::from_secs(60));
    world.until_running(&arn);
    let task = world.describe(&arn)["tasks"][0].clone();
    let tags = json!([{ "key": "mayfly:id", "value": "an-id" }, { "key": "aws:ecs:clusterName", "value": "mayfly" }]);
    assert_eq!((&task["startedBy"], &task["tags"]), (&json!("an-id"), &tags));
    assert_eq!((&task["cpu"], &task["memory"]), (&json!("1024"), &json!("2048")));
    assert_eq!(task["overrides"]["containerOverrides"], json!([{ "name": "runner" }]));
    let interface = &task["attachments"][0]["details"][1];
    assert_eq!(interface["name"], "networkInterfaceId");
    for time in ["createdAt", "connectivityAt", "pullStartedAt", "pullStoppedAt", "startedAt"] {
        assert!(task[time].is_f64(), "{time} is missing");
    }
}

#[test]
fn stopped_task_keeps_its_reason_and_real_exit_code_and_loses_its_tags() {
    let world = World::running("trap 'echo asked to end; exit 7' TERM; echo ready; while :; do sleep 0.02; done");
    let arn = world.start(&world.fargate_with("tags", json!([{ "key": "mayfly:id", "value": "x" }])));
    world.until_written(&arn, "ready");
    let input = json!({ "cluster": "mayfly", "task": arn, "reason": "no longer needed" });
    let answer = world.ecs("StopTask", &input).unwrap();
    assert_eq!((&answer["task"]["desiredStatus"], &answer["task"]["tags"]), (&json!("STOPPED"), &json!([])));
    world.until_stopped(&arn);
    let task = world.describe(&arn)["tasks"][0].clone();
    assert_eq!((&task["stopCode"], &task["stoppedReason"]), (&json!("UserInitiated"), &json!("no longer needed")));
    assert_eq!((&task["containers"][0]["exitCode"], &task["tags"]), (&json!(7), &json!([])));
    assert!(world.aws.output(&arn).contains(&"asked to end".to_owned()));
    for time in ["stoppingAt", "executionStoppedAt", "stoppedAt"] {
        assert!(task[time].is_f64(), "{time} is missing");
    }
}

#[test]
fn container_that_ignores_sigterm_is_killed_after_its_stop_timeout() {
    let world = impatient("trap '' TERM; echo ready; while :; do sleep 0.02; done");
    let arn = world.start(&world.fargate());
    world.until_written(&arn, "ready");
    world.stop(&arn);
    assert_eq!(world.until_stopped(&arn).exit_code(), Some(137));
}

#[test]
fn container_without_a_handler_dies_of_sigterm() {
    let world = World::running("echo ready; exec sleep 60");
    let arn = world.start(&world.fargate());
    world.until_written(&arn, "ready");
    world.stop(&arn);
    assert_eq!(world.until_stopped(&arn).exit_code(), Some(143));
}

#[test]
fn container_that_ends_by_itself_ends_its_task_with_its_own_code() {
    let world = World::running("echo one line; echo another >&2; printf unfinished; exit 201");
    let arn = world.start(&world.fargate());
    let task = world.until_stopped(&arn);
    let stop = task.stop.clone().unwrap();
    assert_eq!(
        (stop.code, stop.reason.as_str()),
        (StopCode::EssentialContainerExited, "Essential container in task exited")
    );
    assert_eq!(task.exit_code(), Some(201));
    let mut lines = world.aws.output(&arn);
    lines.sort();
    assert_eq!(lines, ["another", "one line", "unfinished"]);
}

#[test]
fn processes_that_left_the_session_and_lost_their_parent_end_with_the_container() {
    let world = World::running("setsid sh -c 'setsid sleep 600 & echo orphan $!'; echo done");
    let arn = world.start(&world.fargate());
    world.until_stopped(&arn);
    let lines = world.aws.output(&arn);
    let orphan = lines.iter().find_map(|line| line.strip_prefix("orphan ")).unwrap().parse().unwrap();
    assert!(!is_alive(orphan));
}

#[test]
fn nothing_runs_on_when_the_stand_in_ends() {
    let world = World::running("trap '' TERM; setsid sleep 600 & echo child $!; wait");
    let arn = world.start(&world.fargate());
    world.until(&arn, |task| !world.aws.output(&task.id).is_empty());
    let root = world.aws.task(&arn).unwrap().containers[0].pid.unwrap();
    let child: i32 = world.aws.output(&arn)[0].strip_prefix("child ").unwrap().parse().unwrap();
    world.runtime.block_on(world.aws.stop_all());
    assert!(!is_alive(root) && !is_alive(child));
    assert!(world.aws.tasks().iter().all(|task| task.status == Status::Stopped));
}

#[test]
fn dropped_stand_in_takes_its_processes_along() {
    let world = World::running("trap '' TERM; setsid sleep 600 & echo child $!; wait");
    let arn = world.start(&world.fargate());
    world.until(&arn, |task| !world.aws.output(&task.id).is_empty());
    let child: i32 = world.aws.output(&arn)[0].strip_prefix("child ").unwrap().parse().unwrap();
    let deadline = std::time::Instant::now() + crate::world::DEADLINE;
    drop(world.aws);
    while is_alive(child) {
        assert!(std::time::Instant::now() < deadline, "the process lives on");
        std::thread::yield_now();
    }
}

#[test]
fn disasters_end_tasks_as_ecs_tells_it() {
    let waiting = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.02; done";
    let cases = [
        (Disaster::SpotInterruption, StopCode::SpotInterruption, "Your Spot Task was interrupted.", 5),
        (Disaster::HostLost, StopCode::TerminationNotice, "terminated.", 137),
        (Disaster::OutOfMemory, StopCode::EssentialContainerExited, "Essential container in task exited", 137),
    ];
    let world = World::running(waiting);
    for (disaster, code, reason, exit_code) in cases {
        let arn = world.start(&world.fargate());
        world.until_written(&arn, "ready");
        assert!(world.aws.strike(&arn, disaster));
        let task = world.until_stopped(&arn);
        let stop = task.stop.clone().unwrap();
        assert_eq!((stop.code, task.exit_code()), (code, Some(exit_code)), "{disaster:?}");
        assert!(stop.reason.ends_with(reason), "{}", stop.reason);
        let out_of_memory =
            task.containers[0].reason.as_deref().is_some_and(|text| text.starts_with("OutOfMemoryError"));
        assert_eq!(out_of_memory, disaster == Disaster::OutOfMemory);
    }
}

#[test]
fn task_that_fails_before_running_tells_why_and_has_no_exit_code() {
    let cases = [
        (Fate::PullFails("429 toomanyrequests".to_owned()), "CannotPullContainerError: 429 toomanyrequests"),
        (Fate::FailsToStart("ResourceInitializationError: no ENI".to_owned()), "ResourceInitializationError: no ENI"),
    ];
    let world = World::new();
    for (fate, reason) in cases {
        world.aws.next_fate(fate);
        let arn = world.start(&world.fargate());
        let task = world.until_stopped(&arn);
        assert_eq!(
            task.stop.as_ref().map(|stop| (stop.code, stop.reason.as_str())),
            Some((StopCode::TaskFailedToStart, reason))
        );
        assert_eq!((task.exit_code(), task.times.started), (None, None));
    }
}

#[test]
fn instance_tells_a_containers_fault_in_the_containers_reason() {
    let world = World::new();
    world.aws.next_fate(Fate::PullFails("not found".to_owned()));
    let launch = json!({ "cluster": "mayfly", "taskDefinition": fixture::EC2_FAMILY, "launchType": "EC2" });
    let task = world.until_stopped(&world.start(&launch));
    assert_eq!(task.stop.unwrap().reason, "Task failed to start");
    assert_eq!(task.containers[0].reason.as_deref(), Some("CannotPullContainerError: not found"));
}

#[test]
fn missing_secret_image_program_and_log_group_fail_the_task() {
    let reason = |world: &World| {
        let arn = world.start(&world.fargate());
        world.until_stopped(&arn).stop.unwrap().reason
    };
    let world = World::new();
    let name = json!({ "Name": fixture::TOKEN_PARAMETER });
    world.call("ssm", "DeleteParameter", &name).unwrap();
    assert!(reason(&world).starts_with("ResourceInitializationError: unable to pull secrets"));
    let world = World::with(AwsConfig::default());
    assert!(reason(&world).starts_with("CannotPullContainerError: "));
    let world = World::with(AwsConfig::default().image(fixture::IMAGE, LocalImage::new("/nowhere/program")));
    assert!(reason(&world).starts_with("CannotStartContainerError: /nowhere/program"));
    let world =
        World::with(AwsConfig { log_groups: Vec::new(), ..AwsConfig::default() }.image(fixture::IMAGE, shell("")));
    assert!(reason(&world).contains("The specified log group does not exist"));
}

#[test]
fn task_that_never_runs_can_be_stopped() {
    let world = World::new();
    world.aws.next_fate(Fate::NeverRuns);
    let arn = world.start(&world.fargate());
    world.until(&arn, |task| task.status == Status::Pending && task.times.pull_started.is_some());
    world.stop(&arn);
    let task = world.until_stopped(&arn);
    assert_eq!((task.stop.unwrap().code, task.times.started), (StopCode::UserInitiated, None));
}

#[test]
fn environment_is_the_images_the_definitions_the_secrets_and_the_overrides_and_no_more() {
    let image = shell("env; exec sleep 60").env("LAYER", "image").env("FROM_IMAGE", "yes").lay_out(|folder| {
        std::fs::write(folder.join("laid-out"), "here")?;
        Ok(vec![("FOLDER".to_owned(), folder.display().to_string())])
    });
    let world = World::with(AwsConfig::default().image(fixture::IMAGE, image));
    let environment = json!([{ "name": "LAYER", "value": "override" }]);
    let overrides = json!({ "containerOverrides": [{ "name": "runner", "environment": environment }] });
    let arn = world.start(&world.fargate_with("overrides", overrides));
    let expected = [("LAYER", "override"), ("FROM_IMAGE", "yes"), (contract::env::GITHUB_TOKEN, "ghp_standin")];
    for (name, value) in expected {
        assert_eq!(variable(&world, &arn, name), value);
    }
    let folder = variable(&world, &arn, "FOLDER");
    assert!(std::path::Path::new(&folder).join("laid-out").exists());
    assert!(
        !world.aws.output(&arn).iter().any(|line| line.starts_with("CARGO")),
        "the test's own environment leaked in"
    );
}

#[test]
fn task_roles_credentials_sign_what_the_role_allows_and_die_with_nothing_else() {
    let world = World::new();
    let arn = world.start(&world.fargate_with("tags", json!([{ "key": "k", "value": "v" }])));
    let credentials = credentials_of(&world, &arn);
    let name = json!({ "Name": fixture::TOKEN_PARAMETER, "WithDecryption": true });
    let answer = world.call_as(&credentials, "ssm", "GetParameter", &name).unwrap();
    assert_eq!(answer["Parameter"]["Value"], "ghp_standin");
    let tags = world.call_as(&credentials, "ecs", "ListTagsForResource", &json!({ "resourceArn": arn })).unwrap();
    assert_eq!(tags["tags"], json!([{ "key": "k", "value": "v" }]));
    let refused = world.call_as(&credentials, "ecs", "ListTasks", &json!({ "cluster": "mayfly" })).unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
}

#[test]
fn metadata_endpoint_tells_the_task_who_it_is() {
    let world = World::running("env; exec sleep 60");
    let arn = world.start(&world.fargate_with("tags", json!([{ "key": "mayfly:id", "value": "x" }])));
    let uri = variable(&world, &arn, "ECS_CONTAINER_METADATA_URI_V4");
    let (_, task) = get(&format!("{uri}/taskWithTags"));
    assert_eq!((&task["TaskARN"], &task["TaskTags"]), (&json!(arn), &json!({ "mayfly:id": "x" })));
    assert_eq!(get(&uri).1["Labels"]["com.amazonaws.ecs.task-arn"], json!(arn));
    assert_eq!(get(&format!("{uri}0/task")).0, 404);
    world.runtime.block_on(world.aws.stop_all());
    assert_eq!(get(&format!("{uri}/task")), (404, Value::Null));
}

#[test]
fn health_follows_the_check_of_the_definition() {
    let folder = tempfile::tempdir().unwrap();
    let check = folder.path().join("runner-entrypoint");
    std::fs::write(&check, "#!/bin/sh\n[ \"$1\" = healthcheck ] && test -e \"$HOME/well\"\n").unwrap();
    std::fs::set_permissions(&check, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut config = AwsConfig::default();
    config.pace.health_interval = Some(std::time::Duration::from_millis(10));
    // Failures do not count before the start period is over.
    config.task_definitions[0]["containerDefinitions"][0]["healthCheck"]["startPeriod"] = json!(0);
    let mut image = shell("sleep 60").lay_out(|dir| std::fs::write(dir.join("well"), "").map(|()| Vec::new()));
    image.binaries = Some(folder.path().to_owned());
    let world = World::with(config.image(fixture::IMAGE, image));
    let arn = world.start(&world.fargate());
    let pid = world.until(&arn, |task| task.containers[0].health == Health::Healthy).containers[0].pid.unwrap();
    assert_eq!(world.describe(&arn)["tasks"][0]["healthStatus"], "HEALTHY");
    std::fs::remove_file(format!("/proc/{pid}/cwd/well")).unwrap();
    world.until(&arn, |task| task.containers[0].health == Health::Unhealthy);
    assert_eq!(world.aws.task(&arn).unwrap().status, Status::Running, "no service replaces a task that stands alone");
}
