//! The program `sandbox`, as people start it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected shall panic")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::github::{CommentAction, Level, PullSpec};
use sandbox::world::{REPO, WRITER};
use serde_json::{Value, json};

fn sandbox(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// A served sandbox; ends with the test.
struct Served {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Served {
    fn start(env_file: &Path, more: &[&str]) -> Self {
        let mut child = sandbox(&["serve", "--env-file", env_file.to_str().unwrap()]).args(more).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("Ctrl-C") {
            line.clear();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "it did not start");
        }
        Self { child, stdout }
    }

    /// Ends it as a person does; answers with its exit code and its last words.
    fn interrupt(mut self) -> (Option<i32>, String) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        let mut words = String::new();
        self.stdout.read_to_string(&mut words).unwrap();
        (self.child.wait().unwrap().code(), words)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A variable of the file, as a shell that sourced it has it.
fn variable(env_file: &Path, name: &str) -> String {
    let script = format!(". {}; printf %s \"${name}\"", env_file.display());
    let output = Command::new("bash").arg("-c").arg(script).env_clear().output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn call(env_file: &Path, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true);
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", variable(env_file, "GITHUB_API_URL")))
        .header("authorization", format!("Bearer {}", variable(env_file, contract::env::GITHUB_TOKEN)))
        .body(if body.is_null() { String::new() } else { body.to_string() })
        .unwrap();
    let mut answer = ureq::Agent::from(config.build()).run(request).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_json().unwrap_or_default())
}

#[test]
fn served_sandbox_can_be_sourced_and_says_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let env_file = folder.path().join("it's.env");
    let served = Served::start(&env_file, &[]);
    let plain = folder.path().join("env");
    std::fs::copy(&env_file, &plain).unwrap();
    assert_eq!(std::fs::metadata(&env_file).unwrap().permissions().mode() & 0o777, 0o600, "it holds tokens");
    assert_eq!(variable(&plain, "GITHUB_REPOSITORY"), "octo/demo");
    assert!(variable(&plain, "ACTIONS_ID_TOKEN_REQUEST_URL").contains("?api-version=2&run="));
    let body = json!({ "name": "left-over", "runner_group_id": 1, "labels": ["x"] });
    let (status, _) = call(&plain, "POST", "/repos/octo/demo/actions/runners/generate-jitconfig", &body);
    assert_eq!(status, 201);
    let (_, queued) = call(&plain, "POST", "/_sandbox/jobs", &json!({ "labels": ["x"], "run": "true" }));
    let (_, state) = call(&plain, "GET", "/_sandbox/state", &Value::Null);
    let jobs = state["jobs"].as_array().unwrap();
    assert!(jobs.iter().any(|job| job["id"] == queued["job_id"] && job["status"] == "queued"), "{state}");
    let (code, words) = served.interrupt();
    assert_eq!(code, Some(0));
    assert!(
        words.contains("Left: 1 runners at GitHub, 0 tasks") && words.contains("runner left-over (offline)"),
        "{words}"
    );
}

#[test]
fn breach_of_the_contract_makes_the_exit_code_one() {
    let folder = tempfile::tempdir().unwrap();
    let (env_file, contract) = (folder.path().join("env"), folder.path().join("contract.json"));
    std::fs::write(&contract, r#"{ "openapi": "3.0.3", "paths": {} }"#).unwrap();
    let served = Served::start(&env_file, &["--contract", contract.to_str().unwrap()]);
    call(&env_file, "GET", "/rate_limit", &Value::Null);
    let (code, words) = served.interrupt();
    assert_eq!(code, Some(1));
    assert!(words.contains("GET /rate_limit (request): the description has no such call"), "{words}");
}

#[test]
fn address_that_no_client_can_be_told_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let env_file = folder.path().join("env");
    let words = ["serve", "--bind", "0.0.0.0", "--env-file", env_file.to_str().unwrap()];
    let output = sandbox(&words).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("0.0.0.0 is no address that a client can be told"), "{said}");
}

#[test]
fn demo_plays_three_launches_and_a_preview_and_leaves_nothing() {
    let output = sandbox(&["demo", "--output", "json"]).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    let acts: Vec<_> = record["acts"].as_array().unwrap().iter().map(|act| (&act["mode"], &act["job"])).collect();
    let success = json!("success");
    assert_eq!(acts, [(&json!("fargate"), &success), (&json!("ec2"), &success), (&json!("local"), &success)]);
    let preview = &record["preview"];
    assert_eq!((&preview["deployment"], &preview["cause"]), (&json!("destroyed"), &json!("its time was up")));
    let left = record["left"].as_object().unwrap();
    assert!(left.len() == 5 && left.values().all(|count| count == 0), "{left:?}");
}

#[test]
fn run_of_a_comment_knows_the_comment_and_speaks_for_the_workflows_bot() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let binaries = sandbox::binaries::Binaries::find(None).unwrap();
    let sandbox = runtime.block_on(sandbox::Sandbox::start(sandbox::SandboxConfig::new(binaries))).unwrap();
    let pull = sandbox.github.open_pull(PullSpec::of(REPO, WRITER));
    let comment = sandbox.github.comment(pull, WRITER, "/preview up");
    let run = sandbox.begin_comment_run(comment, CommentAction::Created, &[("issues", Level::Write)]).unwrap();
    let event: Value = serde_json::from_slice(&std::fs::read(&run.env["GITHUB_EVENT_PATH"]).unwrap()).unwrap();
    assert_eq!((&event["comment"]["id"], &event["issue"]["number"]), (&json!(comment), &json!(pull.number)));
    let told = ["GITHUB_EVENT_NAME", "GITHUB_ACTOR", "GITHUB_REF"].map(|name| run.env[name].as_str());
    assert_eq!(told, ["issue_comment", WRITER, "refs/heads/main"]);
    let url = format!("{}/repos/{REPO}/issues/{}/comments", run.env["GITHUB_API_URL"], pull.number);
    let bearer = format!("Bearer {}", run.env["GITHUB_TOKEN"]);
    let said = ureq::post(url).header("authorization", bearer).send_json(json!({ "body": "on it" })).unwrap();
    assert_eq!(said.status().as_u16(), 201);
    let authors: Vec<_> = sandbox.github.comments(pull).into_iter().map(|one| one.author).collect();
    assert_eq!(authors, [WRITER, "github-actions[bot]"]);
}
