//! Trust policies: may a web identity with these claims assume the role?
//!
//! Pure. Strict where real IAM is: an operator that is not known here never holds, and a statement that names a key
//! which STS does not take from a token never matches by it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::config::Provider;
use super::pattern;

/// Claims of GitHub's tokens that STS offers to a policy as `<provider>:<claim>`; all others are not keys
/// (AWS, "STS supports validation of select identity provider specific claims", January 2026).
const CLAIMS: [&str; 12] = [
    "aud",
    "sub",
    "amr",
    "actor",
    "actor_id",
    "job_workflow_ref",
    "repository",
    "repository_id",
    "workflow",
    "ref",
    "environment",
    "enterprise_id",
];

/// Condition keys (lower case, as they are compared) with their values.
pub(crate) type Keys = BTreeMap<String, Vec<String>>;

/// The policy of the sandbox's launcher role: audience exactly, subject by patterns.
pub(crate) fn policy(account: &str, provider: &Provider, subjects: &[&str]) -> Value {
    let name = provider.name();
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": provider.arn(account) },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": { format!("{name}:aud"): provider.client_ids },
                "StringLike": { format!("{name}:sub"): subjects },
            },
        }],
    })
}

/// The condition keys that a token's claims make.
pub(crate) fn keys(provider: &Provider, claims: &Value) -> Keys {
    let present = CLAIMS.iter().filter_map(|claim| Some((claim, claims.get(claim)?)));
    present.map(|(claim, value)| (format!("{}:{claim}", provider.name()).to_lowercase(), texts(value))).collect()
}

/// Whether the policy lets this federated principal in. A denial outweighs any permission.
pub(crate) fn allows(policy: &Value, principal: &str, keys: &Keys) -> bool {
    let applies = |statement: &&Value| {
        names(&statement["Principal"]["Federated"], principal)
            && texts(&statement["Action"])
                .iter()
                .any(|action| pattern::matches(action, "sts:AssumeRoleWithWebIdentity"))
            && conditions_hold(&statement["Condition"], keys)
    };
    let matching: Vec<&Value> = list(&policy["Statement"]).into_iter().filter(applies).collect();
    let effect = |effect: &str| matching.iter().any(|statement| statement["Effect"] == effect);
    effect("Allow") && !effect("Deny")
}

fn names(federated: &Value, principal: &str) -> bool {
    texts(federated).iter().any(|name| name == principal)
}

fn conditions_hold(conditions: &Value, keys: &Keys) -> bool {
    let Some(conditions) = conditions.as_object() else { return conditions.is_null() };
    conditions.iter().all(|(operator, wanted)| {
        let Some(wanted) = wanted.as_object() else { return false };
        wanted.iter().all(|(key, values)| holds(operator, keys.get(&key.to_lowercase()), &texts(values)))
    })
}

fn holds(operator: &str, actual: Option<&Vec<String>>, wanted: &[String]) -> bool {
    if operator == "Null" {
        return wanted.iter().all(|value| (value == "true") == actual.is_none());
    }
    let (set, operator) = operator.split_once(':').map_or(("", operator), |(set, rest)| (set, rest));
    let (operator, absent) = operator.strip_suffix("IfExists").map_or((operator, false), |rest| (rest, true));
    let (operator, negated) = match operator {
        "StringNotEquals" => ("StringEquals", true),
        "StringNotLike" => ("StringLike", true),
        "StringNotEqualsIgnoreCase" => ("StringEqualsIgnoreCase", true),
        other => (other, false),
    };
    let one = |value: &String| wanted.iter().any(|wanted| compare(operator, wanted, value)) != negated;
    match (set, actual) {
        // IAM's trap: "for all values" holds when there is no value at all.
        ("ForAllValues", actual) => actual.is_none_or(|values| values.iter().all(one)),
        ("", None) => absent || negated,
        (_, None) => absent,
        ("ForAnyValue", Some(values)) => values.iter().any(one),
        ("", Some(values)) => match values.as_slice() {
            [value] => one(value),
            _ => false,
        },
        _ => false,
    }
}

fn compare(operator: &str, wanted: &str, value: &str) -> bool {
    match operator {
        "StringEquals" => wanted == value,
        "StringEqualsIgnoreCase" => wanted.eq_ignore_ascii_case(value),
        "StringLike" => pattern::matches(wanted, value),
        _ => false,
    }
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

fn texts(value: &Value) -> Vec<String> {
    list(value).into_iter().filter_map(text).collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{allows, keys};
    use crate::aws::config::Provider;

    const PRINCIPAL: &str = "arn:aws:iam::123456789012:oidc-provider/issuer.example/oidc";

    fn decide(condition: &Value) -> bool {
        let provider = Provider { issuer: "https://issuer.example/oidc".to_owned(), client_ids: Vec::new() };
        let claims = json!({
            "aud": "sts.amazonaws.com",
            "sub": "repo:octo/demo:environment:prod",
            "repository_id": "4242",
            "runner_environment": "github-hosted",
        });
        let statement = json!({
            "Effect": "Allow",
            "Principal": { "Federated": PRINCIPAL },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        });
        allows(&json!({ "Statement": [statement] }), PRINCIPAL, &keys(&provider, &claims))
    }

    #[test]
    fn conditions_decide_as_iam_decides() {
        let key = |claim: &str| format!("issuer.example/oidc:{claim}");
        let cases = [
            (json!({ "StringEquals": { key("aud"): "sts.amazonaws.com" } }), true),
            (json!({ "StringEquals": { key("aud"): ["other", "sts.amazonaws.com"] } }), true),
            (json!({ "StringEquals": { key("AUD"): "sts.amazonaws.com" } }), true),
            (json!({ "StringEquals": { key("sub"): "repo:octo/demo:*" } }), false),
            (json!({ "StringLike": { key("sub"): "repo:octo/demo:*" } }), true),
            (json!({ "StringLike": { key("sub"): ["repo:octo@77/demo@4242:*", "repo:octo/demo:*"] } }), true),
            (json!({ "StringLike": { key("sub"): "repo:other/demo:*" } }), false),
            (json!({ "ForAnyValue:StringLike": { key("sub"): ["repo:octo/*"] } }), true),
            (json!({ "ForAllValues:StringEquals": { key("environment"): "prod" } }), true),
            (json!({ "StringEquals": { key("environment"): "prod" } }), false),
            (json!({ "StringEqualsIfExists": { key("environment"): "prod" } }), true),
            (json!({ "StringEquals": { key("repository_id"): "4242" } }), true),
            (json!({ "StringNotEquals": { key("repository_id"): "4242" } }), false),
            (json!({ "StringEquals": { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" } }), false),
            (json!({ "StringEquals": { key("runner_environment"): "github-hosted" } }), false),
            (json!({ "StringResembles": { key("aud"): "sts.amazonaws.com" } }), false),
        ];
        for (condition, expected) in cases {
            assert_eq!(decide(&condition), expected, "{condition}");
        }
    }

    #[test]
    fn denial_outweighs_a_permission() {
        let allow = json!({ "Effect": "Allow", "Principal": { "Federated": PRINCIPAL }, "Action": "sts:*" });
        let mut deny = allow.clone();
        deny["Effect"] = json!("Deny");
        assert!(allows(&json!({ "Statement": allow }), PRINCIPAL, &super::Keys::new()));
        assert!(!allows(&json!({ "Statement": [allow, deny] }), PRINCIPAL, &super::Keys::new()));
    }
}
