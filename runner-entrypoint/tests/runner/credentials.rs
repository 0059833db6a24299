//! The forms of credential that are exchanged for a token: a GitHub App, and a one-shot parameter.

use contract::env;
use contract::exit::Cause;

use crate::github::{Answer, GitHub};
use crate::life::Machine;

/// A key that opens nothing.
const APP_KEY: &str = include_str!("app-key.pem");
const ROLE: &str = "{\"AccessKeyId\": \"AKID\", \"SecretAccessKey\": \"secret\", \"Token\": \"session\"}";
const PARAMETER: &str = "{\"Parameter\": {\"Value\": \"{\\\"token\\\": \\\"ghs_parameter\\\"}\"}}";

fn machine_of_an_app(github: &GitHub) -> Machine {
    let mut machine = Machine::new(github);
    machine.unset(env::GITHUB_TOKEN).set(env::GITHUB_APP_ID, "12").set(env::GITHUB_APP_PRIVATE_KEY, APP_KEY);
    machine
}

fn machine_with_a_parameter(github: &GitHub) -> Machine {
    let mut machine = Machine::new(github);
    machine
        .unset(env::GITHUB_TOKEN)
        .set(env::SECRET_PARAMETER, "/mayfly/one-shot")
        .set("AWS_REGION", "eu-central-1")
        .set("AWS_ENDPOINT_URL_SSM", &github.url())
        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/role", github.url()));
    machine
}

#[test]
fn app_mints_one_narrow_token_for_both_calls() {
    let github = GitHub::start();
    github
        .plan("/repos/octo/demo/installation", Answer::Status(200, "{\"id\": 5}"))
        .plan("/app/installations/5/access_tokens", Answer::Status(201, "{\"token\": \"ghs_narrow\"}"));
    let mut life = machine_of_an_app(&github).start();
    life.online().order("forget").order("exit 100");
    assert_eq!(life.end().cause, Cause::JobDone);
    let requests = github.requests();
    assert_eq!(requests.len(), 4, "{requests:?}");
    let narrowed: serde_json::Value = serde_json::from_str(&requests[1].body).expect("JSON");
    let wanted = serde_json::json!({ "repositories": ["demo"], "permissions": { "administration": "write" } });
    assert_eq!(narrowed, wanted);
    for request in &requests[2..] {
        assert_eq!(request.authorization, "Bearer ghs_narrow", "{}", request.line);
    }
}

#[test]
fn app_that_is_not_installed_is_told() {
    let github = GitHub::start();
    let end = machine_of_an_app(&github).start().end();
    assert_eq!(end.cause, Cause::RegistrationRefused);
    assert!(end.message.contains("the App is not installed at repos/octo/demo"), "{}", end.message);
}

#[test]
fn app_cannot_register_for_an_enterprise() {
    let github = GitHub::start();
    let mut machine = machine_of_an_app(&github);
    machine.set(env::SCOPE, "enterprises/big-co");
    let end = machine.start().end();
    assert_eq!(end.cause, Cause::RegistrationRefused);
    assert!(end.message.contains("manage_runners:enterprise"), "{}", end.message);
    assert!(github.calls().is_empty());
}

#[test]
fn one_shot_parameter_is_read_and_deleted_before_the_runner_exists() {
    let github = GitHub::start();
    github
        .plan("GET /role", Answer::Status(200, ROLE))
        .plan("POST /", Answer::Status(200, PARAMETER))
        .plan("POST /", Answer::Status(200, "{}"));
    let mut life = machine_with_a_parameter(&github).start();
    life.online().order("forget").order("exit 100");
    assert_eq!(life.end().cause, Cause::JobDone);
    let requests = github.requests();
    let lines: Vec<&str> = requests.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines[..3], ["GET /role", "POST /", "POST /"]);
    assert!(lines[3].contains("generate-jitconfig") && lines[4].starts_with("DELETE"), "{lines:?}");
    assert!(requests[1].body.contains("\"WithDecryption\":true") && !requests[2].body.contains("Decryption"));
    assert!(
        requests[1].authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/"),
        "{}",
        requests[1].authorization
    );
    assert_eq!(requests[3].authorization, "Bearer ghs_parameter");
}

#[test]
fn no_job_runs_while_the_parameter_is_still_there() {
    let github = GitHub::start();
    github
        .plan("GET /role", Answer::Status(200, ROLE))
        .plan("POST /", Answer::Status(200, PARAMETER))
        .plan("POST /", Answer::Status(400, "{\"__type\": \"AccessDeniedException\", \"Message\": \"no\"}"));
    let end = machine_with_a_parameter(&github).start().end();
    assert_eq!(end.cause, Cause::RegistrationRefused);
    assert!(end.message.contains("needs ssm:DeleteParameter"), "{}", end.message);
    assert_eq!(github.requests().len(), 3);
}

#[test]
fn credential_is_read_from_a_variable_or_a_file_of_ones_own_choice() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, "{\"token\": \"ghs_chosen\"}\n").expect("written");
    for source in ["env:OF_THE_USER".to_owned(), format!("file:{}", file.path().display())] {
        let github = GitHub::start();
        let mut machine = Machine::new(&github);
        machine.unset(env::GITHUB_TOKEN).set(env::SECRET_FROM, &source).set("OF_THE_USER", "ghs_chosen");
        let mut life = machine.start();
        life.online();
        assert_eq!(github.requests()[0].authorization, "Bearer ghs_chosen", "{source}");
        assert!(!life.read("environment").contains("ghs_chosen"));
        // Readable for root with all capabilities only, who then finds it overwritten.
        if let (Ok(block), true) = (std::fs::read(format!("/proc/{}/environ", life.pid())), source.starts_with("env:"))
        {
            assert!(!String::from_utf8_lossy(&block).contains("ghs_chosen"));
        }
        life.order("forget").order("exit 100");
        assert_eq!(life.end().cause, Cause::JobDone);
    }
}

#[test]
fn credential_is_read_from_secrets_manager_and_left_there() {
    let github = GitHub::start();
    github
        .plan("GET /role", Answer::Status(200, ROLE))
        .plan("POST /", Answer::Status(200, "{\"SecretString\": \"ghp_kept\"}"));
    let mut machine = machine_with_a_parameter(&github);
    machine
        .unset(env::SECRET_PARAMETER)
        .set(env::SECRET_FROM, "secretsmanager:mayfly/pat")
        .set("AWS_ENDPOINT_URL_SECRETS_MANAGER", &github.url());
    let mut life = machine.start();
    life.online().order("forget").order("exit 100");
    assert_eq!(life.end().cause, Cause::JobDone);
    let requests = github.requests();
    assert_eq!(requests[1].body, "{\"SecretId\":\"mayfly/pat\"}");
    assert!(requests[1].authorization.contains("/secretsmanager/aws4_request"), "{}", requests[1].authorization);
    assert_eq!(requests[2].authorization, "Bearer ghp_kept");
    assert_eq!(requests.len(), 4, "{requests:?}");
}

#[test]
fn place_that_is_none_is_told() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.unset(env::GITHUB_TOKEN).set(env::SECRET_FROM, "vault:x");
    let end = machine.start().end();
    assert_eq!(end.cause, Cause::BadConfiguration);
    assert!(end.message.contains("MAYFLY_SECRET_FROM: \"vault:x\" is no place"), "{}", end.message);
}
