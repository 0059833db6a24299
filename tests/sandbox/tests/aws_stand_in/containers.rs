//! Tasks of several containers: their order, entry points, volumes, ports and addresses.

use std::path::Path;
use std::time::Duration;

use sandbox::aws::{AwsConfig, Pace, Status, StopCode, Task, TaskTags, fixture};
use serde_json::{Value, json};

use crate::life::credentials_of;
use crate::world::{World, get};

/// The sandbox's account with all of its images.
pub(crate) fn account() -> AwsConfig {
    let binaries = Path::new(env!("CARGO_BIN_EXE_standin-app")).parent().unwrap();
    let config = AwsConfig::default();
    fixture::preview_images(binaries).into_iter().fold(config, |config, (name, image)| config.image(name, image))
}

pub(crate) fn stocked() -> World {
    World::with(account())
}

/// A container that runs a script in a plain Linux image.
pub(crate) fn script(name: &str, text: &str) -> Value {
    json!({ "name": name, "image": fixture::image("linux"), "entryPoint": ["/bin/sh", "-c"], "command": [text] })
}

/// The container with these members set.
pub(crate) fn with(mut container: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        container[name] = value.clone();
    }
    container
}

pub(crate) fn definition(containers: &[Value]) -> Value {
    json!({
        "family": "preview",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": "arn:aws:iam::123456789012:role/mayfly-job",
        "volumes": [{ "name": "shared-files" }],
        "containerDefinitions": containers,
    })
}

impl World {
    /// Registers the containers as a definition and starts a task of it.
    pub(crate) fn start_containers(&self, containers: &[Value]) -> String {
        self.ecs("RegisterTaskDefinition", &definition(containers)).unwrap();
        self.start(&self.fargate_with("taskDefinition", json!("preview")))
    }

    fn page(&self, task: &Task, path: &str) -> (u16, String) {
        let agent = crate::world::browser();
        let url = format!("http://{}:8080{path}", task.address().unwrap());
        let mut answer = agent.get(url).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }
}

const NOT_ESSENTIAL: &str = r#"{ "essential": false }"#;

fn seed(text: &str) -> Value {
    with(script("seed", text), serde_json::from_str(NOT_ESSENTIAL).unwrap())
}

fn after(condition: &str) -> Value {
    json!({ "dependsOn": [{ "containerName": "seed", "condition": condition }] })
}

#[test]
fn container_waits_for_the_success_of_its_init_container_and_the_task_runs_on() {
    let world = stocked();
    let app = with(script("app", "echo app; exec sleep 60"), after("SUCCESS"));
    let arn = world.start_containers(&[app, seed("sleep 0.2; echo seed")]);
    let task = world.until_running(&arn);
    let seed = task.container("seed").unwrap();
    assert_eq!((seed.status, seed.exit_code), (Status::Stopped, Some(0)));
    world.until_written(&arn, "app");
    assert_eq!(world.aws.output(&arn).len(), 2, "each container has written its line");
}

#[test]
fn init_container_that_fails_keeps_the_app_from_starting_and_fails_the_task() {
    let world = stocked();
    let app = with(script("app", "echo app"), after("SUCCESS"));
    let arn = world.start_containers(&[app, seed("exit 9")]);
    let task = world.until_stopped(&arn);
    let stop = task.stop.clone().unwrap();
    assert_eq!((stop.code, stop.reason.as_str()), (StopCode::TaskFailedToStart, "Task failed to start"));
    assert_eq!(task.container("seed").unwrap().exit_code, Some(9));
    let app = task.container("app").unwrap();
    assert_eq!(app.exit_code, Some(143));
    let reason = app.reason.clone().unwrap();
    assert!(reason.starts_with("CannotStartContainerError: dependency graph:"), "{reason}");
    assert!(reason.ends_with("as dependency did not exit successfully."), "{reason}");
    assert!(task.times.started.is_none() && world.aws.output(&arn).is_empty());
}

