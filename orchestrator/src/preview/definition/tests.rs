//! What is registered.

use serde_json::{Value, json};

use super::super::supervise::{Lease, Watch};
use super::super::template::{PreviewFile, Size, Source, SourceFile, Template};
use super::{Cage, Definition, Family, Logs, Rendering, Supervisor};
use crate::config::ConfigError;
use crate::config::file::File;
use crate::model::LaunchMode;

const IMAGE: &str = "1.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:0123";

fn section(lines: &str) -> PreviewFile {
    File::parse(&format!("[preview]\n{lines}")).expect("valid TOML").preview.expect("it is there")
}

fn template(lines: &str) -> Template {
    Template::parse(&section(lines), Source::Preview).expect("accepted")
}

fn from_json(definition: &Value) -> Template {
    let text = definition.to_string();
    let file = SourceFile { name: "task-def.json", text: &text };
    Template::parse(&section("app = \"web\""), Source::TaskDefinition(file)).expect("accepted")
}

fn rendering(family: &Family, mode: LaunchMode) -> Rendering<'_> {
    Rendering {
        family,
        image: IMAGE,
        mode,
        size: Size::default(),
        supervisor: Supervisor::Brought { image: "mayfly/entrypoint:1" },
        logs: None,
        cage: Cage::Open,
    }
}

