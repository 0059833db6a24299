//! Faults: each happens as it was told, and the effect is there or not.

use sandbox::aws::{Fault, FaultKind};
use serde_json::json;

use crate::world::World;

#[test]
fn lost_answer_has_its_effect_and_the_repeated_call_finds_it() {
    let world = World::new();
    world.aws.fault(Fault::once("RunTask", FaultKind::LostAnswer));
    let launch = world.fargate_with("clientToken", json!("token-1"));
    let lost = world.ecs("RunTask", &launch).unwrap_err();
    assert_eq!(lost.status, 0, "there is no answer: {lost:?}");
    assert_eq!(world.aws.tasks().len(), 1);
    assert_eq!(world.start(&launch), world.aws.tasks()[0].arn);
}

#[test]
fn lost_request_and_bare_status_have_no_effect_and_status_after_the_effect_has() {
    let world = World::new();
    world.aws.fault(Fault::once("RunTask", FaultKind::LostRequest));
    world.aws.fault(Fault::once("RunTask", FaultKind::Status(503)));
    world.aws.fault(Fault::once("RunTask", FaultKind::StatusAfterEffect(500)));
    let launch = world.fargate();
    let statuses: Vec<u16> = (0..3).map(|_| world.ecs("RunTask", &launch).unwrap_err().status).collect();
    assert_eq!(statuses, [0, 503, 500]);
    assert_eq!(world.aws.tasks().len(), 1);
    assert!(world.aws.pending_faults().is_empty());
}

#[test]
fn error_and_failures_reach_the_caller_as_the_service_would_tell_them() {
    let world = World::new();
    let throttled =
        FaultKind::Error { status: 400, code: "ThrottlingException".into(), message: "Rate exceeded".into() };
    world.aws.fault(Fault::once("RunTask", throttled));
    world.aws.fault(Fault::once("RunTask", FaultKind::Failures("RESOURCE:ENI".to_owned())));
    let refused = world.ecs("RunTask", &world.fargate()).unwrap_err();
    assert_eq!(
        (refused.status, refused.code.as_str(), refused.message.as_str()),
        (400, "ThrottlingException", "Rate exceeded")
    );
    let answer = world.ecs("RunTask", &world.fargate()).unwrap();
    assert_eq!((&answer["tasks"], &answer["failures"]), (&json!([]), &json!([{ "reason": "RESOURCE:ENI" }])));
    assert!(world.aws.tasks().is_empty());
}

#[test]
fn record_tells_of_every_call_who_made_it_and_how_it_ended() {
    let world = World::new();
    world.ecs("DescribeClusters", &json!({ "clusters": ["mayfly"] })).unwrap();
    world.ecs("ListTasks", &json!({ "cluster": "nope" })).unwrap_err();
    let told: Vec<_> =
        world.aws.log().into_iter().map(|call| (call.operation, call.status, call.error, call.caller)).collect();
    let who = Some("arn:aws:iam::123456789012:user/sandbox".to_owned());
    let refused = Some("ClusterNotFoundException".to_owned());
    let expected = [
        ("DescribeClusters".to_owned(), Some(200), None, who.clone()),
        ("ListTasks".to_owned(), Some(400), refused, who),
    ];
    assert_eq!(told, expected);
}

/// Posts JSON to one of the stand-in's own switches.
fn switch(world: &World, name: &str, input: &serde_json::Value) -> u16 {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    agent.post(format!("{}/_sandbox/{name}", world.aws.url())).send_json(input).unwrap().status().as_u16()
}

#[test]
fn switches_work_over_http_as_well() {
    let world = World::running("trap 'exit 5' TERM; echo ready; while :; do sleep 0.02; done");
    assert_eq!(switch(&world, "faults", &json!({ "operation": "RunTask", "kind": { "status": 503 } })), 200);
    assert_eq!(world.ecs("RunTask", &world.fargate()).unwrap_err().status, 503);
    assert_eq!(switch(&world, "capacity", &json!({ "capacity": "fargate", "available": false })), 200);
    assert_eq!(world.ecs("RunTask", &world.fargate()).unwrap()["tasks"], json!([]));
    assert_eq!(switch(&world, "capacity", &json!({ "capacity": "fargate", "available": true })), 200);
    assert_eq!(switch(&world, "fates", &json!({ "pull_fails": "no such image" })), 200);
    let failed = world.start(&world.fargate());
    assert!(world.until_stopped(&failed).stop.unwrap().reason.contains("no such image"));
    let arn = world.start(&world.fargate());
    world.until_written(&arn, "ready");
    assert_eq!(switch(&world, "disasters", &json!({ "task": arn, "disaster": "spot_interruption" })), 200);
    assert_eq!(world.until_stopped(&arn).exit_code(), Some(5));
    assert_eq!(switch(&world, "disasters", &json!({ "task": arn, "disaster": "host_lost" })), 404);
    let (_, calls) = crate::world::get(&format!("{}/_sandbox/calls", world.aws.url()));
    assert_eq!(calls[0]["operation"], "RunTask");
}

#[test]
fn faults_are_read_from_json() {
    let text = r#"{ "operation": "RunTask", "skip": 1, "kind": { "delay_millis": 5 } }"#;
    let fault: Fault = serde_json::from_str(text).unwrap();
    assert_eq!(fault, Fault::once("RunTask", FaultKind::DelayMillis(5)).after(1));
    let lost: Fault = serde_json::from_str(r#"{ "operation": "*", "kind": "lost_answer" }"#).unwrap();
    assert_eq!(lost, Fault::once("*", FaultKind::LostAnswer));
}
