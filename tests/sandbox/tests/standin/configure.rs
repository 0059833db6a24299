//! Registration by token, and removal.

use std::process::Output;

use serde_json::Value;

use crate::world::{RunnerFolder, World};

fn token(world: &World, kind: &str) -> String {
    world.post(kind, &Value::Null)["token"].as_str().unwrap().to_owned()
}

fn configure(world: &World, runner: &RunnerFolder, token: &str, words: &[&str]) -> Output {
    let url = format!("{}/octo/demo", world.github.url());
    let usual = ["configure", "--unattended", "--url", &url, "--name", "box", "--labels", "GPU"];
    let mut command = runner.command(&usual);
    command.args(words).env("ACTIONS_RUNNER_INPUT_TOKEN", token).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn runner_is_configured_by_token_and_removed_by_another() {
    let world = World::start();
    let runner = RunnerFolder::unconfigured();
    let configured = configure(&world, &runner, &token(&world, "registration-token"), &["--ephemeral"]);
    assert!(configured.status.success(), "{}", text(&configured.stderr));
    assert!(text(&configured.stdout).ends_with("√ Settings Saved.\n"));
    let known = &world.github.runners()[0];
    assert_eq!((known.name.as_str(), known.labels.as_slice()), ("box", &["gpu".to_owned()][..]));
    assert!(known.ephemeral && known.fixed_labels.contains(&"self-hosted".to_owned()));
    let again = configure(&world, &runner, "t", &[]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("already configured"));
    let removal = token(&world, "remove-token");
    let removed = runner.command(&["remove", "--token", &removal]).output().unwrap();
    assert!(removed.status.success() && text(&removed.stdout).contains("√ Runner removed successfully"));
    assert!(world.github.runners().is_empty() && !runner.has(".runner"));
}

#[test]
fn name_that_is_taken_is_refused_unless_it_may_be_replaced() {
    let world = World::start();
    let token = token(&world, "registration-token");
    assert!(configure(&world, &RunnerFolder::unconfigured(), &token, &[]).status.success());
    let refused = configure(&world, &RunnerFolder::unconfigured(), &token, &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("A runner exists with the same name box."));
    let replaced = configure(&world, &RunnerFolder::unconfigured(), &token, &["--replace"]);
    assert!(replaced.status.success() && world.github.runners().len() == 1);
}

#[test]
fn configuring_without_what_is_needed_fails_and_registers_nothing() {
    let world = World::start();
    let valid = token(&world, "registration-token");
    let cases: [(&str, &[&str], &str); 4] = [
        ("", &[], "Invalid configuration provided for token."),
        ("wrong", &[], "Not Found"),
        (&valid, &["--runnergroup", "nobody"], "Could not find any self-hosted runner group named \"nobody\"."),
        (&valid, &["--labels", "", "--no-default-labels"], "Disabling default labels"),
    ];
    for (token, words, reason) in cases {
        let output = configure(&world, &RunnerFolder::unconfigured(), token, words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
    assert!(world.github.runners().is_empty());
}

#[test]
fn removing_what_was_never_configured_succeeds_as_in_the_real_one() {
    let output = RunnerFolder::unconfigured().command(&["remove", "--unattended"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("config files are missing"));
}

#[test]
fn running_without_configuration_is_a_terminated_error() {
    let output = RunnerFolder::unconfigured().command(&["run", "--frobnicate"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("Unrecognized command-line input arguments for command run: 'frobnicate'"), "{said}");
    assert!(said.contains("Not configured."), "{said}");
}

#[test]
fn version_is_the_one_that_is_stood_in_for() {
    let output = RunnerFolder::unconfigured().command(&["--version"]).output().unwrap();
    assert_eq!(text(&output.stdout).trim(), "2.336.0");
}