fn render(template: &Template, change: impl FnOnce(&mut Rendering<'_>)) -> Result<Definition, ConfigError> {
    let family = Family::of("acme/shop", 12);
    let mut rendering = rendering(&family, LaunchMode::Fargate);
    change(&mut rendering);
    Definition::render(template, &rendering)
}

fn refusals(result: Result<Definition, ConfigError>) -> Vec<String> {
    result.expect_err("refused").faults.into_iter().map(|fault| fault.text).collect()
}

const WEB: &str = "app = \"web\"\ncommand = [\"./serve\"]\nport = 8080\n";

#[test]
fn app_is_wrapped_and_the_supervisor_is_brought_before_it_starts() {
    let definition = render(&template(WEB), |_| {}).expect("rendered");
    let expected = json!({
        "family": "mayfly-preview-acme-shop-pr-12",
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024",
        "volumes": [{ "name": "mayfly" }],
        "containerDefinitions": [
            { "name": "web", "image": IMAGE, "essential": true, "portMappings": [{ "containerPort": 8080 }], "stopTimeout": 30,
              "entryPoint": ["/mayfly/runner-entrypoint", "supervise"],
              "command": ["--ttl", "2h", "--max-ttl", "2d", "--warn", "5m", "--", "./serve"],
              "mountPoints": [{ "sourceVolume": "mayfly", "containerPath": "/mayfly", "readOnly": true }],
              "dependsOn": [{ "containerName": "mayfly-supervisor", "condition": "SUCCESS" }] },
            { "name": "mayfly-supervisor", "image": "mayfly/entrypoint:1", "essential": false, "command": ["install", "/mayfly"],
              "mountPoints": [{ "sourceVolume": "mayfly", "containerPath": "/mayfly", "readOnly": false }] },
        ],
        "tags": [{ "key": "mayfly:pr", "value": "12" }],
    });
    assert_eq!(definition.request(&[("mayfly:pr", "12".to_owned())]), expected);
    assert_eq!(definition.app_command(), Some(&["./serve".to_owned()][..]));
    let launch = definition.launch_command(&Lease::default(), &Watch::default()).expect("it has a command");
    assert_eq!(launch.join(" "), "--ttl 2h --max-ttl 2d --warn 5m --renew-from metadata -- ./serve");
}

#[test]
fn baked_in_supervisor_needs_no_volume_and_may_leave_the_command_to_the_image() {
    let baked = |rendering: &mut Rendering<'_>| rendering.supervisor = Supervisor::BakedIn { path: "/sbin/entry" };
    let definition = render(&template(WEB), baked).expect("rendered");
    let request = definition.request(&[]);
    assert_eq!(request["containerDefinitions"].as_array().map(Vec::len), Some(1));
    assert_eq!(request["containerDefinitions"][0]["entryPoint"], json!(["/sbin/entry", "supervise"]));
    assert_eq!((request.get("volumes"), request.get("tags")), (None, None));

    let silent = render(&template("port = 1"), baked).expect("rendered");
    assert_eq!((silent.app_command(), silent.launch_command(&Lease::default(), &Watch::default())), (None, None));
    assert!(silent.notes()[0].contains("its image's own decides"), "{:?}", silent.notes());
}

#[test]
fn what_would_leave_a_preview_without_an_end_is_refused() {
    let found = refusals(render(&template("port = 1"), |_| {}));
    assert!(
        found[0].contains("container \"app\" has no command") && found[0].contains("command = [...] in [preview]"),
        "{found:?}"
    );
    let restarted =
        json!({ "containerDefinitions": [{ "name": "web", "command": ["x"], "restartPolicy": { "enabled": true } }] });
    let found = refusals(render(&from_json(&restarted), |_| {}));
    assert!(found[0].contains("restartPolicy would start the app again"), "{found:?}");
    let off =
        json!({ "containerDefinitions": [{ "name": "web", "command": ["x"], "restartPolicy": { "enabled": false } }] });
    render(&from_json(&off), |_| {}).expect("a policy that is off does nothing");
}

#[test]
fn network_and_ports_follow_the_launch_mode() {
    let fixed = json!({ "containerDefinitions": [
        { "name": "web", "command": ["x"], "portMappings": [{ "containerPort": 80, "hostPort": 8080 }] }] });
    let cases = [
        (LaunchMode::Fargate, None, "awsvpc", json!({ "containerPort": 80 })),
        (LaunchMode::FargateSpot, None, "awsvpc", json!({ "containerPort": 80 })),
        (LaunchMode::Ec2, None, "bridge", json!({ "containerPort": 80, "hostPort": 0 })),
        (LaunchMode::Ec2, Some("awsvpc"), "awsvpc", json!({ "containerPort": 80 })),
    ];
    for (mode, network, expected, port) in cases {
        let mut source = fixed.clone();
        source["networkMode"] = json!(network);
        let definition = render(&from_json(&source), |rendering| rendering.mode = mode).expect("rendered");
        let request = definition.request(&[]);
        assert_eq!(request["networkMode"], expected, "{mode}");
        assert_eq!(request["containerDefinitions"][0]["portMappings"][0], port, "{mode}");
        assert_eq!(request["requiresCompatibilities"][0] == "EC2", mode == LaunchMode::Ec2);
        assert!(definition.notes().iter().any(|note| note.contains("port 8080 of the host is not used")), "{mode}");
    }
    let bridge = template(&format!("{WEB}network_mode = \"bridge\""));
    let found = refusals(render(&bridge, |_| {}));
    assert!(found[0].contains("Fargate has awsvpc alone"), "{found:?}");
    assert_eq!(
        refusals(render(&bridge, |rendering| rendering.mode = LaunchMode::Local)),
        ["launch mode local has no task definition"]
    );
}

#[test]
fn proxy_is_seen_by_the_supervisor_only_where_they_share_a_network() {
    let proxy = json!({ "containerDefinitions": [
        { "name": "web", "command": ["x"] }, { "name": "proxy", "image": "p", "portMappings": [{ "containerPort": 80 }] }] });
    for (mode, seen) in [(LaunchMode::Fargate, true), (LaunchMode::Ec2, false)] {
        let definition = render(&from_json(&proxy), |rendering| rendering.mode = mode).expect("rendered");
        assert_eq!(definition.entrance().map(|entrance| entrance.port), Some(80));
        assert_eq!(definition.entrance_seen_from_app().is_some(), seen, "{mode}");
    }
    let own = render(&template(WEB), |rendering| rendering.mode = LaunchMode::Ec2).expect("rendered");
    assert!(own.entrance_seen_from_app().is_some());
}

#[test]
fn what_fargate_does_not_have_is_refused_before_anything_is_called() {
    let host = json!({ "containerDefinitions": [{ "name": "web", "command": ["x"], "stopTimeout": 121 }],
                       "volumes": [{ "name": "v", "host": { "sourcePath": "/srv" } }], "cpu": "300", "memory": "512" });
    let found = refusals(render(&from_json(&host), |_| {}));
    let told = [
        "no folder /srv of a host",
        "no size of 300 CPU units and 512 MiB; the nearest: cpu 512",
        "2 to 120 seconds, not 121",
    ];
    assert_eq!(found.len(), told.len(), "{found:#?}");
    assert!(told.iter().all(|told| found.iter().any(|fault| fault.contains(told))), "{found:#?}");
    let on_instance =
        render(&from_json(&host), |rendering| rendering.mode = LaunchMode::Ec2).expect("an instance has it all");
    assert_eq!(on_instance.request(&[])["volumes"][0]["host"]["sourcePath"], "/srv");
}

#[test]
fn size_of_the_launch_stands_over_the_templates() {
    let small = template(&format!("{WEB}cpu = 256\nmemory = 512"));
    let size = Size { cpu: Some(1_024), memory: Some(2_048) };
    assert_eq!(render(&small, |rendering| rendering.size = size).expect("rendered").size(), size);
}

#[test]
fn installer_on_an_instance_reserves_memory_only_where_the_task_does_not() {
    let limited = json!({ "containerDefinitions": [{ "name": "web", "command": ["x"], "memory": 300 }] });
    for (source, memory) in [(from_json(&limited), json!(16)), (template(WEB), Value::Null)] {
        let definition = render(&source, |rendering| rendering.mode = LaunchMode::Ec2).expect("rendered");
        let request = definition.request(&[]);
        assert_eq!(request["containerDefinitions"][1]["memoryReservation"], memory);
        assert_eq!(request.get("memory").is_none(), memory == 16);
    }
}

#[test]
fn lines_go_to_the_containers_own_group_or_the_templates_or_the_places() {
    let lines = format!(
        "{WEB}execution_role = \"exec\"\n[[preview.container]]\nname = \"db\"\nimage = \"d\"\nlog_options = {{ awslogs-group = \"own\" }}"
    );
    let logs = Some(Logs { group: Some("place"), region: "eu-west-1" });
    let groups = |template: &Template| -> Vec<String> {
        let request = render(template, |rendering| rendering.logs = logs).expect("rendered").request(&[]);
        let containers = request["containerDefinitions"].as_array().cloned().unwrap_or_default();
        let options = containers.iter().map(|container| &container["logConfiguration"]["options"]);
        options.map(|options| format!("{}/{}", options["awslogs-group"], options["awslogs-stream-prefix"])).collect()
    };
    let mut source = template(&lines);
    assert_eq!(groups(&source), ["\"place\"/\"web\"", "\"own\"/null", "\"place\"/\"mayfly-supervisor\""]);
    source.hints.log_group = Some("templates".to_owned());
    assert_eq!(groups(&source)[0], "\"templates\"/\"web\"");
    source.execution_role = None;
    let found = refusals(render(&source, |rendering| rendering.logs = logs));
    assert!(found[0].contains("no execution role, which ECS wants for awslogs on Fargate"), "{found:?}");
}

#[test]
fn fork_gets_no_role_and_no_secret_and_is_told_so() {
    let trusted = json!({ "taskRoleArn": "role", "executionRoleArn": "exec", "containerDefinitions": [
        { "name": "web", "command": ["x"], "secrets": [{ "name": "KEY", "valueFrom": "/k" }], "environmentFiles": [{ "value": "arn" }],
          "logConfiguration": { "logDriver": "awslogs", "secretOptions": [{ "name": "t", "valueFrom": "/t" }] } },
        { "name": "db", "image": "d", "secrets": [{ "name": "PASSWORD", "valueFrom": "/p" }], "credentialSpecs": ["arn"] }] });
    let open = render(&from_json(&trusted), |_| {}).expect("rendered");
    let caged = render(&from_json(&trusted), |rendering| rendering.cage = Cage::Fork).expect("rendered");
    let text = caged.request(&[]).to_string();
    for secret in ["taskRoleArn", "secrets", "environmentFiles", "secretOptions", "credentialSpecs", "/k", "/p", "/t"] {
        assert!(open.request(&[]).to_string().contains(secret), "{secret} was there");
        assert!(!text.contains(secret), "{secret} is left: {text}");
    }
    assert_eq!(caged.request(&[])["executionRoleArn"], "exec", "the code never sees it, and images are pulled with it");
    assert_eq!(caged.notes().iter().filter(|note| note.starts_with("fork: ")).count(), 6, "{:#?}", caged.notes());
    assert_ne!(open.fingerprint(), caged.fingerprint(), "a cage is never mistaken for an open one");
}

#[test]
fn fork_with_a_way_out_is_refused() {
    let way_out = json!({ "pidMode": "task", "ipcMode": "host", "volumes": [
            { "name": "efs", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }, { "name": "host", "host": { "sourcePath": "/" } },
            { "name": "own", "host": {} }],
        "containerDefinitions": [{ "name": "web", "command": ["x"], "privileged": true,
            "linuxParameters": { "capabilities": { "add": ["SYS_ADMIN"] }, "devices": [{ "hostPath": "/dev/kvm" }] } }] });
    let mode = LaunchMode::Ec2;
    render(&from_json(&way_out), |rendering| rendering.mode = mode).expect("the repository's own code may");
    let found = refusals(render(&from_json(&way_out), |rendering| {
        rendering.mode = mode;
        rendering.cage = Cage::Fork;
    }));
    let told = ["\"efs\"", "\"host\"", "privileged", "capabilities", "devices", "pidMode", "ipcMode"];
    assert_eq!(found.len(), told.len(), "{found:#?}");
    assert!(told.iter().all(|told| found.iter().any(|fault| fault.contains(told))), "{found:#?}");
}

#[test]
fn members_that_nobody_knows_are_registered_as_they_came() {
    let source = json!({ "newMember": { "z": 1, "a": [2] }, "proxyConfiguration": { "type": "APPMESH" },
        "volumes": [{ "name": "efs", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }],
        "containerDefinitions": [{ "name": "web", "command": ["x"], "ulimits": [{ "name": "nofile", "softLimit": 1 }], "newest": "x" }] });
    let request = render(&from_json(&source), |_| {}).expect("rendered").request(&[]);
    assert_eq!(
        (&request["newMember"], &request["proxyConfiguration"]),
        (&source["newMember"], &source["proxyConfiguration"])
    );
    assert_eq!(request["volumes"][0], source["volumes"][0]);
    let container = &request["containerDefinitions"][0];
    assert_eq!((&container["ulimits"][0]["softLimit"], &container["newest"]), (&json!(1), &json!("x")));
}

#[test]
fn fingerprint_is_of_the_content_and_not_of_slot_tags_or_order() {
    let definition = |lines: &str| render(&template(lines), |_| {}).expect("rendered").fingerprint();
    let base = definition(WEB);
    assert_eq!(base.as_str().len(), 64);
    let other_family = Family::of("acme/shop", 13);
    let other_slot =
        Definition::render(&template(WEB), &rendering(&other_family, LaunchMode::Fargate)).expect("rendered");
    assert_eq!(other_slot.fingerprint(), base);
    let (there, back) = (json!({ "a": 1, "b": { "c": 2, "d": 3 } }), json!({ "b": { "d": 3, "c": 2 }, "a": 1 }));
    let of = |extra: Value| {
        let mut source = template(WEB);
        source.extra = extra.as_object().cloned().unwrap_or_default();
        render(&source, |_| {}).expect("rendered").fingerprint()
    };
    assert_eq!(of(there), of(back));
    for change in ["env = { A = \"1\" }", "memory = 2048", "user = \"1\"", "health_check = { command = \"x\" }"] {
        assert_ne!(definition(&format!("{WEB}{change}")), base, "{change}");
    }
    let other_image = render(&template(WEB), |rendering| rendering.image = "shop@sha256:4567").expect("rendered");
    assert_ne!(other_image.fingerprint(), base);
}

#[test]
fn all_faults_are_told_at_once() {
    let bad = template(
        "port = 1\nnetwork_mode = \"bridge\"\ncpu = 1\nmemory = 1\nstop_timeout = 500\nsecrets = { A = \"b\" }",
    );
    let found = refusals(render(&bad, |_| {}));
    assert_eq!(found.len(), 5, "{found:#?}");
}
