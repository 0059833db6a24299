//! RunTask: what it refuses, what a client token does, and what capacity does.

use sandbox::aws::{AwsConfig, Capacity, Role, fixture};
use serde_json::{Value, json};

use crate::world::{World, admin};

/// A change to a good launch, and the code and a part of the text of the refusal.
type Case = (&'static str, Value, &'static str, &'static str);

/// Launches with each change, and compares the refusals.
fn assert_refused(cases: Vec<Case>) {
    let world = World::new();
    for (name, value, code, text) in cases {
        let refused = world.ecs("RunTask", &world.fargate_with(name, value.clone())).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (400, code), "{name}: {value} {}", refused.message);
        assert!(refused.message.contains(text), "{name}: {value}: {}", refused.message);
    }
    assert!(world.aws.tasks().is_empty());
}

const INVALID: &str = "InvalidParameterException";
const CLIENT: &str = "ClientException";

#[test]
fn launch_that_names_what_is_not_there_is_refused_and_starts_nothing() {
    let network = |subnet: &str, group: &str| {
        let inner = json!({ "subnets": [subnet], "securityGroups": [group] });
        json!({ "awsvpcConfiguration": inner })
    };
    let container = json!({ "containerOverrides": [{ "name": "other" }] });
    let role = json!({ "taskRoleArn": "arn:aws:iam::123456789012:role/no" });
    assert_refused(vec![
        ("cluster", json!("nope"), "ClusterNotFoundException", "Cluster not found."),
        ("cluster", Value::Null, "ClusterNotFoundException", "Cluster not found."),
        ("taskDefinition", json!("nope"), CLIENT, "TaskDefinition not found."),
        ("taskDefinition", json!("mayfly-runner-fargate:9"), CLIENT, "TaskDefinition not found."),
        ("networkConfiguration", network("subnet-1", "sg-0a1b2c3d"), INVALID, "InvalidSubnetID.NotFound"),
        ("networkConfiguration", network("subnet-0a1b2c3d", "sg-1"), INVALID, "InvalidGroup.NotFound"),
        ("overrides", container, INVALID, "container named other is not a container"),
        ("overrides", role, CLIENT, "Role is not valid"),
        ("taskdefinition", json!("misspelt"), "SerializationException", "taskdefinition"),
    ]);
}

#[test]
fn launch_that_contradicts_itself_is_refused_and_starts_nothing() {
    let strategy = json!([{ "capacityProvider": "FARGATE_SPOT" }]);
    assert_refused(vec![
        ("launchType", json!("FARGATE_SPOT"), INVALID, "Launch type must be one of"),
        ("launchType", json!("EC2"), INVALID, "does not support launch_type EC2"),
        ("capacityProviderStrategy", strategy, INVALID, "both a launch type and capacity provider"),
        ("networkConfiguration", Value::Null, INVALID, "Network Configuration must be provided"),
        ("overrides", json!({ "cpu": "512", "memory": "512" }), CLIENT, "No Fargate configuration exists"),
        ("propagateTags", json!("SERVICE"), INVALID, "propagateTags"),
    ]);
}

#[test]
fn launch_beyond_a_limit_is_refused_and_starts_nothing() {
    let long = |length: usize| "x".repeat(length);
    let environment = json!([{ "name": "BIG", "value": long(8_192) }]);
    let big = json!({ "containerOverrides": [{ "name": "runner", "environment": environment }] });
    let many_tags: Vec<Value> = (0..51).map(|n| json!({ "key": format!("k{n}"), "value": "v" })).collect();
    assert_refused(vec![
        ("count", json!(11), INVALID, "Count"),
        ("count", json!(0), INVALID, "Count"),
        ("overrides", big, INVALID, "8192"),
        ("overrides", json!({ "ephemeralStorage": { "sizeInGiB": 20 } }), INVALID, "between 21 and 200"),
        ("startedBy", json!(long(129)), INVALID, "startedBy"),
        ("startedBy", json!("a b"), INVALID, "startedBy"),
        ("clientToken", json!(long(65)), INVALID, "clientToken"),
        ("clientToken", json!("a b"), INVALID, "clientToken"),
        ("tags", json!(many_tags), INVALID, "exceeds the limit of 50"),
        ("tags", json!([{ "key": "aws:x", "value": "v" }]), INVALID, "reserved"),
    ]);
}

