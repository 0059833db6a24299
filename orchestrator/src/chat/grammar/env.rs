//! Variables in a command: `NAME=value`, and Superset's `FEATURE_X=true`.

use std::collections::BTreeMap;

use super::{Dialect, Tongue};
use crate::chat::word::{is_reserved, shown};

/// ECS takes 8192 characters for all overrides of a task; these stay well below.
const MOST: usize = 30;
const LONGEST_NAME: usize = 64;
const LONGEST_VALUE: usize = 128;
/// What Superset takes a feature's value for.
const TRUTHS: [&str; 6] = ["true", "false", "1", "0", "yes", "no"];

pub(super) fn take(
    env: &mut BTreeMap<String, String>,
    tongue: Tongue<'_>,
    name: &str,
    value: &str,
) -> Result<(), String> {
    let name = match tongue {
        Tongue::Preview => variable(name)?,
        Tongue::Testenv(dialect) => feature(dialect, name, value)?,
    };
    if value.len() > LONGEST_VALUE || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("the value of {} is not up to {LONGEST_VALUE} plain characters", shown(&name)));
    }
    let named = shown(&name);
    if env.insert(name, value.to_owned()).is_some() {
        return Err(format!("{named} is given twice"));
    }
    if env.len() > MOST { Err(format!("there are more than {MOST} variables")) } else { Ok(()) }
}

fn variable(name: &str) -> Result<String, String> {
    let begins = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    let plain = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !begins || !plain || name.len() > LONGEST_NAME {
        return Err(format!("\"{}\" is not the name of a variable; write NAME=value, or ttl= or size=", shown(name)));
    }
    if is_reserved(name) {
        return Err(format!("{name} cannot be set from a comment"));
    }
    Ok(name.to_owned())
}

/// Superset reads `FEATURE_(\w+)=(\w+)` and hands each on under its own prefix.
fn feature(dialect: &Dialect, name: &str, value: &str) -> Result<String, String> {
    let refuse = || format!("\"{}\" is not a feature; write FEATURE_NAME=true", shown(name));
    let feature = name.strip_prefix("FEATURE_").ok_or_else(refuse)?;
    let plain = feature.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if feature.is_empty() || !plain || name.len() > LONGEST_NAME {
        return Err(refuse());
    }
    if !TRUTHS.iter().any(|truth| truth.eq_ignore_ascii_case(value)) {
        return Err(format!("\"{}\" is no value of a feature; write one of {}", shown(value), TRUTHS.join(", ")));
    }
    Ok(format!("{}{feature}", dialect.feature_prefix))
}
