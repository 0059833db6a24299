//! Settings: what is read, what is refused, and that all faults are told together.

use std::collections::HashMap;
use std::time::Duration;

use contract::{Scope, env};

use super::{Config, Group, Jobs, read};

fn settings(changes: &[(&'static str, &str)]) -> HashMap<&'static str, String> {
    let mut all: HashMap<&'static str, String> = HashMap::from([
        (env::ID, "0f0e0d0c-0000-4000-8000-000000000001".to_owned()),
        (env::RUNNER_NAME, "mf-a1b2-x-0-1.0-z".to_owned()),
        (env::SCOPE, "repos/octo/demo".to_owned()),
    ]);
    all.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
    all
}

fn read_with(changes: &[(&'static str, &str)], secrets: &[&str]) -> Result<Config, Vec<String>> {
    let all = settings(changes);
    read(&|name| all.get(name).cloned(), &|name| secrets.contains(&name))
}

fn fault_of(changes: &[(&'static str, &str)]) -> String {
    read_with(changes, &[env::GITHUB_TOKEN]).expect_err("a fault").join("\n")
}

#[test]
fn three_variables_and_a_token_are_enough() {
    let config = read_with(&[], &[env::GITHUB_TOKEN]).expect("valid settings");
    assert_eq!(config.labels, ["self-hosted", "0f0e0d0c-0000-4000-8000-000000000001"]);
    assert_eq!((config.group, config.jobs), (Group::Default, Jobs::One));
    assert_eq!(config.api_url, "https://api.github.com");
    assert_eq!(config.limits.max_idle, Duration::from_secs(600));
    assert_eq!(config.limits.max_lifetime, Duration::from_secs(5 * 86_400 + 7_200));
    assert_eq!(config.limits.stop_timeout, Duration::from_secs(30));
}

#[test]
fn each_setting_is_read() {
    let changes = [
        (env::SCOPE, "orgs/octo"),
        (env::LABELS, "a, b"),
        (env::RUNNER_GROUP, "builders"),
        (env::MULTI_JOB, "true"),
        (env::MAX_IDLE, "90s"),
        (env::GITHUB_API_URL, "https://ghe.example/api/v3/"),
        (env::JOB_ENV, "FOO, BAR,"),
    ];
    let config = read_with(&changes, &[env::GITHUB_TOKEN]).expect("valid settings");
    assert_eq!(config.scope, Scope::Org("octo".to_owned()));
    assert_eq!(config.labels, ["a", "b"]);
    assert_eq!(config.group, Group::Named("builders".to_owned()));
    assert_eq!(config.jobs, Jobs::Several);
    assert_eq!(config.limits.max_idle, Duration::from_secs(90));
    assert_eq!(config.api_url, "https://ghe.example/api/v3");
    assert_eq!(config.job_environment, ["FOO", "BAR"]);
}

#[test]
fn each_fault_names_its_variable_and_the_fix() {
    let long = "x".repeat(65);
    let cases: [(&[(&'static str, &str)], &str); 13] = [
        (&[(env::SCOPE, "")], "MAYFLY_SCOPE is missing; write repos/"),
        (&[(env::SCOPE, "octo/demo")], "MAYFLY_SCOPE: \"octo/demo\" is not a scope"),
        (&[(env::RUNNER_NAME, "")], "MAYFLY_RUNNER_NAME is missing"),
        (&[(env::RUNNER_NAME, &long)], "at most 64"),
        (&[(env::GITHUB_API_URL, "ghe.example/api/v3")], "must begin with https://"),
        (&[(env::MAX_IDLE, "ten")], "MAYFLY_MAX_IDLE: \"ten\" is not a duration"),
        (&[(env::MAX_IDLE, "0")], "MAYFLY_MAX_IDLE is zero"),
        (&[(env::MULTI_JOB, "yes")], "MAYFLY_MULTI_JOB is \"yes\"; write false or true"),
        (&[(env::TASK_ROLE, "none")], "MAYFLY_TASK_ROLE is \"none\"; write share or hide"),
        (&[(env::LABELS, "a,,b")], "an empty label"),
        (&[(env::RUNNER_GROUP, "builders")], "runner groups belong to organisations"),
        (&[(env::KIND, "preview")], "runs runners only"),
        (&[(env::ID, "")], "a runner without labels gets no job"),
    ];
    for (changes, expected) in cases {
        let fault = fault_of(changes);
        assert!(fault.contains(expected), "{changes:?}: {fault}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let faults = read_with(&[(env::SCOPE, "x"), (env::MAX_IDLE, "x"), (env::MULTI_JOB, "x")], &[]).expect_err("faults");
    assert_eq!(faults.len(), 4, "{faults:?}");
}

#[test]
fn half_an_app_is_refused_and_the_missing_half_is_named() {
    let without_key = read_with(&[(env::GITHUB_APP_ID, "12")], &[]).expect_err("a fault").join("\n");
    assert!(without_key.contains("MAYFLY_GITHUB_APP_PRIVATE_KEY is missing"), "{without_key}");
    let without_id = read_with(&[], &[env::GITHUB_APP_PRIVATE_KEY]).expect_err("a fault").join("\n");
    assert!(without_id.contains("MAYFLY_GITHUB_APP_ID is missing"), "{without_id}");
}

#[test]
fn each_form_of_credential_is_enough_by_itself() {
    for secret in [env::GITHUB_TOKEN, env::REGISTRATION_TOKEN, env::CREDENTIAL_FD] {
        assert!(read_with(&[], &[secret]).is_ok(), "{secret}");
    }
    assert!(read_with(&[(env::GITHUB_APP_ID, "12")], &[env::GITHUB_APP_PRIVATE_KEY]).is_ok());
    assert!(read_with(&[(env::SECRET_PARAMETER, "/mayfly/x")], &[]).is_ok());
}
