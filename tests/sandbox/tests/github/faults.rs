//! Faults on request.

use sandbox::github::{Fault, FaultKind};
use serde_json::json;

use crate::world::{Client, RUNNERS, World};

const JIT: &str = "*/generate-jitconfig";

fn wanted() -> serde_json::Value {
    json!({ "name": "r", "runner_group_id": 1, "labels": ["x"] })
}

fn try_jit(client: &Client) -> Result<crate::world::Reply, ureq::Error> {
    client.try_post(&format!("{RUNNERS}/generate-jitconfig"), &wanted())
}

#[test]
fn lost_answer_leaves_its_effect_behind() {
    let world = World::start();
    world.github.fault(Fault::once("POST", JIT, FaultKind::LostAnswer));
    let admin = world.admin();
    assert!(try_jit(&admin).is_err(), "not one byte comes back");
    assert_eq!(world.github.runners().len(), 1);
    assert_eq!(try_jit(&admin).unwrap().status, 409, "a repetition meets its own effect");
    assert_eq!(world.github.log()[0].fault, Some(FaultKind::LostAnswer));
}

#[test]
fn lost_request_has_no_effect() {
    let world = World::start();
    world.github.fault(Fault::once("POST", JIT, FaultKind::LostRequest));
    assert!(try_jit(&world.admin()).is_err());
    assert_eq!(world.github.runners().len(), 0);
}

#[test]
fn server_errors_come_before_or_after_the_effect() {
    let world = World::start();
    let admin = world.admin();
    world.github.fault(Fault::once("POST", JIT, FaultKind::FailBefore(503)));
    world.github.fault(Fault::once("POST", JIT, FaultKind::FailAfter(502)));
    assert_eq!((try_jit(&admin).unwrap().status, world.github.runners().len()), (503, 0));
    assert_eq!((try_jit(&admin).unwrap().status, world.github.runners().len()), (502, 1));
}

#[test]
fn secondary_limits_tell_when_to_come_back() {
    let world = World::start();
    let admin = world.admin();
    world.github.fault(Fault::once("GET", RUNNERS, FaultKind::SecondaryLimit(7)));
    world.github.fault(Fault::once("GET", RUNNERS, FaultKind::TooManyRequests(9)));
    let (first, second) = (admin.get(RUNNERS), admin.get(RUNNERS));
    assert_eq!((first.status, first.header("retry-after")), (403, "7"));
    assert_eq!((second.status, second.header("retry-after")), (429, "9"));
    assert!(first.message().contains("secondary rate limit"));
    assert_eq!(admin.get(RUNNERS).status, 200, "once only");
}

#[test]
fn hanging_request_ends_by_the_clients_patience_only() {
    let world = World::start();
    world.github.fault(Fault::once("GET", RUNNERS, FaultKind::Hang));
    let patience = std::time::Duration::from_millis(100);
    let agent = ureq::Agent::config_builder().timeout_global(Some(patience)).user_agent("test").build();
    let answer = ureq::Agent::from(agent).get(format!("{}{RUNNERS}", world.github.url())).call();
    assert!(matches!(answer, Err(ureq::Error::Timeout(_))), "{answer:?}");
    assert_eq!(world.admin().get(RUNNERS).status, 200);
}

#[test]
fn faults_can_be_planned_and_dropped_by_curl() {
    let world = World::start();
    let admin = world.admin();
    let fault = json!({ "path": "*/runners", "kind": { "status": { "status": 418, "message": "teapot" } } });
    assert_eq!(admin.post("/_sandbox/faults", &fault).status, 201);
    assert_eq!((admin.get(RUNNERS).status, admin.get(RUNNERS).message()), (418, "teapot"));
    admin.delete("/_sandbox/faults");
    assert_eq!(admin.get(RUNNERS).status, 200);
    assert_eq!(admin.post("/_sandbox/faults", &json!({ "path": "*", "kind": "unheard_of" })).status, 422);
}
