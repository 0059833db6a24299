//! The record of every call: what a test asks when it wants to know what was really sent.

use serde::Serialize;
use serde_json::{Value, json};

use super::wire::{Answer, Refusal, Request};

/// One call.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// The service's short name: `sts`, `ecs`, `ssm` or `logs`.
    pub service: String,
    /// The operation, such as `RunTask`.
    pub operation: String,
    /// Its parameters; a web identity token and a parameter's value are not kept.
    pub parameters: Value,
    /// ARN of who called, where that was verified.
    pub caller: Option<String>,
    /// HTTP status of the answer; nothing while there is none.
    pub status: Option<u16>,
    /// The error's code, if it was an error.
    pub error: Option<String>,
    /// The answer's request id.
    pub request_id: String,
}

/// All calls, oldest first.
#[derive(Default)]
pub(crate) struct Calls(Vec<Call>);

/// Parameters whose values are secrets.
const SECRETS: [&str; 2] = ["WebIdentityToken", "Value"];

impl Calls {
    /// Notes a call that came in. Answers its place.
    pub(crate) fn begin(&mut self, request: &Request, caller: Option<String>, request_id: &str) -> usize {
        let mut parameters = request.parameters.clone();
        for secret in SECRETS {
            if let Some(value) = parameters.get_mut(secret) {
                *value = json!("***");
            }
        }
        self.0.push(Call {
            service: request.service.name().to_owned(),
            operation: request.operation.clone(),
            parameters,
            caller,
            status: None,
            error: None,
            request_id: request_id.to_owned(),
        });
        self.0.len() - 1
    }

    /// Notes how a call was answered.
    pub(crate) fn finish(&mut self, place: usize, outcome: &Result<Answer, Refusal>) {
        let Some(call) = self.0.get_mut(place) else { return };
        call.status = Some(outcome.as_ref().map_or_else(|refusal| refusal.status, |_| 200));
        call.error = outcome.as_ref().err().map(|refusal| refusal.code.clone());
    }

    pub(crate) fn all(&self) -> &[Call] {
        &self.0
    }
}
