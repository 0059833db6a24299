//! EC2: the network interfaces of tasks, instances, and the network that they are in.

mod interface;
mod network;

use serde_json::Value;

use super::query::Fields;
use super::shared::Shared;
use super::wire::{Answer, Refusal, Request};

pub(crate) fn answer(shared: &Shared, request: &Request) -> Result<Answer, Refusal> {
    let (config, fields) = (&shared.config, Fields(&request.parameters));
    let members = match request.operation.as_str() {
        "DescribeNetworkInterfaces" => interface::describe(shared, &fields)?,
        "DescribeInstances" => network::instances(config, &fields)?,
        "DescribeSubnets" => network::subnets(config, &fields)?,
        "DescribeSecurityGroups" => network::security_groups(config, &fields)?,
        "DescribeRouteTables" => network::route_tables(config, &fields)?,
        _ => {
            let text = format!("The action {} is not valid for this web service.", request.operation);
            return Err(Refusal::client("InvalidAction", text));
        }
    };
    Ok(Answer::Members(members))
}

/// The filters of a call: name and values.
fn filters<'a>(fields: &Fields<'a>) -> Vec<(&'a str, Vec<&'a str>)> {
    let filters = fields.list("Filter").into_iter();
    filters.map(|filter| (filter.text("Name").unwrap_or_default(), filter.texts("Value"))).collect()
}

/// What is left of the entries by the filters; each must be one that is known here.
fn filtered(entries: Vec<Entry>, fields: &Fields<'_>) -> Result<Vec<Value>, Refusal> {
    let mut left = entries;
    for (name, values) in filters(fields) {
        if let Some(entry) = left.first()
            && !entry.keys.iter().any(|(key, _)| *key == name)
        {
            return Err(Refusal::client("InvalidParameterValue", format!("The filter '{name}' is invalid")));
        }
        left.retain(|entry| entry.keys.iter().any(|(key, value)| *key == name && values.contains(&value.as_str())));
    }
    Ok(left.into_iter().map(|entry| entry.described).collect())
}

/// Something that can be filtered.
struct Entry {
    keys: Vec<(&'static str, String)>,
    described: Value,
}

/// Refuses ids of another form, and ids that nothing has.
fn check_ids(
    asked: &[&str],
    prefix: &str,
    code: &str,
    known: &dyn Fn(&str) -> bool,
    what: &str,
) -> Result<(), Refusal> {
    for id in asked {
        if !id.starts_with(prefix) {
            let text = format!("Invalid id: \"{id}\" (expecting \"{prefix}...\")");
            return Err(Refusal::client(&format!("{code}.Malformed"), text));
        }
        if !known(id) {
            return Err(Refusal::client(&format!("{code}.NotFound"), format!("The {what} '{id}' does not exist")));
        }
    }
    Ok(())
}
