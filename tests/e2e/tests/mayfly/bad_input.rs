//! Bad input: told at once, in one paragraph with the fix; nothing is called.

use contract::env;
use e2e::{Mayfly, World};
use sandbox::keys;

/// Asserts that settings are refused in words that help, before anything was called.
#[track_caller]
fn assert_refused(world: &World, mayfly: Mayfly, words: &[&str]) {
    assert_refused_with(64, world, mayfly, words);
}

#[track_caller]
fn assert_refused_with(code: i32, world: &World, mayfly: Mayfly, words: &[&str]) {
    let ran = mayfly.fails(code);
    let error = ran.error();
    for word in words {
        assert!(error.contains(word), "nothing about \"{word}\": {error}");
    }
    assert!(error.len() < 1_000, "it is no paragraph: {error}");
    assert_eq!(ran.stdout, "");
    world.assert_nothing_was_called();
}

#[test]
fn empty_label_is_refused() {
    let world = World::start();
    assert_refused(&world, world.step("runner start --label").arg(""), &["--label", "is empty", "1 to 256"]);
    for command in ["stop", "wait", "logs"] {
        let mayfly = world.step(&format!("runner {command} --label")).arg("");
        assert_refused(&world, mayfly, &["--label", "UUID"]);
    }
    world.finish();
}

#[test]
fn label_that_is_no_uuid_is_refused() {
    let world = World::start();
    for command in ["stop", "wait", "logs"] {
        let mayfly = world.step(&format!("runner {command} --label linux"));
        assert_refused(&world, mayfly, &["--label", "\"linux\"", "UUID"]);
    }
    world.finish();
}

#[test]
fn key_of_three_hundred_characters_is_refused_without_being_repeated() {
    let world = World::start();
    let mayfly = world.step("runner start --key").arg("k".repeat(300));
    assert_refused(&world, mayfly, &["--key", "(300 characters)", "1 to 64"]);
    assert_refused(&world, world.step("runner start --key").arg("a key"), &["\"a key\"", "hyphens"]);
    world.finish();
}

#[test]
fn ghes_address_without_its_scheme_is_refused() {
    let world = World::start();
    let mayfly = world.step("runner start --github-api-url ghe.example.com/api/v3");
    assert_refused(&world, mayfly, &["--github-api-url", "ghe.example.com/api/v3", "https://"]);
    let mayfly = world.step("runner start").env(env::GITHUB_API_URL, "ghe.example.com");
    assert_refused(&world, mayfly, &[env::GITHUB_API_URL, "https://"]);
    world.finish();
}

#[test]
fn half_a_private_key_is_refused_and_not_shown() {
    let world = World::start();
    let half = &keys::APP_PRIVATE_KEY[..keys::APP_PRIVATE_KEY.len() / 2];
    let start = || world.step("runner start").env(env::GITHUB_APP_ID, "12345");
    assert_refused(&world, start().env(env::GITHUB_APP_PRIVATE_KEY, half), &[env::GITHUB_APP_PRIVATE_KEY, "cut off"]);
    let ran = start().env(env::GITHUB_APP_PRIVATE_KEY, half).fails(64);
    let line = half.lines().nth(1).expect("the key has more than one line");
    assert!(!ran.everything().contains(line), "a part of the key is shown");
    world.finish();
}

#[test]
fn half_of_an_apps_settings_is_refused() {
    let world = World::start();
    let id_alone = world.step("runner start").env(env::GITHUB_APP_ID, "12345");
    assert_refused(&world, id_alone, &[env::GITHUB_APP_PRIVATE_KEY, "is missing"]);
    let key_alone = world.step("runner start").env(env::GITHUB_APP_PRIVATE_KEY, keys::APP_PRIVATE_KEY);
    assert_refused(&world, key_alone, &[env::GITHUB_APP_ID, "is missing"]);
    world.finish();
}

#[test]
fn missing_settings_are_all_told_at_once() {
    let world = World::start();
    let mayfly = ["MAYFLY_CLUSTER", "MAYFLY_SUBNETS", "MAYFLY_ROLE_ARN", "AWS_REGION"]
        .into_iter()
        .fold(world.step("runner start --launch-mode fargate"), Mayfly::without);
    let words = ["settings cannot be used", "--region", "--cluster", "--role-arn", "--subnets"];
    assert_refused(&world, mayfly, &words);
    world.finish();
}

#[test]
fn workflow_without_any_setting_of_aws_is_refused_and_never_launched_on_the_hosted_runner() {
    let world = World::start();
    let names = ["MAYFLY_CLUSTER", "MAYFLY_SUBNETS", "MAYFLY_SECURITY_GROUPS", "MAYFLY_ROLE_ARN", "AWS_REGION"];
    let mayfly = names.into_iter().fold(world.step("runner start"), Mayfly::without).with_token(&world);
    assert_refused(&world, mayfly, &["--cluster", "--region"]);
    assert!(!world.home().join(".local").exists(), "a machine was made here");
    world.finish();
}