#[test]
fn completion_counts_whatever_the_code_and_a_start_does_not_wait_for_the_end() {
    let world = stocked();
    let app = with(script("app", "exec sleep 60"), after("COMPLETE"));
    let task = world.until_running(&world.start_containers(&[app, seed("exit 9")]));
    assert_eq!(task.container("seed").unwrap().exit_code, Some(9));
    let app = with(script("app", "exec sleep 60"), after("START"));
    let task = world.until_running(&world.start_containers(&[app, seed("exec sleep 60")]));
    assert_eq!(task.container("seed").unwrap().status, Status::Running);
}

#[test]
fn container_waits_until_its_database_is_healthy() {
    let mut config = account();
    config.pace.health_interval = Some(Duration::from_millis(10));
    let world = World::with(config);
    let check = json!({ "healthCheck": { "command": ["CMD-SHELL", "test -e well"] } });
    let database = with(script("db", "sleep 0.2; touch well; exec sleep 60"), check);
    let depends = json!({ "dependsOn": [{ "containerName": "db", "condition": "HEALTHY" }] });
    let app = with(script("app", "exec sleep 60"), depends);
    let task = world.until_running(&world.start_containers(&[database, app]));
    assert_eq!(task.container("db").unwrap().health, sandbox::aws::Health::Healthy);
}

#[test]
fn seed_that_takes_longer_than_its_start_timeout_fails_the_task() {
    let world = stocked();
    let slow = with(seed("exec sleep 60"), json!({ "startTimeout": 2 }));
    let app = with(script("app", "exec sleep 60"), after("SUCCESS"));
    let task = world.until_stopped(&world.start_containers(&[app, slow]));
    assert!(task.container("app").unwrap().reason.as_ref().unwrap().ends_with("has timed out."));
    assert_eq!(task.stop.unwrap().code, StopCode::TaskFailedToStart);
}

#[test]
fn end_of_a_container_that_is_not_essential_ends_nothing_else() {
    let world = stocked();
    let arn = world.start_containers(&[script("app", "echo app; exec sleep 60"), seed("setsid sleep 600 & exit 1")]);
    world.until(&arn, |task| task.container("seed").is_some_and(|seed| seed.status == Status::Stopped));
    let task = world.until_running(&arn);
    let pid = task.container("app").unwrap().pid.unwrap();
    assert!(Path::new(&format!("/proc/{pid}/cwd")).exists() && !task.is_to_stop);
}

#[test]
fn program_and_arguments_on_a_volume_are_found_where_another_container_has_put_them() {
    let world = stocked();
    let mount = json!({ "mountPoints": [{ "sourceVolume": "shared-files", "containerPath": "/mayfly" }] });
    let copy = json!({
        "name": "seed",
        "image": fixture::image("linux"),
        "essential": false,
        "entryPoint": ["/bin/cp", "/bin/echo"],
        "command": ["/mayfly/runner-entrypoint"],
    });
    let app = json!({
        "name": "app",
        "image": fixture::image("app:v1"),
        "entryPoint": ["/mayfly/runner-entrypoint", "supervise"],
        "command": ["not this one"],
        "environment": [{ "name": "PLACE", "value": "/mayfly/x" }],
    });
    world
        .ecs(
            "RegisterTaskDefinition",
            &definition(&[with(copy, mount.clone()), with(with(app, mount), after("SUCCESS"))]),
        )
        .unwrap();
    let overrides =
        json!({ "containerOverrides": [{ "name": "app", "command": ["--ttl", "2h", "/mayfly/x", "/mayfly2"] }] });
    let mut launch = world.fargate_with("taskDefinition", json!("preview"));
    launch["overrides"] = overrides;
    let task = world.until_stopped(&world.start(&launch));
    let line = world.aws.output(&task.id).pop().unwrap();
    assert!(line.starts_with("supervise --ttl 2h /"), "the entry point stays, the command is the override's: {line}");
    assert!(line.ends_with("/volumes/shared-files/x /mayfly2"), "{line}");
    assert_eq!(task.container("app").unwrap().exit_code, Some(0));
    let digest = task.container("app").unwrap().image_digest.clone();
    assert_eq!(digest, Some(world.aws.images("app")[0].digest.clone()));
}

