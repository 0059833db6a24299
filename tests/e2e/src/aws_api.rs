//! AWS's JSON services as somebody else calls them: signed by the account's administrator, without the products' clients.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use sandbox::aws::fixture;
use serde_json::Value;

/// Calls an operation of ECS and answers with what it says.
///
/// # Panics
/// Where it is refused.
#[track_caller]
pub(crate) fn ecs(url: &str, operation: &str, input: &Value) -> Value {
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
    let body = input.to_string();
    let request = headers.iter().fold(ureq::post(url), |request, (name, value)| request.header(*name, *value));
    let signed = signature(url, &headers, &body);
    let request = signed.iter().fold(request, |request, (name, value)| request.header(name, value));
    let answer = request.config().http_status_as_error(false).build().send(&body);
    let mut answer = answer.unwrap_or_else(|fault| panic!("{operation} was not answered: {fault}"));
    let text = answer.body_mut().read_to_string().expect("the answer is a text");
    assert!(answer.status().is_success(), "{operation} was refused: {text}");
    serde_json::from_str(&text).expect("the answer is JSON")
}

fn signature(url: &str, headers: &[(&str, &str)], body: &str) -> Vec<(String, String)> {
    let keys = Credentials::new(fixture::ADMIN_ACCESS_KEY, fixture::ADMIN_SECRET_KEY, None, None, "e2e");
    let identity = keys.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(fixture::REGION)
        .name("ecs")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .expect("all parameters are there");
    let request = SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(body.as_bytes()));
    let request = request.expect("the sandbox's address is a URL");
    let (instructions, _) = sign(request, &parameters.into()).expect("an HTTP request can be signed").into_parts();
    instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
