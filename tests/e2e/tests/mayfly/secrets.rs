//! No secret is ever shown: not on stdout or stderr, not in logs, not in a command line, not in tags or overrides.

use std::fs;

use contract::env;
use e2e::{Mayfly, World};
use sandbox::aws::fixture;
use sandbox::{keys, world};
use serde_json::Value;

/// How JSON web tokens begin, and the session tokens of the sandbox's AWS.
const LOOKS: [&str; 2] = ["eyJ", "SandboxSession/"];

/// Texts that must be nowhere, each with its name.
struct Markers(Vec<(String, String)>);

impl Markers {
    fn of(world: &World) -> Self {
        let step = world.sandbox.env();
        let key_line = keys::APP_PRIVATE_KEY.lines().nth(2).expect("the key has several lines");
        let mut markers = vec![
            ("PAT".to_owned(), world.sandbox.github_token().to_owned()),
            ("App key".to_owned(), key_line.to_owned()),
            ("namespace".to_owned(), world::NAMESPACE.to_owned()),
            ("administrator's key".to_owned(), fixture::ADMIN_SECRET_KEY.to_owned()),
        ];
        let request_token = step.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN").expect("the job may ask for tokens");
        markers.push(("OIDC request token".to_owned(), request_token.clone()));
        markers.extend(LOOKS.map(|look| ("something like a token".to_owned(), look.to_owned())));
        Self(markers)
    }

    /// What GitHub has handed out since.
    fn handed_out(&self, world: &World) -> Vec<(String, String)> {
        let answers = world.sandbox.github.log().into_iter().filter_map(|exchange| exchange.answer);
        let secrets = answers.filter_map(|answer| {
            let fields = ["token", "encoded_jit_config", "value"];
            fields.iter().find_map(|field| answer[field].as_str().map(str::to_owned))
        });
        let named = secrets.filter(|secret| secret.len() > 10).map(|secret| ("token of GitHub's".to_owned(), secret));
        self.0.iter().cloned().chain(named).collect()
    }

    /// Looks at the command lines of the whole machine. What only looks like a secret may be somebody else's there.
    #[track_caller]
    fn assert_not_in_command_lines(&self, world: &World) {
        let lines = command_lines();
        for (name, secret) in self.handed_out(world) {
            let is_whole = !LOOKS.contains(&secret.as_str());
            assert!(!is_whole || !lines.contains(&secret), "{name} is in a command line:\n{lines}");
        }
    }

    #[track_caller]
    fn assert_not_in(&self, world: &World, place: &str, text: &str) {
        for (name, secret) in self.handed_out(world) {
            assert!(!text.contains(&secret), "{name} is in {place}:\n{text}");
        }
    }
}

/// Runs a command as talkative as it gets, and looks at everything that it says. A masked secret is a command to GitHub's own
/// log, which shows it to nobody.
#[track_caller]
fn run(world: &World, markers: &Markers, place: &str, mayfly: Mayfly) -> e2e::Ran {
    let ran = mayfly.arg("-vv").succeeds();
    let shown: Vec<&str> = ran.stderr.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    markers.assert_not_in(world, &format!("the stderr of {place}"), &shown.join("\n"));
    markers.assert_not_in(world, &format!("the stdout of {place}"), &ran.stdout);
    markers.assert_not_in(world, &format!("the files of {place}"), &format!("{:?}{}", ran.outputs, ran.summary));
    ran
}

/// Command lines of all processes that can be looked at.
fn command_lines() -> String {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ") + "\n").collect()
}

/// What whoever may read the cluster can see of its tasks.
#[track_caller]
fn described(world: &World) -> Value {
    let tasks: Vec<String> = world.sandbox.aws.tasks().into_iter().map(|task| task.arn).collect();
    world.ecs("DescribeTasks", &serde_json::json!({ "cluster": "mayfly", "tasks": tasks, "include": ["TAGS"] }))
}

