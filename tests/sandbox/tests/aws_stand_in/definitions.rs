//! Task definitions: what is refused, and their way from ACTIVE to gone.

use serde_json::{Value, json};

use crate::containers::{definition, script, with};
use crate::world::World;

fn depends(on: &str, condition: &str) -> Value {
    json!({ "dependsOn": [{ "containerName": on, "condition": condition }] })
}

#[test]
fn dependencies_volumes_and_ports_that_cannot_be_are_refused() {
    let world = World::new();
    let side = with(script("side", "true"), json!({ "essential": false }));
    let app = |members: Value| vec![with(script("app", "true"), members), side.clone()];
    let loop_ =
        vec![with(script("app", "true"), depends("side", "START")), with(side.clone(), depends("app", "START"))];
    let mount = json!({ "mountPoints": [{ "sourceVolume": "none", "containerPath": "/x" }] });
    let ports = json!({ "portMappings": [{ "containerPort": 80, "hostPort": 8080 }] });
    let essential = vec![script("app", "true"), with(script("other", "true"), depends("app", "SUCCESS"))];
    let cases = [
        (app(depends("nobody", "START")), "does not exist"),
        (app(depends("side", "HEALTHY")), "requires one"),
        (app(depends("side", "FINISHED")), "cannot be read"),
        (loop_, "Circular dependency"),
        (essential, "cannot be set on an essential container"),
        (app(mount), "Unknown volume 'none'."),
        (app(ports), "must match"),
        (app(json!({ "privileged": true })), "privileged"),
        (app(json!({ "startTimeout": 121 })), "between 2 and 120"),
        (app(json!({ "healthCheck": { "command": ["CMD", "x"], "timeout": 61 } })), "timeout 2-60"),
    ];
    for (containers, text) in cases {
        let refused = world.ecs("RegisterTaskDefinition", &definition(&containers)).unwrap_err();
        assert_eq!(refused.code, "ClientException");
        assert!(refused.message.contains(text), "{text}: {}", refused.message);
    }
    let mut host = definition(&[script("app", "true")]);
    host["volumes"] = json!([{ "name": "v", "host": { "sourcePath": "/etc" } }]);
    assert!(world.ecs("RegisterTaskDefinition", &host).unwrap_err().message.contains("sourcePath"));
}

fn arns(answer: &Value) -> Vec<&str> {
    answer["taskDefinitionArns"].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap()).collect()
}

#[test]
fn revision_goes_from_active_over_inactive_to_its_deletion() {
    let world = World::new();
    let mut input = definition(&[script("app", "true")]);
    input["tags"] = json!([{ "key": "mayfly:pr", "value": "7" }]);
    let made = world.ecs("RegisterTaskDefinition", &input).unwrap();
    let arn = made["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned();
    let delete = |arn: &str| world.ecs("DeleteTaskDefinitions", &json!({ "taskDefinitions": [arn] })).unwrap();
    let refused = delete(&arn);
    assert_eq!((&refused["taskDefinitions"], &refused["failures"][0]["arn"]), (&json!([]), &json!(arn)));
    assert!(world.aws.task_definitions().contains(&arn));
    world.ecs("DeregisterTaskDefinition", &json!({ "taskDefinition": arn })).unwrap();
    let described =
        world.ecs("DescribeTaskDefinition", &json!({ "taskDefinition": arn, "include": ["TAGS"] })).unwrap();
    assert_eq!((&described["taskDefinition"]["status"], &described["tags"]), (&json!("INACTIVE"), &input["tags"]));
    assert!(world.ecs("DescribeTaskDefinition", &json!({ "taskDefinition": "preview" })).is_err());
    let inactive =
        world.ecs("ListTaskDefinitions", &json!({ "familyPrefix": "preview", "status": "INACTIVE" })).unwrap();
    assert_eq!(arns(&inactive), [arn.as_str()]);
    assert_eq!(delete(&arn)["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
    let left = world.ecs("ListTaskDefinitions", &json!({ "familyPrefix": "preview", "status": "INACTIVE" })).unwrap();
    assert!(arns(&left).is_empty() && !world.aws.task_definitions().contains(&arn));
    let again = world.ecs("RegisterTaskDefinition", &input).unwrap();
    assert_eq!(again["taskDefinition"]["revision"], 2, "numbers are never given twice");
}

#[test]
fn definitions_are_listed_in_pages_and_by_whole_family_names() {
    let world = World::new();
    let input = definition(&[script("app", "true")]);
    for _ in 0..3 {
        world.ecs("RegisterTaskDefinition", &input).unwrap();
    }
    let mut other = input;
    other["family"] = json!("preview-2");
    world.ecs("RegisterTaskDefinition", &other).unwrap();
    let first = world.ecs("ListTaskDefinitions", &json!({ "familyPrefix": "preview", "maxResults": 2 })).unwrap();
    let rest = json!({ "familyPrefix": "preview", "maxResults": 2, "nextToken": first["nextToken"] });
    let second = world.ecs("ListTaskDefinitions", &rest).unwrap();
    assert_eq!((arns(&first).len(), arns(&second).len(), second["nextToken"].is_null()), (2, 1, true));
    assert!(arns(&second)[0].ends_with("/preview:3"));
    let families = world.ecs("ListTaskDefinitionFamilies", &json!({ "familyPrefix": "preview" })).unwrap();
    assert_eq!(families["families"], json!(["preview", "preview-2"]));
}

#[test]
fn tags_of_a_definition_are_changed_and_listed() {
    let world = World::new();
    let made = world.ecs("RegisterTaskDefinition", &definition(&[script("app", "true")])).unwrap();
    let arn = made["taskDefinition"]["taskDefinitionArn"].clone();
    world.ecs("TagResource", &json!({ "resourceArn": arn, "tags": [{ "key": "k", "value": "v" }] })).unwrap();
    let listed = world.ecs("ListTagsForResource", &json!({ "resourceArn": arn })).unwrap();
    assert_eq!(listed["tags"], json!([{ "key": "k", "value": "v" }]));
}