#[test]
fn plain_image_without_a_command_and_image_that_is_gone_fail_the_task() {
    let world = stocked();
    let task =
        world.until_stopped(&world.start_containers(&[json!({ "name": "app", "image": fixture::image("linux") })]));
    assert!(task.stop.unwrap().reason.ends_with("no command specified"));
    let input = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }] });
    world.call("ecr", "BatchDeleteImage", &input).unwrap();
    let task =
        world.until_stopped(&world.start_containers(&[json!({ "name": "app", "image": fixture::image("app:v1") })]));
    assert!(task.stop.unwrap().reason.starts_with("CannotPullContainerError: "));
}

/// The stand-in application, seeded and behind its proxy, as three containers.
fn whole_app() -> [Value; 3] {
    let mount = json!({ "mountPoints": [{ "sourceVolume": "shared-files", "containerPath": "/data" }] });
    let environment = json!([
        { "name": "PORT", "value": "5000" },
        { "name": "APP_CONTENT", "value": "/data/seed.txt" },
        { "name": "FEATURE_X", "value": "<on>" },
    ]);
    let seed = json!({ "name": "seed", "image": fixture::image("seed:v1"), "essential": false });
    let app = json!({ "name": "app", "image": fixture::image("app:v1"), "environment": environment });
    let proxy = json!({
        "name": "proxy",
        "image": fixture::image("proxy:v1"),
        "command": ["proxy", "http://127.0.0.1:5000"],
        "portMappings": [{ "containerPort": 8080 }],
    });
    [with(seed, mount.clone()), with(with(app, mount), after("SUCCESS")), proxy]
}

#[test]
fn tasks_answer_at_addresses_of_their_own_through_proxy_and_volume() {
    let world = stocked();
    let arns = [world.start_containers(&whole_app()), world.start_containers(&whole_app())];
    let mut addresses = Vec::new();
    for arn in &arns {
        world.until(arn, |task| {
            world.aws.output(&task.id).iter().filter(|line| line.starts_with("standin-app: listening on")).count() == 2
        });
        let task = world.until_running(arn);
        let (status, page) = world.page(&task, "/");
        assert_eq!(status, 200);
        assert!(page.contains("<li>FEATURE_X=&lt;on&gt;</li>") && page.contains("<pre id=\"content\">seeded</pre>"));
        assert_eq!(world.page(&task, "/health").0, 200);
        addresses.push(task.address().unwrap().to_owned());
    }
    assert_ne!(addresses[0], addresses[1]);
}

#[test]
fn bridge_containers_get_free_ports_of_the_instance_and_are_told_them() {
    let world = stocked();
    let mut bridge = definition(&[json!({
        "name": "app",
        "image": fixture::image("app:v1"),
        "portMappings": [{ "containerPort": 8080, "hostPort": 0 }],
    })]);
    bridge["networkMode"] = json!("bridge");
    bridge["requiresCompatibilities"] = json!(["EC2"]);
    world.ecs("RegisterTaskDefinition", &bridge).unwrap();
    let launch = json!({ "cluster": "mayfly", "taskDefinition": "preview", "launchType": "EC2", "count": 2 });
    let answer = world.ecs("RunTask", &launch).unwrap();
    let mut ports = Vec::new();
    for task in answer["tasks"].as_array().unwrap() {
        let arn = task["taskArn"].as_str().unwrap();
        world.until_running(arn);
        let described = world.describe(arn)["tasks"][0].clone();
        let binding = described["containers"][0]["networkBindings"][0].clone();
        assert_eq!((&binding["containerPort"], &binding["protocol"]), (&json!(8080), &json!("tcp")));
        let port = binding["hostPort"].as_u64().unwrap();
        world.until_written(arn, &format!("standin-app: listening on 127.0.0.1:{port}"));
        let instance = json!({ "cluster": "mayfly", "containerInstances": [described["containerInstanceArn"]] });
        let instance = world.ecs("DescribeContainerInstances", &instance).unwrap();
        assert_eq!(instance["containerInstances"][0]["ec2InstanceId"], "i-0a1b2c3d4e5f60718");
        ports.push(port);
    }
    assert_ne!(ports[0], ports[1]);
}

