//! What is read: lists of tasks, tags, parameters and logs.

use sandbox::aws::{AwsConfig, fixture};
use serde_json::{Value, json};

use crate::world::{World, shell};

fn lists(world: &World, mut parameters: Value) -> Vec<String> {
    parameters["cluster"] = json!("mayfly");
    let answer = world.ecs("ListTasks", &parameters).unwrap();
    answer["taskArns"].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap().to_owned()).collect()
}

/// A world whose lists are up to date at once.
fn prompt() -> World {
    let mut config = AwsConfig::default();
    config.pace.list_lag = std::time::Duration::ZERO;
    config.pace.describe_lag = std::time::Duration::ZERO;
    World::with(config.image(fixture::IMAGE, shell("exec sleep 60")))
}

#[test]
fn list_pages_through_all_tasks_once() {
    let world = prompt();
    let mut all: Vec<String> = (0..5).map(|_| world.start(&world.fargate())).collect();
    let (mut listed, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({ "cluster": "mayfly", "maxResults": 2 });
        if !token.is_null() {
            input["nextToken"] = token.clone();
        }
        let answer = world.ecs("ListTasks", &input).unwrap();
        listed.extend(answer["taskArns"].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap().to_owned()));
        token = answer["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    listed.sort();
    all.sort();
    assert_eq!(listed, all);
}

#[test]
fn list_filters_by_starter_and_by_wish_but_not_by_both() {
    let world = prompt();
    let ours = world.start(&world.fargate_with("startedBy", json!("us")));
    let theirs = world.start(&world.fargate_with("startedBy", json!("them")));
    assert_eq!(lists(&world, json!({ "startedBy": "us" })), std::slice::from_ref(&ours));
    world.until_running(&theirs);
    world.stop(&theirs);
    assert_eq!(lists(&world, json!({ "desiredStatus": "STOPPED" })), [theirs]);
    assert_eq!(lists(&world, json!({})), [ours]);
    assert!(lists(&world, json!({ "startedBy": "them" })).is_empty(), "a stopped task is not found by its starter");
    let both = json!({ "cluster": "mayfly", "startedBy": "us", "desiredStatus": "STOPPED" });
    assert_eq!(world.ecs("ListTasks", &both).unwrap_err().code, "InvalidParameterException");
}

#[test]
fn new_task_is_not_listed_before_the_lag_is_over() {
    let mut config = AwsConfig::default();
    config.pace.list_lag = std::time::Duration::from_secs(60);
    let clock = config.clock.clone();
    let world = World::with(config.image(fixture::IMAGE, shell("exec sleep 60")));
    let arn = world.start(&world.fargate());
    assert!(lists(&world, json!({})).is_empty());
    clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(lists(&world, json!({})), [arn]);
}

#[test]
fn tags_are_changed_read_and_lost_with_the_stop() {
    let world = prompt();
    let arn =
        world.start(&world.fargate_with("tags", json!([{ "key": "a", "value": "1" }, { "key": "b", "value": "1" }])));
    world.ecs("TagResource", &json!({ "resourceArn": arn, "tags": [{ "key": "a", "value": "2" }] })).unwrap();
    world.ecs("UntagResource", &json!({ "resourceArn": arn, "tagKeys": ["b"] })).unwrap();
    let tags = world.ecs("ListTagsForResource", &json!({ "resourceArn": arn })).unwrap();
    assert_eq!(tags["tags"], json!([{ "key": "a", "value": "2" }]));
    let without = world.ecs("DescribeTasks", &json!({ "cluster": "mayfly", "tasks": [arn] })).unwrap();
    assert_eq!(without["tasks"][0]["tags"], json!([]), "tags come only where they are asked for");
    world.stop(&arn);
    assert_eq!(world.describe(&arn)["tasks"][0]["tags"], json!([]));
    let late = world.ecs("TagResource", &json!({ "resourceArn": arn, "tags": [{ "key": "a", "value": "3" }] }));
    assert!(late.unwrap_err().message.starts_with("The specified task is stopped"));
    assert_eq!(world.ecs("ListTagsForResource", &json!({ "resourceArn": arn })).unwrap()["tags"], json!([]));
}

#[test]
fn unknown_task_is_a_failure_when_described_and_an_error_when_stopped() {
    let world = World::new();
    let unknown = "0123456789abcdef0123456789abcdef";
    assert_eq!(world.describe(unknown)["failures"][0]["reason"], "MISSING");
    let stop = |task: &str| world.ecs("StopTask", &json!({ "cluster": "mayfly", "task": task })).unwrap_err();
    assert_eq!(stop(unknown).message, "The referenced task was not found.");
    assert_eq!(stop("short").message, "taskId length should be one of [32,36]");
}

#[test]
fn parameter_is_put_once_read_decrypted_and_gone_after_its_deletion() {
    let world = World::new();
    let put = |parameters: Value| world.call("ssm", "PutParameter", &parameters);
    let good = json!({ "Name": "/mayfly/once/x", "Value": "s3cret", "Type": "SecureString" });
    assert_eq!(put(good.clone()).unwrap()["Version"], 1);
    assert_eq!(put(good).unwrap_err().code, "ParameterAlreadyExists");
    let get =
        |with: bool| world.call("ssm", "GetParameter", &json!({ "Name": "/mayfly/once/x", "WithDecryption": with }));
    assert_eq!(get(true).unwrap()["Parameter"]["Value"], "s3cret");
    assert_ne!(get(false).unwrap()["Parameter"]["Value"], "s3cret");
    let several = json!({ "Names": ["/mayfly/once/x", "/nope"], "WithDecryption": true });
    assert_eq!(world.call("ssm", "GetParameters", &several).unwrap()["InvalidParameters"], json!(["/nope"]));
    world.call("ssm", "DeleteParameter", &json!({ "Name": "/mayfly/once/x" })).unwrap();
    assert_eq!(get(true).unwrap_err().code, "ParameterNotFound");
    assert!(world.aws.calls("PutParameter").iter().all(|call| call.parameters["Value"] == "***"));
}

#[test]
fn parameter_values_have_the_limits_of_their_tier() {
    let world = World::new();
    let put = |size: usize, tier: &str| {
        let value = "x".repeat(size);
        let input = json!({ "Name": "/p", "Value": value, "Type": "SecureString", "Tier": tier, "Overwrite": true });
        world.call("ssm", "PutParameter", &input).map(|_| ()).map_err(|refused| refused.code)
    };
    let refused = Err("ValidationException".to_owned());
    assert_eq!((put(4_096, "Standard"), put(4_097, "Standard")), (Ok(()), refused.clone()));
    assert_eq!((put(8_192, "Advanced"), put(8_193, "Advanced")), (Ok(()), refused));
}

#[test]
fn log_is_read_forward_in_pages_until_the_token_no_longer_changes() {
    let world = World::running("for n in 1 2 3 4 5; do echo line $n; done");
    let arn = world.start(&world.fargate());
    let id = world.until_stopped(&arn).id;
    let stream = format!("runner/runner/{id}");
    let (mut lines, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input =
            json!({ "logGroupName": fixture::LOG_GROUP, "logStreamName": stream, "startFromHead": true, "limit": 2 });
        if !token.is_null() {
            input["nextToken"] = token.clone();
        }
        let answer = world.call("logs", "GetLogEvents", &input).unwrap();
        lines.extend(answer["events"].as_array().unwrap().iter().map(|event| event["message"].clone()));
        if answer["nextForwardToken"] == token {
            break;
        }
        token = answer["nextForwardToken"].clone();
    }
    assert_eq!(lines, ["line 1", "line 2", "line 3", "line 4", "line 5"]);
    let input = json!({ "logGroupName": fixture::LOG_GROUP, "filterPattern": "\"line 3\"" });
    assert_eq!(world.call("logs", "FilterLogEvents", &input).unwrap()["events"][0]["logStreamName"], json!(stream));
    let streams = world.call("logs", "DescribeLogStreams", &json!({ "logGroupName": fixture::LOG_GROUP })).unwrap();
    assert_eq!(streams["logStreams"][0]["logStreamName"], json!(stream));
    let missing = json!({ "logGroupName": "/nope", "logStreamName": "x" });
    assert_eq!(world.call("logs", "GetLogEvents", &missing).unwrap_err().code, "ResourceNotFoundException");
}

#[test]
fn line_longer_than_an_event_is_split_and_bytes_that_are_no_text_do_no_harm() {
    let world = World::running("head -c 300000 /dev/zero | tr '\\0' x; echo; printf 'a\\377b\\n'; exit 0");
    let arn = world.start(&world.fargate());
    world.until_stopped(&arn);
    let sizes: Vec<usize> = world.aws.output(&arn).iter().map(String::len).collect();
    assert_eq!(sizes[..2], [262_118, 300_000 - 262_118]);
    assert_eq!(world.aws.output(&arn)[2], "a\u{fffd}b");
}
