//! Tags: their rules, and the calls that change them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Ecs;
use super::task::{Tag, Task};
use crate::aws::wire::Refusal;

/// The most tags of one resource.
const MOST: usize = 50;

/// Refuses tags that break AWS's rules (ECS API reference, "Tag"; `botocore` data, ecs `service-2.json`).
pub(crate) fn check(tags: &[Tag]) -> Result<(), Refusal> {
    let refuse = |text: String| Err(Refusal::client("InvalidParameterException", text));
    if tags.len() > MOST {
        return refuse(format!("The number of tags exceeds the limit of {MOST}."));
    }
    for (place, tag) in tags.iter().enumerate() {
        if tag.key.is_empty() || tag.key.chars().count() > 128 || tag.value.chars().count() > 256 {
            return refuse(format!("Tag '{}': a key has 1 to 128 characters, a value at most 256.", tag.key));
        }
        if tag.key.to_lowercase().starts_with("aws:") {
            return refuse(format!("Tag '{}': the prefix aws: is reserved.", tag.key));
        }
        if !tag.key.chars().chain(tag.value.chars()).all(is_allowed) {
            return refuse(format!("Tag '{}': only letters, digits, spaces and + - = . _ : / @ are allowed.", tag.key));
        }
        if tags[..place].iter().any(|other| other.key == tag.key) {
            return refuse(format!("Duplicate tag keys found: {}.", tag.key));
        }
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(crate) fn tag(ecs: &mut Ecs, change: &Change) -> Result<Value, Refusal> {
    check(&change.tags)?;
    let own = changeable(ecs, &change.resource_arn)?;
    let mut tags: Vec<Tag> =
        own.iter().filter(|tag| !change.tags.iter().any(|new| new.key == tag.key)).cloned().collect();
    tags.extend(change.tags.iter().cloned());
    let ours: Vec<Tag> = tags.iter().filter(|tag| !tag.key.starts_with("aws:")).cloned().collect();
    check(&ours)?;
    *own = tags;
    Ok(json!({}))
}

pub(crate) fn untag(ecs: &mut Ecs, change: &Change) -> Result<Value, Refusal> {
    changeable(ecs, &change.resource_arn)?.retain(|tag| !change.tag_keys.contains(&tag.key));
    Ok(json!({}))
}

/// Also answers for tasks that have ended: what StopTask has deleted is gone, what a task kept to its own end is still
/// there.
pub(crate) fn list(ecs: &mut Ecs, change: &Change) -> Result<Value, Refusal> {
    let arn = &change.resource_arn;
    if let Some(tags) = ecs.families.tags_mut(arn) {
        return Ok(json!({ "tags": tags }));
    }
    Ok(json!({ "tags": any_task(ecs, arn)?.tags }))
}

/// The tags of a task definition, or of a task that is still to run.
fn changeable<'a>(ecs: &'a mut Ecs, arn: &str) -> Result<&'a mut Vec<Tag>, Refusal> {
    if arn.contains(":task-definition/") {
        return ecs.families.tags_mut(arn).ok_or_else(missing);
    }
    let stopped = || {
        let text = "The specified task is stopped. Specify a running task and try again.";
        Refusal::client("InvalidParameterException", text)
    };
    let task = Some(any_task(ecs, arn)?).filter(|task| !task.is_to_stop).ok_or_else(stopped)?;
    Ok(&mut task.tags)
}

fn missing() -> Refusal {
    Refusal::client("ResourceNotFoundException", "The specified resource could not be found.")
}

fn any_task<'a>(ecs: &'a mut Ecs, arn: &str) -> Result<&'a mut Task, Refusal> {
    if !arn.starts_with("arn:aws:ecs:") {
        return Err(Refusal::client("InvalidParameterException", "Invalid resource ARN."));
    }
    ecs.tasks.find_mut(arn).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::{Tag, check};

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn tags_outside_of_the_rules_are_refused() {
        assert!(check(&[tag("mayfly:id", "a b+c-d=e.f_g:h/i@j"), tag("größe", "")]).is_ok());
        let long = "x".repeat(257);
        for bad in [
            tag("", "v"),
            tag("aws:x", "v"),
            tag("AWS:x", "v"),
            tag("k", "a,b"),
            tag("k", &long),
            tag(&long[..129], "v"),
        ] {
            assert!(check(std::slice::from_ref(&bad)).is_err(), "{bad:?}");
        }
        assert!(check(&[tag("k", "1"), tag("k", "2")]).is_err());
        let many: Vec<Tag> = (0..51).map(|number| tag(&format!("k{number}"), "v")).collect();
        assert!(check(&many[..50]).is_ok() && check(&many).is_err());
    }
}
