//! Task definitions as ECS exports them.

use serde_json::{Value, json};

use super::super::{Essential, Image, NetworkMode};
use super::{assert_refused, faults, from_json};

/// As `aws ecs describe-task-definition` prints it, with a member or two that nobody here knows.
pub(super) fn exported() -> Value {
    json!({ "taskDefinition": {
        "taskDefinitionArn": "arn:aws:ecs:us-west-2:1:task-definition/superset-ci:12", "family": "superset-ci", "revision": 12,
        "status": "ACTIVE", "requiresAttributes": [{ "name": "com.amazonaws.ecs.capability.logging-driver.awslogs" }],
        "compatibilities": ["EC2", "FARGATE"], "requiresCompatibilities": ["FARGATE"], "placementConstraints": [],
        "registeredAt": 1.6e9, "registeredBy": "arn:aws:iam::1:root", "enableFaultInjection": false,
        "cpu": "512", "memory": "1 GB", "networkMode": "awsvpc", "executionRoleArn": "arn:aws:iam::1:role/exec",
        "taskRoleArn": null, "ephemeralStorage": { "sizeInGiB": 30 },
        "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
        "volumes": [{ "name": "tmp", "host": {} },
                    { "name": "efs", "efsVolumeConfiguration": { "fileSystemId": "fs-1", "transitEncryption": "ENABLED" } }],
        "containerDefinitions": [{
            "name": "superset", "image": "apache/superset:latest", "cpu": 0, "essential": true,
            "portMappings": [{ "containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "name": "web", "appProtocol": "http" }],
            "command": ["/app/run"], "environment": [{ "name": "SUPERSET_LOAD_EXAMPLES", "value": "yes" }],
            "secrets": [{ "name": "KEY", "valueFrom": "/superset/key" }], "environmentFiles": [], "volumesFrom": [],
            "mountPoints": [{ "sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": false }],
            "linuxParameters": { "initProcessEnabled": true }, "newThing": { "deep": [1, 2] },
            "healthCheck": { "command": ["CMD-SHELL", "true"], "interval": 30, "newer": 1 },
            "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "/ecs/superset-ci" }, "secretOptions": [] } }]
    } })
}

#[test]
fn exported_definition_is_read_whole_or_by_its_inner_object() {
    let whole = exported();
    for text in [whole.to_string(), whole["taskDefinition"].to_string()] {
        let template = from_json("", &text).expect("accepted");
        let app = template.app();
        assert_eq!((template.app.as_str(), &app.image, app.essential), ("superset", &Image::Preview, Essential::Yes));
        assert_eq!((template.size.cpu, template.size.memory), (Some(512), Some(1_024)));
        assert_eq!((template.network_mode, template.ephemeral_storage), (Some(NetworkMode::Awsvpc), Some(30)));
        assert_eq!(
            (template.execution_role.as_deref(), &template.task_role),
            (Some("arn:aws:iam::1:role/exec"), &None)
        );
        assert_eq!((app.secrets["KEY"].as_str(), template.notes.len()), ("/superset/key", 0));
        let left: Vec<_> = template.extra.keys().map(String::as_str).collect();
        assert_eq!(left, ["enableFaultInjection"], "what ECS adds is dropped, what we do not know is kept");
        assert_eq!(app.extra["newThing"], json!({ "deep": [1, 2] }));
        assert_eq!(app.ports[0].extra["appProtocol"], "http");
        assert_eq!(template.volumes[1].extra["efsVolumeConfiguration"]["fileSystemId"], "fs-1");
    }
}

#[test]
fn container_is_written_as_it_was_read() {
    let exported = exported();
    let before = &exported["taskDefinition"]["containerDefinitions"][0];
    let template = from_json("", &exported.to_string()).expect("accepted");
    let mut after = json!(template.app());
    after["image"] = before["image"].clone();
    assert_eq!(&after, before);
}

#[test]
fn definitions_that_cannot_be_read_are_refused() {
    let container = |member: &str| format!(r#"{{"containerDefinitions": [{{"name": "web", {member}}}]}}"#);
    let cases = [
        ("{".to_owned(), "task-def.json: is no JSON"),
        ("[]".to_owned(), "task-def.json: is no object"),
        ("{}".to_owned(), "task-def.json: has no containerDefinitions"),
        (r#"{"containerDefinitions": []}"#.to_owned(), "has no containerDefinitions"),
        (container(r#""image": 1"#), r#"task-def.json containerDefinitions[0] "web": invalid type"#),
        (container(r#""dependsOn": [{"containerName": "a", "condition": "DONE"}]"#), "unknown variant `DONE`"),
        (
            r#"{"networkMode": "host", "containerDefinitions": [{"name": "web"}]}"#.to_owned(),
            "two previews would fight",
        ),
        (
            r#"{"cpu": "many", "containerDefinitions": [{"name": "web"}]}"#.to_owned(),
            "task-def.json cpu: \"many\" is no size",
        ),
    ];
    for (text, told) in cases {
        let found = faults(from_json("", &text));
        assert!(found.iter().any(|fault| fault.contains(told)), "{text}: {found:#?}");
    }
    let two = r#"{"cpu": true, "volumes": [{}], "containerDefinitions": [{"name": "a", "cpu": "x"}, {"name": "b"}]}"#;
    let found = faults(from_json("", two));
    assert_eq!(found.len(), 3, "all at once: {found:#?}");
}

#[test]
fn init_container_that_is_essential_is_refused() {
    let text = r#"{"containerDefinitions": [{"name": "web", "image": "a", "dependsOn": [{"containerName": "seed", "condition": "SUCCESS"}]},
                                            {"name": "seed", "image": "b"}]}"#;
    assert_refused(
        from_json("app = \"web\"", text),
        "task-def.json: ",
        "waits for the SUCCESS of \"seed\", which is essential",
    );
}