#[test]
fn command_line_that_cannot_be_understood_has_a_code_of_its_own() {
    let world = World::start();
    assert_refused_with(2, &world, world.step("runner start --size large"), &["--size"]);
    assert_refused_with(2, &world, world.step("runner stop"), &["--label"]);
    world.finish();
}

#[test]
fn job_without_the_permission_for_tokens_is_told_to_ask_for_it() {
    let world = World::start();
    let mayfly = world.step("runner start").without("ACTIONS_ID_TOKEN_REQUEST_URL");
    assert_refused(&world, mayfly, &["ACTIONS_ID_TOKEN_REQUEST_URL", "id-token: write"]);
    world.finish();
}

#[test]
fn values_that_make_no_sense_are_refused_with_what_would() {
    let cases: [(&str, &str, &[&str]); 13] = [
        ("--launch-mode", "kubernetes", &["\"kubernetes\"", "fargate, fargate-spot, ec2 or local"]),
        ("--count", "0", &["--count", "1 to 256"]),
        ("--count", "many", &["--count", "\"many\""]),
        ("--cpu", "1000", &["--cpu", "256, 512, 1024"]),
        ("--memory", "lots", &["--memory", "\"lots\""]),
        ("--ephemeral-storage", "10", &["--ephemeral-storage", "21 to 200"]),
        ("--max-idle", "soon", &["--max-idle", "\"soon\"", "10m"]),
        ("--max-lifetime", "0", &["--max-lifetime", "longer than nothing"]),
        ("--subnets", "my-subnet", &["--subnets", "\"my-subnet\"", "subnet-0a1b2c3d"]),
        ("--region", "Frankfurt", &["--region", "\"Frankfurt\"", "eu-central-1"]),
        ("--role-arn", "mayfly-launcher", &["--role-arn", "arn:aws:iam::"]),
        ("--repo", "demo", &["--repo", "\"demo\"", "OWNER/REPO"]),
        ("--env", "MAYFLY_ID=1", &["--env", "\"MAYFLY_ID\"", "belongs to the machine"]),
    ];
    let world = World::start();
    for (flag, value, words) in cases {
        assert_refused(&world, world.step("runner start").arg(flag).arg(value), words);
    }
    world.finish();
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let world = World::start();
    let cases: [(&str, &[&str]); 4] = [
        ("--runner-group builders", &["--runner-group", "--org or --enterprise"]),
        ("--max-idle 2h --max-lifetime 1h", &["--max-idle", "longer than max-lifetime"]),
        ("--cpu 256 --memory 16384", &["--memory", "512 to 2048"]),
        ("--launch-mode ec2 --platform 1.4.0", &["--platform", "Fargate"]),
    ];
    for (flags, words) in cases {
        assert_refused(&world, world.step(&format!("runner start {flags}")), words);
    }
    let app_of_an_enterprise = world.step("runner start --enterprise big-co").with_app();
    assert_refused(&world, app_of_an_enterprise, &["App", "manage_runners:enterprise"]);
    world.finish();
}

#[test]
fn mayfly_toml_with_a_key_that_nobody_knows_is_refused_with_its_place() {
    let world = World::start();
    std::fs::write(world.home().join("mayfly.toml"), "[runner]\ncpus = 2\n").expect("there is room for the file");
    assert_refused(&world, world.step("runner start"), &["mayfly.toml", "cpus"]);
    let missing = world.step("runner start --config nowhere.toml");
    assert_refused(&world, missing, &["nowhere.toml", "cannot be read"]);
    world.finish();
}

#[test]
fn namespace_that_is_no_uuid_is_refused_and_not_shown() {
    let world = World::start();
    let ran = world.step("runner start").env("MAYFLY_NAMESPACE", "marked-secret").fails(64);
    assert!(ran.error().contains("MAYFLY_NAMESPACE") && ran.error().contains("uuidgen"), "{}", ran.error());
    assert!(!ran.everything().contains("marked-secret"));
    world.assert_nothing_was_called();
    world.finish();
}

#[test]
fn errors_of_a_step_are_annotations_of_its_run() {
    let world = World::start();
    let ran = world.step("runner start --count 0").fails(64);
    let annotations: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(annotations.len(), 1, "{}", ran.stderr);
    let at_home = world.laptop("runner start --count 0").fails(64);
    assert!(!at_home.stderr.contains("::"), "{}", at_home.stderr);
    world.finish();
}
