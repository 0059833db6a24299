//! The condition of a rule: which hosts it is for.

use crate::aws::pattern;
use crate::aws::query::{Fields, invalid};
use crate::aws::wire::Refusal;

/// Reads the one condition that the sandbox has: `host-header`, with up to five values (ELB API reference,
/// "RuleCondition"; quotas of application load balancers).
pub(super) fn read(conditions: &[Fields<'_>]) -> Result<Vec<String>, Refusal> {
    let [condition] = conditions else {
        return Err(invalid("The sandbox has rules with exactly one condition"));
    };
    match condition.required("Field")? {
        "host-header" => {}
        other => return Err(invalid(format!("Condition field '{other}': the sandbox has 'host-header' only"))),
    }
    let newer = condition.object("HostHeaderConfig").map(|config| config.texts("Values")).unwrap_or_default();
    let values = [condition.texts("Values"), newer].concat();
    if values.is_empty() {
        return Err(invalid("A condition value must be specified"));
    }
    if values.len() > 5 {
        return Err(invalid("Rules can have up to '5' condition values"));
    }
    if values.iter().flat_map(|value| value.chars()).filter(|c| "*?".contains(*c)).count() > 6 {
        return Err(invalid("Rules can have up to '6' wildcards"));
    }
    values.iter().try_for_each(|value| check(value))?;
    Ok(values.into_iter().map(str::to_owned).collect())
}

fn check(host: &str) -> Result<(), Refusal> {
    let refuse = |text: &str| Err(invalid(format!("Condition value '{host}' {text}")));
    if host.chars().count() > 128 {
        return refuse("cannot be longer than '128' characters");
    }
    if !host.chars().all(|c| c.is_ascii_alphanumeric() || "-.*?_".contains(c)) {
        return refuse("contains a character that is not valid");
    }
    match host.rsplit_once('.') {
        Some((_, end)) if end.chars().any(|c| c.is_ascii_alphanumeric()) => Ok(()),
        _ => refuse("must contain a '.' character with letters or digits after the last one"),
    }
}

/// Whether a request for this host is the rule's: case does not matter, and neither does the port.
pub(super) fn is_for(hosts: &[String], host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    hosts.iter().any(|wanted| pattern::matches(&wanted.to_ascii_lowercase(), &name))
}

#[cfg(test)]
mod tests {
    use super::is_for;

    #[test]
    fn host_is_matched_without_case_and_port_and_with_wildcards() {
        let hosts = ["pr-7.preview.example.test".to_owned(), "*.Docs.example.test".to_owned()];
        let matched: Vec<&str> = [
            "PR-7.preview.example.test",
            "pr-7.preview.example.test:8443",
            "pr-70.preview.example.test",
            "a.docs.example.test",
            "docs.example.test",
        ]
        .into_iter()
        .filter(|host| is_for(&hosts, host))
        .collect();
        assert_eq!(matched, ["PR-7.preview.example.test", "pr-7.preview.example.test:8443", "a.docs.example.test"]);
    }
}