#[test]
fn network_is_refused_where_the_definition_has_none_of_its_own() {
    let world = World::new();
    let mut launch = world.fargate_with("taskDefinition", json!(fixture::EC2_FAMILY));
    launch["launchType"] = json!("EC2");
    let refused = world.ecs("RunTask", &launch).unwrap_err();
    assert!(refused.message.contains("not valid for the given networkMode"), "{}", refused.message);
}

#[test]
fn same_token_and_parameters_answer_the_earlier_task_even_when_it_has_stopped() {
    let world = World::new();
    let launch = world.fargate_with("clientToken", json!("token-1"));
    let first = world.start(&launch);
    assert_eq!(world.start(&launch), first);
    world.until_running(&first);
    world.stop(&first);
    world.until_stopped(&first);
    let again = world.ecs("RunTask", &launch).unwrap();
    assert_eq!(again["tasks"][0]["taskArn"], json!(first));
    assert_eq!(again["tasks"][0]["lastStatus"], "STOPPED");
    assert_eq!(world.aws.tasks().len(), 1);
}

#[test]
fn same_token_with_other_parameters_conflicts_and_names_the_task() {
    let world = World::new();
    let first = world.start(&world.fargate_with("clientToken", json!("token-1")));
    let mut other = world.fargate_with("clientToken", json!("token-1"));
    other["startedBy"] = json!("somebody-else");
    let refused = world.ecs("RunTask", &other).unwrap_err();
    assert_eq!(refused.code, "ConflictException");
    assert_eq!(refused.body["resourceIds"], json!([first]));
    assert_eq!(world.aws.tasks().len(), 1);
}

#[test]
fn simultaneous_launches_with_one_token_make_one_task() {
    let world = World::new();
    let launch = world.fargate_with("clientToken", json!("token-1"));
    let arns: Vec<String> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| world.start(&launch))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(arns.iter().all(|arn| *arn == arns[0]));
    assert_eq!(world.aws.tasks().len(), 1);
}

#[test]
fn exhausted_capacity_is_a_failure_in_a_good_answer_and_does_not_use_the_token_up() {
    let world = World::new();
    let mut spot = world.fargate_with("clientToken", json!("token-1"));
    spot.as_object_mut().unwrap().remove("launchType");
    spot["capacityProviderStrategy"] = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    world.aws.set_capacity(Capacity::FargateSpot, false);
    let answer = world.ecs("RunTask", &spot).unwrap();
    assert_eq!(answer["tasks"], json!([]));
    assert!(answer["failures"][0]["reason"].as_str().unwrap().starts_with("Capacity is unavailable at this time"));
    world.aws.set_capacity(Capacity::FargateSpot, true);
    let task = world.ecs("RunTask", &spot).unwrap()["tasks"][0].clone();
    assert_eq!((&task["capacityProviderName"], &task["launchType"]), (&json!("FARGATE_SPOT"), &json!("FARGATE")));
}

#[test]
fn instance_runs_as_many_tasks_as_fit_and_has_room_again_after_a_stop() {
    let world = World::new();
    let launch = json!({ "cluster": "mayfly", "taskDefinition": fixture::EC2_FAMILY, "launchType": "EC2", "count": 9 });
    let answer = world.ecs("RunTask", &launch).unwrap();
    // 4,096 CPU units hold eight tasks of 512.
    assert_eq!(answer["tasks"].as_array().unwrap().len(), 8);
    assert_eq!(answer["failures"][0]["reason"], "RESOURCE:CPU");
    let first = answer["tasks"][0]["taskArn"].as_str().unwrap();
    world.until_running(first);
    world.stop(first);
    world.until_stopped(first);
    let mut one = launch;
    one["count"] = json!(1);
    assert_eq!(world.ecs("RunTask", &one).unwrap()["failures"], json!([]));
}

