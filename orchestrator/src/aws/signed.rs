//! Single calls to services that are not worth an SDK crate of their own, and speak AWS JSON 1.1.
//!
//! `aws-sdk-ssm` alone takes minutes to build for three operations, and CloudWatch Logs for one: all of them are a JSON body
//! under an `x-amz-target`, signed by AWS's own `aws-sigv4`.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::single::{Refusal, Single};
use super::{Aws, AwsError};

/// One operation of a service that speaks AWS JSON 1.1.
#[derive(Clone, Copy, Debug)]
pub struct JsonOperation {
    /// Service, as in its host name and its signature.
    pub service: &'static str,
    /// Prefix of `x-amz-target`.
    pub target: &'static str,
    /// Operation's name.
    pub name: &'static str,
    /// Whether a repetition after a lost answer does no harm.
    pub repeatable: bool,
}

impl Aws {
    /// Calls the operation.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn call(&self, operation: JsonOperation, object: &str, body: &Value) -> Result<Value, AwsError> {
        let target = format!("{}.{}", operation.target, operation.name);
        let single = Single {
            service: operation.service,
            operation: operation.name,
            object,
            repeatable: operation.repeatable,
            headers: vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", target)],
            body: Bytes::from(body.to_string()),
            refusal,
        };
        let answer = self.send(&single).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }
}

fn refusal(answer: &Response<Bytes>) -> Refusal {
    let parsed: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let code = parsed["__type"].as_str().map(|code| code.rsplit('#').next().unwrap_or(code).to_owned());
    let message = parsed["message"].as_str().or(parsed["Message"].as_str()).map(str::to_owned);
    Refusal { code, message, request_id: None }
}
