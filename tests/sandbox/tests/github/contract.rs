//! The judge finds breaches, and only breaches.

use std::io::Write as _;

use sandbox::contract_check::{Contract, Side};
use sandbox::github::{Fault, FaultKind, GitHubConfig};
use serde_json::{Value, json};

use crate::world::{RUNNERS, World};

/// The runner list and the JIT configuration of a repository, in the form of GitHub's own description.
fn description(runner: &Value) -> Value {
    let placeholders = json!([{ "$ref": "#/components/parameters/owner" }, { "$ref": "#/components/parameters/repo" }]);
    let placeholder =
        |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    let body = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let list = json!({
        "type": "object",
        "required": ["total_count", "runners"],
        "properties": {
            "total_count": { "type": "integer" },
            "runners": { "type": "array", "items": { "$ref": "#/components/schemas/runner" } },
        },
    });
    let wanted = json!({
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": { "type": "string" },
            "runner_group_id": { "type": "integer" },
            "labels": { "type": "array", "maxItems": 2, "items": { "type": "string" } },
        },
    });
    json!({
        "openapi": "3.0.3",
        "paths": { "/repos/{owner}/{repo}/actions/runners": {
            "parameters": placeholders,
            "get": {
                "parameters": [{ "name": "per_page", "in": "query", "schema": { "type": "integer" } }],
                "responses": { "200": body(list) },
            },
        }, "/repos/{owner}/{repo}/actions/runners/generate-jitconfig": { "post": {
            "requestBody": { "required": true, "content": { "application/json": { "schema": wanted } } },
            "responses": { "201": body(json!({ "type": "object" })) },
        } } },
        "components": {
            "parameters": { "owner": placeholder("owner"), "repo": placeholder("repo") },
            "schemas": { "runner": runner, "basic-error": { "type": "object", "required": ["message"] } },
        },
    })
}

fn world(description: &Value) -> World {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "{description}").unwrap();
    let contract = Some(Contract::read(file.path()).unwrap());
    World::with(GitHubConfig { contract, ..GitHubConfig::default() })
}

fn usual_runner() -> Value {
    json!({ "type": "object", "required": ["id", "name"], "properties": {
        "id": { "type": "integer" },
        "name": { "type": "string" },
        "runner_group_id": { "type": "string", "nullable": true, "minLength": 0 },
    } })
}

#[test]
fn traffic_that_keeps_to_the_description_leaves_no_violation() {
    let world = world(&description(&json!({ "type": "object", "required": ["id"] })));
    let admin = world.admin();
    admin.jit("repos/octo/demo", "r");
    admin.get(&format!("{RUNNERS}?per_page=5"));
    admin.get(&format!("/api/v3{RUNNERS}"));
    assert_eq!(admin.jit("repos/octo/demo", "r").status, 409, "refusals are checked by their common form");
    assert_eq!(world.github.violations(), []);
}

#[test]
fn answer_that_breaks_its_schema_is_found_once() {
    let world = world(&description(&usual_runner()));
    let admin = world.admin();
    admin.jit("repos/octo/demo", "r");
    admin.get(RUNNERS);
    admin.get(RUNNERS);
    let found = world.github.violations();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].side, found[0].call.as_str()), (Side::Answer, "GET /repos/octo/demo/actions/runners"));
    assert!(found[0].fault.contains("/runners/0/runner_group_id"), "{}", found[0].fault);
}

#[test]
fn requests_that_break_the_description_are_found() {
    let world = world(&description(&json!({ "type": "object" })));
    let admin = world.admin();
    let jit = format!("{RUNNERS}/generate-jitconfig");
    let cases: [(&str, &dyn Fn(), &str); 6] = [
        ("unknown path", &|| _ = admin.get("/repos/octo/demo/unheard"), "no such call"),
        ("unknown parameter", &|| _ = admin.get(&format!("{RUNNERS}?page_size=1")), "no query parameter \"page_size\""),
        ("parameter that is no number", &|| _ = admin.get(&format!("{RUNNERS}?per_page=all")), "must be a number"),
        ("missing body", &|| _ = admin.post(&jit, &Value::Null), "the body is missing"),
        ("missing member", &|| _ = admin.post(&jit, &json!({})), "\"name\" is a required property"),
        ("invented member", &|| _ = admin.post(&jit, &json!({ "name": "r", "color": 1 })), "color"),
    ];
    for (number, (what, send, expected)) in cases.into_iter().enumerate() {
        let before = world.github.violations();
        send();
        let fresh: Vec<_> = world.github.violations().into_iter().filter(|one| !before.contains(one)).collect();
        assert_eq!(fresh.len(), 1, "{number} {what}: {fresh:?}");
        assert!(fresh[0].side == Side::Request && fresh[0].fault.contains(expected), "{what}: {}", fresh[0]);
    }
}

#[test]
fn faults_on_purpose_are_no_breaches_of_the_answer() {
    let world = world(&description(&json!({ "type": "object" })));
    world.github.fault(Fault::once("GET", RUNNERS, FaultKind::FailBefore(500)));
    assert_eq!(world.admin().get(RUNNERS).status, 500);
    assert_eq!(world.github.violations(), []);
}

#[test]
fn file_that_is_no_description_is_refused_with_its_name() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "{{\"openapi\": \"3.1.0\"}}").unwrap();
    let refused = Contract::read(file.path()).unwrap_err();
    assert!(refused.contains("3.1.0") && refused.contains(&file.path().display().to_string()), "{refused}");
}