#[test]
fn caller_without_the_permission_is_refused_by_name_and_starts_nothing() {
    for (allowed, missing) in [
        (vec!["ecs:DescribeTasks"], "ecs:RunTask"),
        (vec!["ecs:RunTask", "iam:PassRole"], "ecs:TagResource"),
        (vec!["ecs:*"], "iam:PassRole"),
    ] {
        let mut config = AwsConfig::default();
        let mut role = Role::allowing_all(fixture::TASK_ROLE, json!({}));
        role.allowed = allowed.iter().map(|&action| action.to_owned()).collect();
        config.roles.retain(|known| known.name != fixture::TASK_ROLE);
        config.roles.push(role);
        let world = World::with(config.image(fixture::IMAGE, crate::world::shell("sleep 60")));
        let inside = world.start(&world.fargate());
        let limited = crate::life::credentials_of(&world, &inside);
        let launch = world.fargate_with("tags", json!([{ "key": "mayfly:id", "value": "x" }]));
        let refused = world.call_as(&limited, "ecs", "RunTask", &launch).unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException");
        assert!(refused.message.contains(&format!("is not authorized to perform: {missing} on resource: arn:aws:")));
        assert!(refused.message.starts_with("User: arn:aws:sts::123456789012:assumed-role/mayfly-job/"));
        assert_eq!(world.aws.tasks().len(), 1);
    }
}

#[test]
fn definitions_that_ecs_would_refuse_are_refused() {
    let world = World::new();
    let good = world.ecs("DescribeTaskDefinition", &json!({ "taskDefinition": fixture::FARGATE_FAMILY })).unwrap();
    let good = good["taskDefinition"].clone();
    let cases = [
        ("/networkMode", json!("bridge"), "only supports network mode"),
        ("/memory", json!("700"), "No Fargate configuration exists"),
        ("/containerDefinitions/0/stopTimeout", json!(121), "between 2 and 120"),
        ("/containerDefinitions/0/essential", json!(false), "at least one essential container"),
        ("/containerDefinitions/0/healthCheck/command/0", json!("RUN"), "must begin with CMD"),
        ("/containerDefinitions/0/healthCheck/retries", json!(11), "retries 1-10"),
        ("/executionRoleArn", json!("arn:aws:iam::123456789012:role/none"), "Role is not valid"),
        ("/containerDefinitions", json!([]), "cannot be empty"),
        ("/family", json!("a b"), "Family contains invalid characters"),
    ];
    for (member, value, text) in cases {
        let mut bad = good.clone();
        *bad.pointer_mut(member).unwrap() = value;
        let refused = world.call_as(&admin(), "ecs", "RegisterTaskDefinition", &bad).unwrap_err();
        assert_eq!(refused.code, "ClientException");
        assert!(refused.message.contains(text), "{member}: {}", refused.message);
    }
}

#[test]
fn family_means_its_latest_active_revision() {
    let world = World::new();
    let good = world.ecs("DescribeTaskDefinition", &json!({ "taskDefinition": fixture::FARGATE_FAMILY })).unwrap();
    let second = world.ecs("RegisterTaskDefinition", &good["taskDefinition"]).unwrap();
    assert_eq!(second["taskDefinition"]["revision"], 2);
    let answer = world.ecs("RunTask", &world.fargate()).unwrap();
    assert!(answer["tasks"][0]["taskDefinitionArn"].as_str().unwrap().ends_with(":2"));
    world.ecs("DeregisterTaskDefinition", &json!({ "taskDefinition": "mayfly-runner-fargate:2" })).unwrap();
    let answer = world.ecs("RunTask", &world.fargate()).unwrap();
    assert!(answer["tasks"][0]["taskDefinitionArn"].as_str().unwrap().ends_with(":1"));
}