#[test]
fn no_command_shows_a_secret() {
    let world = World::start();
    let markers = Markers::of(&world);
    let start = run(&world, &markers, "start", world.step("runner start").with_token(&world));
    let label = start.label().to_owned();
    markers.assert_not_in_command_lines(&world);
    markers.assert_not_in(&world, "DescribeTasks", &described(&world).to_string());
    run(&world, &markers, "list", world.step("runner list").with_token(&world));
    run(&world, &markers, "reap", world.step("reap").with_token(&world));
    run(&world, &markers, "stop", world.step("runner stop --label").arg(&label).with_token(&world));
    let task = world.ended(start.task_arn());
    run(&world, &markers, "logs", world.step("runner logs --label").arg(&label).with_token(&world));
    markers.assert_not_in(&world, "the machine's log", &world.sandbox.aws.output(&task.id).join("\n"));
    world.finish();
}

#[test]
fn no_command_shows_a_secret_of_an_app() {
    let world = World::start();
    let markers = Markers::of(&world);
    let start = run(&world, &markers, "start", world.step("runner start --handover parameter").with_app());
    markers.assert_not_in(&world, "DescribeTasks", &described(&world).to_string());
    markers.assert_not_in_command_lines(&world);
    let stop = world.step("runner stop --label").arg(start.label()).with_app();
    run(&world, &markers, "stop", stop);
    let task = world.ended(start.task_arn());
    markers.assert_not_in(&world, "the machine's log", &world.sandbox.aws.output(&task.id).join("\n"));
    world.finish();
}

#[test]
fn parameter_shows_its_name_alone() {
    let world = World::start();
    let markers = Markers::of(&world);
    let step = world.step("runner start --handover parameter").with_token(&world);
    let start = run(&world, &markers, "start", step);
    markers.assert_not_in(&world, "DescribeTasks", &described(&world).to_string());
    world.put_away(&start);
    world.finish();
}

#[test]
fn token_stands_in_the_overrides_and_nowhere_else() {
    let world = World::start();
    let markers = Markers::of(&world);
    let step = world.step("runner start --handover token").with_token(&world).warns("handover token");
    let start = run(&world, &markers, "start", step);
    let described = described(&world);
    let overrides = described["tasks"][0]["overrides"].to_string();
    assert!(overrides.contains(env::REGISTRATION_TOKEN), "{overrides}");
    assert!(!overrides.contains(world.sandbox.github_token()), "the PAT is in the overrides");
    markers.assert_not_in(&world, "the tags", &described["tasks"][0]["tags"].to_string());
    let task = world.only_task();
    world.put_away(&start);
    markers.assert_not_in(&world, "the machine's log", &world.sandbox.aws.output(&task.id).join("\n"));
    world.finish();
}

#[test]
fn machine_here_shows_no_secret() {
    let world = World::start();
    let markers = Markers::of(&world);
    let local = |line: &str| world.laptop(line).env("MAYFLY_LAUNCH_MODE", "local").with_token(&world);
    let step = local("runner start --wait online --output json --runner-dist").arg(world.runner_distribution());
    let start = run(&world, &markers, "start", step);
    markers.assert_not_in_command_lines(&world);
    let label = start.json()["label"].as_str().expect("a label").to_owned();
    run(&world, &markers, "stop", local("runner stop --label").arg(&label));
    run(&world, &markers, "wait", local("runner logs --follow --label").arg(&label));
    world.finish();
}

#[test]
fn errors_show_no_secret() {
    let world = World::start();
    let markers = Markers::of(&world);
    let cases = [
        world.step("runner start --cluster nowhere -vv").with_token(&world),
        world.step("runner start --audience x -vv").with_token(&world),
        world.step("runner start --handover parameter --cluster nowhere -vv").with_app(),
    ];
    for mayfly in cases {
        let ran = mayfly.fails(4);
        let shown: Vec<&str> = ran.stderr.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
        markers.assert_not_in(&world, "an error", &shown.join("\n"));
    }
    world.finish();
}