#[test]
fn renewed_tag_is_seen_from_inside_by_metadata_or_by_the_task_role() {
    let world = stocked();
    let arn = world.start_containers(&[script("app", "exec sleep 60")]);
    let who = credentials_of(&world, &arn);
    let pid = world.aws.task(&arn).unwrap().containers[0].pid.unwrap();
    let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let uri = environment.split('\0').find_map(|set| set.strip_prefix("ECS_CONTAINER_METADATA_URI_V4=")).unwrap();
    let renewed = json!({ "resourceArn": arn, "tags": [{ "key": "mayfly:expires-at", "value": "later" }] });
    world.ecs("TagResource", &renewed).unwrap();
    let address = format!("{uri}/taskWithTags");
    assert_eq!(get(&address).1["TaskTags"], json!({ "mayfly:expires-at": "later" }));
    world.aws.set_task_tags(TaskTags::NotServed);
    assert_eq!((get(&address).0, get(&format!("{uri}/task")).0), (404, 200));
    let tags = world.call_as(&who, "ecs", "ListTagsForResource", &json!({ "resourceArn": arn })).unwrap();
    assert_eq!(tags["tags"], json!([{ "key": "mayfly:expires-at", "value": "later" }]));
}

#[test]
fn app_is_slow_to_get_well_crashes_and_ignores_sigterm_as_told() {
    let pace = Pace { stop_timeout: Some(Duration::from_millis(50)), ..Pace::default() };
    let world = World::with(AwsConfig { pace, ..account() });
    let run = |name: &str, value: &str| {
        let environment = json!([{ "name": name, "value": value }]);
        let app = json!({ "name": "app", "image": fixture::image("app:v2"), "environment": environment });
        let arn = world.start_containers(&[app]);
        let task = world.until_running(&arn);
        world.until_written(&arn, &format!("standin-app: listening on {}:8080", task.address().unwrap()));
        task
    };
    let slow = run("APP_HEALTHY_AFTER_MS", "3600000");
    assert_eq!((world.page(&slow, "/health").0, world.page(&slow, "/").0), (503, 200));
    let stubborn = run("APP_IGNORE_SIGTERM", "1");
    world.stop(&stubborn.arn);
    assert_eq!(world.until_stopped(&stubborn.arn).exit_code(), Some(137));
    let crashing = run("APP_LOG_LINES", "2");
    world.until_written(&crashing.arn, "standin-app: line 1");
    assert_eq!(world.page(&crashing, "/sick").0, 200);
    assert_eq!(world.page(&crashing, "/health").0, 503);
    crate::world::browser()
        .get(format!("http://{}:8080/crash?code=4", crashing.address().unwrap()))
        .call()
        .unwrap_err();
    assert_eq!(world.until_stopped(&crashing.arn).exit_code(), Some(4));
}

#[test]
fn exec_agent_runs_where_it_was_asked_for() {
    let world = stocked();
    let launch = world.fargate_with("enableExecuteCommand", json!(true));
    world.ecs("RegisterTaskDefinition", &definition(&[script("app", "exec sleep 60")])).unwrap();
    let arn = world.start(&with(launch, json!({ "taskDefinition": "preview" })));
    world.until_running(&arn);
    let agents = world.describe(&arn)["tasks"][0]["containers"][0]["managedAgents"].clone();
    assert_eq!((&agents[0]["name"], &agents[0]["lastStatus"]), (&json!("ExecuteCommandAgent"), &json!("RUNNING")));
}
