//! The judge: checks each exchange with the GitHub API against an OpenAPI description, in both directions.

mod amend;
mod description;
mod translate;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jsonschema::{Draft, Validator};
use serde::Serialize;
use serde_json::Value;

use crate::github::Exchange;
use description::{Description, Operation};
use translate::Strictness;

/// An OpenAPI 3.0 description that was read.
#[derive(Clone, Debug)]
pub struct Contract(Arc<Value>);

impl Contract {
    /// Reads a description from a file.
    ///
    /// # Errors
    /// A text: the file cannot be read, or is no OpenAPI 3.0 in JSON.
    pub fn read(file: &Path) -> Result<Self, String> {
        let refuse = |fault: String| format!("could not use {} as the contract: {fault}", file.display());
        let text = fs::read(file).map_err(|fault| refuse(fault.to_string()))?;
        let mut document: Value = serde_json::from_slice(&text).map_err(|fault| refuse(fault.to_string()))?;
        let version = document["openapi"].as_str().unwrap_or_default();
        if !version.starts_with("3.0") {
            return Err(refuse(format!("it says openapi \"{version}\"; an OpenAPI 3.0 description in JSON is needed")));
        }
        amend::amend(&mut document);
        Ok(Self(Arc::new(document)))
    }
}

/// Whose side breaks the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The client's request.
    Request,
    /// The sandbox's answer.
    Answer,
}

/// One breach of the description.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Violation {
    /// Method and path.
    pub call: String,
    /// Whose it is.
    pub side: Side,
    /// What is wrong.
    pub fault: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Request => "request",
            Side::Answer => "answer",
        };
        write!(f, "{} ({side}): {}", self.call, self.fault)
    }
}

/// Checks exchanges and keeps what it found.
pub(crate) struct Checker {
    description: Description,
    /// Compiled when first needed, by the schema's place in the description.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
    violations: Mutex<BTreeMap<Violation, u32>>,
}

impl Checker {
    pub(crate) fn new(contract: Contract) -> Self {
        Self { description: Description::new(contract.0), validators: Mutex::default(), violations: Mutex::default() }
    }

    /// What was found, each breach once.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(crate) fn check_request(&self, exchange: &Exchange, body: &Bytes) {
        let faults = match self.description.operation(&exchange.method, &exchange.path) {
            None => vec!["the description has no such call".to_owned()],
            Some(operation) => self.request_faults(&operation, exchange, body),
        };
        self.keep(exchange, Side::Request, faults);
    }

    pub(crate) fn check_answer(&self, exchange: &Exchange, body: &Bytes) {
        // A call that the description does not have was noted as the request's breach.
        let Some(operation) = self.description.operation(&exchange.method, &exchange.path) else { return };
        let faults = self.answer_faults(&operation, exchange, body);
        self.keep(exchange, Side::Answer, faults);
    }

    fn keep(&self, exchange: &Exchange, side: Side, faults: Vec<String>) {
        let call = format!("{} {}", exchange.method, exchange.path);
        let mut violations = self.violations.lock().unwrap_or_else(PoisonError::into_inner);
        for fault in faults {
            *violations.entry(Violation { call: call.clone(), side, fault }).or_default() += 1;
        }
    }

    fn request_faults(&self, operation: &Operation, exchange: &Exchange, body: &Bytes) -> Vec<String> {
        let mut faults = self.description.parameter_faults(operation, &exchange.query);
        let schema = self.description.request_schema(operation);
        match (schema, body.is_empty()) {
            (None, true) => {}
            (None, false) => faults.push("the description has no body here".to_owned()),
            (Some(schema), true) => {
                if schema.required {
                    faults.push("the body is missing".to_owned());
                }
            }
            (Some(schema), false) => faults.extend(self.body_faults(&schema.pointer, Strictness::Closed, body)),
        }
        faults
    }

    fn answer_faults(&self, operation: &Operation, exchange: &Exchange, body: &Bytes) -> Vec<String> {
        match self.description.answer_schema(operation, exchange.status) {
            None if exchange.status < 400 => vec![format!("the description has no status {} here", exchange.status)],
            // Refusals that every call can meet (401, 403, 404, 429, …) are rarely written down per call: their common form is.
            None => self.body_faults("/components/schemas/basic-error", Strictness::Open, body),
            Some(None) if body.is_empty() => Vec::new(),
            // Where the description only names a refusal, GitHub sends its common form all the same.
            Some(None) if exchange.status >= 400 => {
                self.body_faults("/components/schemas/basic-error", Strictness::Open, body)
            }
            Some(None) => vec![format!("status {} has no body in the description", exchange.status)],
            Some(Some(pointer)) => self.body_faults(&pointer, Strictness::Open, body),
        }
    }

    fn body_faults(&self, pointer: &str, strictness: Strictness, body: &Bytes) -> Vec<String> {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return vec!["the body is not JSON".to_owned()] };
        let validator = self.validator(pointer, strictness);
        validator.iter_errors(&value).map(|fault| format!("{} at \"{}\"", fault, fault.instance_path())).collect()
    }

    fn validator(&self, pointer: &str, strictness: Strictness) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || {
            let schema = translate::document(self.description.document(), pointer, strictness);
            let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true);
            Arc::new(options.build(&schema).expect("the schemas of an OpenAPI 3.0 description are valid"))
        };
        validators.entry(pointer.to_owned()).or_insert_with(compile).clone()
    }
}
