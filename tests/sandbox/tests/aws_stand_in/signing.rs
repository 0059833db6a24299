//! Signatures: who signs wrongly is nobody.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use sandbox::aws::fixture;
use serde_json::Value;

use crate::world::{World, admin, post, signature};

const BODY: &str = r#"{"cluster":"mayfly"}"#;
const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListTasks")];

/// ListTasks, signed at this time; else the status and the code of the refusal.
pub(crate) fn list_tasks(world: &World, who: &Credentials, at: SystemTime) -> Result<Value, (u16, String)> {
    let signed = signature(who, "ecs", world.aws.url(), &HEADERS, BODY, at);
    send(world, &signed, BODY)
}

fn send(world: &World, signed: &[(String, String)], body: &str) -> Result<Value, (u16, String)> {
    let signed = signed.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<(&str, &str)> = HEADERS.into_iter().chain(signed).collect();
    let (status, text) = post(world.aws.url(), &headers, body).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    if status == 200 { Ok(answer) } else { Err((status, answer["__type"].as_str().unwrap().to_owned())) }
}

#[test]
fn aws_own_signer_is_understood() {
    let world = World::new();
    assert!(list_tasks(&world, &admin(), SystemTime::now()).is_ok());
}

#[test]
fn wrong_key_wrong_time_wrong_body_and_no_signature_are_refused() {
    let world = World::new();
    let now = SystemTime::now();
    let key = |id: &str, secret: &str| Credentials::new(id, secret, None, None, "test");
    let unknown = list_tasks(&world, &key("AKIAUNKNOWN", fixture::ADMIN_SECRET_KEY), now);
    assert_eq!(unknown, Err((400, "UnrecognizedClientException".to_owned())));
    let wrong = list_tasks(&world, &key(fixture::ADMIN_ACCESS_KEY, "wrong"), now);
    assert_eq!(wrong, Err((400, "InvalidSignatureException".to_owned())));
    let late = list_tasks(&world, &admin(), now - Duration::from_secs(600));
    assert_eq!(late, Err((400, "InvalidSignatureException".to_owned())));
    let signed = signature(&admin(), "ecs", world.aws.url(), &HEADERS, BODY, now);
    let other_body = send(&world, &signed, r#"{"cluster":"other"}"#);
    assert_eq!(other_body, Err((400, "InvalidSignatureException".to_owned())));
    let other_service = signature(&admin(), "ssm", world.aws.url(), &HEADERS, BODY, now);
    assert_eq!(send(&world, &other_service, BODY), Err((400, "InvalidSignatureException".to_owned())));
    assert_eq!(send(&world, &[], BODY), Err((400, "MissingAuthenticationTokenException".to_owned())));
}
