//! What GitHub may answer to a registration.

use contract::env;
use contract::exit::Cause;

use crate::github::{Answer, GitHub};
use crate::life::Machine;

#[test]
fn refusals_are_told_with_the_fix_and_not_repeated() {
    let cases = [
        (401, "expired or revoked"),
        (403, "Administration: write"),
        (404, "check the name repos/octo/demo"),
        (422, "does not accept the name"),
    ];
    for (status, fix) in cases {
        let github = GitHub::start();
        github.plan("generate-jitconfig", Answer::Status(status, "{\"message\": \"No\"}"));
        let end = Machine::new(&github).start().end();
        assert_eq!((end.cause, end.runner_id, end.deregistered), (Cause::RegistrationRefused, None, true), "{status}");
        assert!(end.message.contains(fix) && end.message.contains("AB:12"), "{status}: {}", end.message);
        assert_eq!(github.calls().len(), 1);
    }
}

#[test]
fn registration_is_repeated_after_errors_of_the_server_and_throttling() {
    let github = GitHub::start();
    github
        .plan("generate-jitconfig", Answer::Status(503, ""))
        .plan("generate-jitconfig", Answer::Headed(403, "retry-after: 0\r\n", "{\"message\": \"slow down\"}"));
    let mut life = Machine::new(&github).start();
    life.online().order("forget").order("exit 100");
    assert_eq!(life.end().cause, Cause::JobDone);
    assert_eq!(github.calls().iter().filter(|call| call.contains("jitconfig")).count(), 3);
}

#[test]
fn runner_of_a_lost_answer_is_found_by_its_name_and_replaced() {
    let github = GitHub::start();
    let runners = "{\"total_count\": 2, \"runners\": [{\"id\": 8, \"name\": \"mf-test-10\"}, {\"id\": 9, \"name\": \"mf-test-1\"}]}";
    github
        .plan("generate-jitconfig", Answer::None)
        .plan("generate-jitconfig", Answer::Status(409, "{\"message\": \"Already exists\"}"))
        .plan("name=mf-test-1", Answer::Status(200, runners));
    let mut life = Machine::new(&github).start();
    life.online().order("forget").order("exit 100");
    let end = life.end();
    assert_eq!((end.cause, end.runner_id), (Cause::JobDone, Some(42)));
    let calls = github.calls();
    let wanted =
        ["POST /generate-jitconfig", "GET ?per_page=100&name=mf-test-1", "DELETE /9", "POST /generate-jitconfig"];
    assert_eq!(calls[1..5], wanted, "{calls:?}");
}

#[test]
fn github_that_cannot_be_reached_is_given_up_after_the_limit() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    let unused = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    machine.set(env::GITHUB_API_URL, &format!("http://{unused}")).set(env::REGISTRATION_LIMIT, "0.5s");
    let end = machine.start().end();
    assert_eq!((end.cause, end.deregistered), (Cause::RegistrationUnavailable, true));
    assert!(end.message.contains(&unused.to_string()), "{}", end.message);
}

#[test]
fn labels_and_name_are_sent_as_they_were_given() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::LABELS, "self-hosted,gpu");
    let mut life = machine.start();
    life.online();
    let request = github.requests().remove(0);
    let body: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
    let wanted = serde_json::json!({
        "name": "mf-test-1", "runner_group_id": 1, "labels": ["self-hosted", "gpu"], "work_folder": "_work",
    });
    assert_eq!(body, wanted);
    assert_eq!(request.authorization, "Bearer ghp_marker");
}

#[test]
fn named_runner_group_is_looked_up() {
    let github = GitHub::start();
    let groups = "{\"total_count\": 1, \"runner_groups\": [{\"id\": 5, \"name\": \"Builders\"}]}";
    github.plan("/orgs/octo/actions/runner-groups", Answer::Status(200, groups));
    let mut machine = Machine::new(&github);
    machine.set(env::SCOPE, "orgs/octo").set(env::RUNNER_GROUP, "builders");
    let mut life = machine.start();
    life.online();
    assert!(github.requests()[1].body.contains("\"runner_group_id\":5"), "{:?}", github.requests());
}

#[test]
fn registration_token_alone_registers_and_removes_by_the_listener() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.unset(env::GITHUB_TOKEN).set(env::REGISTRATION_TOKEN, "REG_marker").set(env::MAX_IDLE, "0.2s");
    let mut life = machine.start();
    life.online();
    let end = life.end();
    assert_eq!((end.cause, end.runner_id, end.deregistered), (Cause::Idle, Some(7), true));
    assert!(life.read("configured").contains("--ephemeral"));
    assert_eq!(life.read("removed"), "REG_marker\n");
    assert!(github.calls().is_empty());
}

#[test]
fn registration_token_that_is_refused_is_told_in_the_listeners_words() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    std::fs::write(machine.path("refuse"), "").expect("written");
    machine.unset(env::GITHUB_TOKEN).set(env::REGISTRATION_TOKEN, "REG_marker").set(env::REGISTRATION_LIMIT, "1s");
    let end = machine.start().end();
    assert_eq!(end.cause, Cause::RegistrationRefused);
    assert!(end.message.contains("Http response code: NotFound"), "{}", end.message);
}

#[test]
fn registration_by_the_listener_that_hangs_is_ended_and_told_as_unclear() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    std::fs::write(machine.path("hang"), "").expect("written");
    machine.unset(env::GITHUB_TOKEN).set(env::REGISTRATION_TOKEN, "REG_marker").set(env::REGISTRATION_LIMIT, "0.2s");
    let end = machine.start().end();
    assert_eq!((end.cause, end.deregistered), (Cause::RegistrationUnavailable, false));
    assert!(end.message.contains("did not say whether it registered"), "{}", end.message);
}

#[test]
fn wrong_settings_are_told_together_and_nothing_is_registered() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.unset(env::GITHUB_TOKEN).set(env::SCOPE, "demo").set(env::MAX_IDLE, "soon");
    let end = machine.start().end();
    assert_eq!(end.cause, Cause::BadConfiguration);
    for part in [env::SCOPE, env::MAX_IDLE, env::GITHUB_TOKEN] {
        assert!(end.message.contains(part), "{part}: {}", end.message);
    }
    assert!(github.calls().is_empty());
}

#[test]
fn missing_distribution_is_told_before_anything_is_registered() {
    let github = GitHub::start();
    let mut machine = Machine::new(&github);
    machine.set(env::RUNNER_DIR, "/nowhere");
    let end = machine.start().end();
    assert_eq!(end.cause, Cause::BadConfiguration);
    assert!(end.message.contains("/nowhere/bin/Runner.Listener"), "{}", end.message);
    assert!(github.calls().is_empty());
}

#[test]
fn certificates_that_cannot_be_read_are_a_fault_of_the_configuration() {
    for file in ["/nowhere/roots.pem", "/"] {
        let github = GitHub::start();
        let mut machine = Machine::new(&github);
        machine.set("SSL_CERT_FILE", file);
        let end = machine.start().end();
        assert_eq!(end.cause, Cause::BadConfiguration);
        assert!(end.message.contains(&format!("SSL_CERT_FILE ({file}) cannot be used")), "{}", end.message);
        assert!(github.calls().is_empty());
    }
}
