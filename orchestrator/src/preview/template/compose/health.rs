//! `healthcheck` of a service, in compose's words and in those of ecs-params.

use contract::duration;

use super::super::container::HealthCheck;
use super::super::fault::Reader;
use super::super::yaml::{Kind, Node};

/// Reads a health check; nothing, where it is switched off.
pub(crate) fn health_check(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<HealthCheck> {
    let mut map = reader.map(what, node);
    let disabled = map.take("disable").and_then(|(what, node)| reader.truth(&what, node)).unwrap_or(false);
    let test = map.take("test").or_else(|| map.take("command")).map(|(what, node)| test(&what, node, reader));
    let mut time = |key: &str| map.take(key).and_then(|(what, node)| seconds(&what, node, reader));
    let (interval, timeout, start_period) = (time("interval"), time("timeout"), time("start_period"));
    let retries = map.take("retries").and_then(|(what, node)| reader.parsed(&what, node, "a whole number"));
    map.refuse_rest(reader, |_| None);
    if disabled {
        return None;
    }
    let Some(command) = test else {
        reader.fault(node.line, format!("{what} has no test"));
        return None;
    };
    let is_none = command.first().is_some_and(|word| word == "NONE");
    let check = HealthCheck { command, interval, timeout, retries, start_period, ..HealthCheck::default() };
    Some(check).filter(|_| !is_none)
}

fn test(what: &str, node: &Node, reader: &mut Reader<'_>) -> Vec<String> {
    match &node.kind {
        Kind::Scalar(text) => vec!["CMD-SHELL".to_owned(), text.clone()],
        _ => reader.texts(what, node),
    }
}

/// Whole seconds, at least one; ECS has no parts of them.
pub(crate) fn seconds(what: &str, node: &Node, reader: &mut Reader<'_>) -> Option<u32> {
    let text = reader.text(what, node)?;
    let seconds = duration::parse(&text).and_then(|time| {
        u32::try_from(time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)))
            .map_err(|_| format!("\"{text}\" is longer than anything waits"))
    });
    reader.take(what, node.line, seconds)
}
