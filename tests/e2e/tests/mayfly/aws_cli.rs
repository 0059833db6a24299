//! AWS's own command line against the sandbox, where it is installed: it sees what `mayfly` has done.

use std::process::{Command, Stdio};

use contract::tags;
use e2e::World;
use sandbox::aws::fixture;
use serde_json::Value;

fn aws(world: &World) -> Command {
    let mut command = Command::new("aws");
    command.env_clear().env("HOME", world.home()).stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    let settings = [
        ("AWS_ENDPOINT_URL", world.sandbox.aws.url()),
        ("AWS_REGION", fixture::REGION),
        // Its first version knows this name alone.
        ("AWS_DEFAULT_REGION", fixture::REGION),
        ("AWS_ACCESS_KEY_ID", fixture::ADMIN_ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", fixture::ADMIN_SECRET_KEY),
        ("AWS_PAGER", ""),
    ];
    command.envs(settings);
    command
}

#[test]
fn aws_cli_shows_our_tags() {
    let world = World::start();
    let is_there = aws(&world).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("left out: the AWS CLI (`aws`) is not installed");
        return;
    }
    let start = world.step("runner start").succeeds();
    let described = aws(&world)
        .args(["ecs", "describe-tasks", "--include", "TAGS", "--output", "json", "--cluster", fixture::CLUSTER])
        .args(["--tasks", start.task_arn()])
        .output()
        .expect("aws can be run");
    assert!(described.status.success(), "{}", String::from_utf8_lossy(&described.stderr));
    let described: Value = serde_json::from_slice(&described.stdout).expect("the answer is JSON");
    let shown = described["tasks"][0]["tags"].as_array().expect("there are tags");
    let value = |key: &str| shown.iter().find(|tag| tag["key"] == key).and_then(|tag| tag["value"].as_str());
    assert_eq!(value(tags::ID), Some(start.label()));
    assert_eq!(value(tags::REPO), Some("octo/demo"));
    assert_eq!(value(tags::KIND), Some(tags::KIND_RUNNER));
    assert_eq!(described["tasks"][0]["startedBy"], start.label());
    world.put_away(&start);
    world.finish();
}
