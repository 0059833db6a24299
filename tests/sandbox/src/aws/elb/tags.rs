//! Tags of target groups and rules.

use serde_json::{Value, json};

use super::Elb;
use crate::aws::ecs::task::Tag;
use crate::aws::query::{Fields, invalid};
use crate::aws::wire::Refusal;

/// The most tags of one resource.
const MOST: usize = 50;

/// Reads the tags of a call, and refuses those that break the rules (ELB API reference, "Tag").
pub(super) fn read(fields: &Fields<'_>) -> Result<Vec<Tag>, Refusal> {
    let tag = |entry: Fields<'_>| {
        let value = entry.text("Value").unwrap_or_default().to_owned();
        Ok(Tag { key: entry.required("Key")?.to_owned(), value })
    };
    let tags: Vec<Tag> = fields.list("Tags").into_iter().map(tag).collect::<Result<_, Refusal>>()?;
    check(&tags)?;
    Ok(tags)
}

fn check(tags: &[Tag]) -> Result<(), Refusal> {
    if tags.len() > MOST {
        return Err(Refusal::client("TooManyTags", "You've reached the limit on the number of tags per resource"));
    }
    for (place, tag) in tags.iter().enumerate() {
        if tags[..place].iter().any(|other| other.key == tag.key) {
            return Err(Refusal::client("DuplicateTagKeys", "A tag key was specified more than once"));
        }
        if tag.key.chars().count() > 128 || tag.value.chars().count() > 256 {
            return Err(invalid(format!("Tag '{}': a key has 1 to 128 characters, a value at most 256", tag.key)));
        }
        if tag.key.to_lowercase().starts_with("aws:") {
            return Err(invalid("aws: prefixed tag key names are not allowed for external use"));
        }
        let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "+-=._:/@".contains(c);
        if !tag.key.chars().chain(tag.value.chars()).all(allowed) {
            return Err(invalid(format!("Tag '{}' contains a character that is not valid", tag.key)));
        }
    }
    Ok(())
}

fn missing(arn: &str) -> Refusal {
    let (code, what) = match arn {
        arn if arn.contains(":targetgroup/") => ("TargetGroupNotFound", "Target groups"),
        arn if arn.contains(":listener-rule/") => ("RuleNotFound", "Rules"),
        arn if arn.contains(":listener/") => ("ListenerNotFound", "Listeners"),
        _ => ("LoadBalancerNotFound", "Load balancers"),
    };
    Refusal::client(code, format!("{what} '{arn}' not found"))
}

fn tags_of<'a>(elb: &'a mut Elb, arn: &str) -> Result<&'a mut Vec<Tag>, Refusal> {
    let groups = elb.groups.iter_mut().find(|group| group.arn == arn).map(|group| &mut group.tags);
    let rules = elb.rules.iter_mut().find(|rule| rule.arn == arn).map(|rule| &mut rule.tags);
    groups.or(rules).ok_or_else(|| missing(arn))
}

fn asked<'a>(fields: &Fields<'a>) -> Result<Vec<&'a str>, Refusal> {
    let arns = fields.texts("ResourceArns");
    match arns.len() {
        1..=20 => Ok(arns),
        _ => Err(invalid("You must specify between '1' and '20' resource ARNs")),
    }
}

pub(super) fn describe(elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let mut described = Vec::new();
    for arn in asked(fields)? {
        let fixed = arn == elb.balancer.arn || elb.balancer.listeners.iter().any(|listener| listener.arn == arn);
        let tags = if fixed { Vec::new() } else { tags_of(elb, arn)?.clone() };
        let tags: Vec<Value> = tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect();
        described.push(json!({ "ResourceArn": arn, "Tags": tags }));
    }
    Ok(json!({ "TagDescriptions": described }))
}

pub(super) fn add(elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let new = read(fields)?;
    for arn in asked(fields)? {
        let tags = tags_of(elb, arn)?;
        let mut changed: Vec<Tag> =
            tags.iter().filter(|tag| !new.iter().any(|other| other.key == tag.key)).cloned().collect();
        changed.extend(new.iter().cloned());
        check(&changed)?;
        *tags = changed;
    }
    Ok(json!({}))
}

pub(super) fn remove(elb: &mut Elb, fields: &Fields<'_>) -> Result<Value, Refusal> {
    let keys = fields.texts("TagKeys");
    for arn in asked(fields)? {
        tags_of(elb, arn)?.retain(|tag| !keys.contains(&tag.key.as_str()));
    }
    Ok(json!({}))
}
