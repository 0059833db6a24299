//! SSM parameters: put once, read once, deleted.

use std::collections::BTreeMap;

use contract::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::shared::Shared;
use super::wire::{Answer, Refusal, Request, seconds};

/// Sizes of a value in characters: `botocore` data, ssm `service-2.json`, PutParameter.
const STANDARD_LIMIT: usize = 4_096;
const ADVANCED_LIMIT: usize = 8_192;

struct Parameter {
    value: Secret,
    kind: String,
    version: u32,
    modified: OffsetDateTime,
}

/// The parameter store.
#[derive(Default)]
pub(crate) struct Parameters(BTreeMap<String, Parameter>);

impl Parameters {
    pub(crate) fn set(&mut self, name: &str, value: &str, now: OffsetDateTime) {
        let version = self.0.get(name).map_or(0, |parameter| parameter.version) + 1;
        let kind = "SecureString".to_owned();
        self.0.insert(name.to_owned(), Parameter { value: Secret::new(value), kind, version, modified: now });
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|parameter| parameter.value.expose())
    }

    /// The value that a container definition's `valueFrom` names, by name or by ARN.
    pub(crate) fn value_from(&self, reference: &str) -> Option<&str> {
        self.value(name_of(reference)).or_else(|| self.value(name_of(reference).trim_start_matches('/')))
    }
}

/// `arn:aws:ssm:REGION:ACCOUNT:parameter/NAME` names `/NAME`, whether the name itself begins with a slash or not.
fn name_of(reference: &str) -> &str {
    let arn = reference.starts_with("arn:").then(|| reference.find(":parameter")).flatten();
    arn.map_or(reference, |at| &reference[at + ":parameter".len()..])
}

pub(crate) fn answer(shared: &Shared, request: &Request) -> Result<Answer, Refusal> {
    let mut state = shared.state();
    let parameters = &mut state.parameters;
    let answer = match request.operation.as_str() {
        "PutParameter" => put(parameters, &request.input()?, shared.config.clock.now())?,
        "GetParameter" => {
            let input: Get = request.input()?;
            let found = describe(shared, parameters, &input.name, input.with_decryption);
            json!({ "Parameter": found.ok_or_else(not_found)? })
        }
        "GetParameters" => get_several(shared, parameters, &request.input()?),
        "DeleteParameter" => {
            let input: Delete = request.input()?;
            parameters.0.remove(&input.name).ok_or_else(not_found)?;
            json!({})
        }
        _ => return Err(request.unknown()),
    };
    Ok(Answer::Json(answer))
}

fn not_found() -> Refusal {
    Refusal::client("ParameterNotFound", "")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    name: String,
    value: String,
    #[serde(default)]
    overwrite: bool,
    r#type: Option<String>,
    tier: Option<String>,
    policies: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Get {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSeveral {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    name: String,
}

fn put(parameters: &mut Parameters, input: &Put, now: OffsetDateTime) -> Result<Value, Refusal> {
    input.check()?;
    let before = parameters.0.get(&input.name);
    if before.is_some() && !input.overwrite {
        let text =
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
        return Err(Refusal::client("ParameterAlreadyExists", text));
    }
    let kind = input.r#type.clone().or_else(|| before.map(|parameter| parameter.kind.clone()));
    let kind = kind.ok_or_else(|| {
        Refusal::client("ValidationException", "A parameter type is required when you create a parameter.")
    })?;
    let version = before.map_or(0, |parameter| parameter.version) + 1;
    let value = Secret::new(input.value.as_str());
    let parameter = Parameter { value, kind, version, modified: now };
    parameters.0.insert(input.name.clone(), parameter);
    Ok(json!({ "Version": version, "Tier": input.tier() }))
}

impl Put {
    fn tier(&self) -> &str {
        match self.tier.as_deref() {
            Some("Intelligent-Tiering") if self.value.chars().count() > STANDARD_LIMIT => "Advanced",
            Some("Advanced") => "Advanced",
            _ => "Standard",
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        let invalid = |text: &str| Err(Refusal::client("ValidationException", text));
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        if self.name.is_empty() || self.name.len() > 1_011 || !self.name.chars().all(allowed) {
            return invalid("Parameter name: can't be empty; it may hold letters, digits and the symbols _.-/ only");
        }
        if self.name.contains('/') && !self.name.starts_with('/') {
            return invalid("Parameter name must be a fully qualified name: it must begin with a slash");
        }
        if self.value.is_empty() {
            return invalid(
                "1 validation error detected: Value '' at 'value' failed to satisfy constraint: it is empty",
            );
        }
        if self.r#type.as_deref().is_some_and(|kind| !["String", "StringList", "SecureString"].contains(&kind)) {
            return invalid("1 validation error detected: 'type' must be one of [SecureString, StringList, String]");
        }
        if self.policies.as_deref().is_some_and(|text| !text.is_empty()) && self.tier() == "Standard" {
            return invalid("Parameter policies need the advanced parameter tier");
        }
        let limit = if self.tier() == "Advanced" { ADVANCED_LIMIT } else { STANDARD_LIMIT };
        if self.value.chars().count() > limit {
            let text =
                format!("{} tier parameters support a maximum parameter value of {limit} characters.", self.tier());
            return Err(Refusal::client("ValidationException", text));
        }
        Ok(())
    }
}

fn get_several(shared: &Shared, parameters: &Parameters, input: &GetSeveral) -> Value {
    let (found, missing): (Vec<_>, Vec<_>) =
        input.names.iter().partition(|name| parameters.0.contains_key(name.as_str()));
    let found: Vec<Value> =
        found.iter().filter_map(|name| describe(shared, parameters, name, input.with_decryption)).collect();
    json!({ "Parameters": found, "InvalidParameters": missing })
}

fn describe(shared: &Shared, parameters: &Parameters, name: &str, decrypted: bool) -> Option<Value> {
    let parameter = parameters.0.get(name)?;
    let (region, account) = (&shared.config.region, &shared.config.account);
    // A value that nobody asked to decrypt comes as cipher text.
    let clear = decrypted || parameter.kind != "SecureString";
    let value = if clear { parameter.value.expose() } else { "AQICAHhFtandInCipherText" };
    Some(json!({
        "Name": name,
        "Type": parameter.kind,
        "Value": value,
        "Version": parameter.version,
        "LastModifiedDate": seconds(parameter.modified),
        "ARN": format!("arn:aws:ssm:{region}:{account}:parameter/{}", name.trim_start_matches('/')),
        "DataType": "text",
    }))
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::Parameters;

    #[test]
    fn definition_names_a_parameter_by_its_name_or_its_arn() {
        let mut parameters = Parameters::default();
        parameters.set("/mayfly/token", "with a slash", OffsetDateTime::UNIX_EPOCH);
        parameters.set("plain", "without", OffsetDateTime::UNIX_EPOCH);
        let arn = "arn:aws:ssm:eu-central-1:123456789012:parameter";
        assert_eq!(parameters.value_from(&format!("{arn}/mayfly/token")), Some("with a slash"));
        assert_eq!(parameters.value_from(&format!("{arn}/plain")), Some("without"));
        assert_eq!(parameters.value_from("plain"), Some("without"));
        assert_eq!(parameters.value_from(&format!("{arn}/mayfly")), None);
    }
}
