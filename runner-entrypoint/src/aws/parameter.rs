//! What is kept in SSM's parameter store and in Secrets Manager.

use std::time::Instant;

use contract::Secret;
use serde::Deserialize;
use serde_json::json;

use super::{SECRETS_MANAGER, SSM, Service};

/// Whether a parameter is for one launch only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It stays.
    Kept,
    /// It is deleted once it was read, before a job could read it.
    Once,
}

/// Reads a parameter. A one-shot one that cannot be deleted is a fault: with the task role the job could read it.
pub(crate) fn parameter(name: &str, keep: Keep, until: Instant) -> Result<Secret, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        parameter: Parameter,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Parameter {
        value: Secret,
    }
    let store = Service::of_this_task(SSM)?;
    let reply = store.call("GetParameter", name, &json!({ "Name": name, "WithDecryption": true }), until)?;
    let answer: Answer = serde_json::from_slice(&reply.body)
        .map_err(|_| format!("the parameter store's answer about \"{name}\" cannot be read"))?;
    if keep == Keep::Once {
        delete(&store, name, until)?;
    }
    Ok(answer.parameter.value)
}

/// One that is gone already is as good.
fn delete(store: &Service, name: &str, until: Instant) -> Result<(), String> {
    match store.call("DeleteParameter", name, &json!({ "Name": name }), until) {
        Err(fault) if !fault.contains("ParameterNotFound") => Err(fault),
        _ => Ok(()),
    }
}

/// Reads a secret of Secrets Manager, by its name or ARN.
pub(crate) fn secret(name: &str, until: Instant) -> Result<Secret, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        secret_string: Secret,
    }
    let reply =
        Service::of_this_task(SECRETS_MANAGER)?.call("GetSecretValue", name, &json!({ "SecretId": name }), until)?;
    let answer: Answer = serde_json::from_slice(&reply.body)
        .map_err(|_| format!("the secret \"{name}\" cannot be read: it holds no text"))?;
    Ok(answer.secret_string)
}
