//! `${NAME}` in a compose file. Values come from the settings alone: the environment of this command holds credentials, and
//! a file of a pull request could ask for them by name.

use super::super::fault::Reader;
use super::super::yaml::{Kind, Node};

/// Fills in the values; what has none is a fault.
pub(super) fn fill_in(node: &mut Node, reader: &mut Reader<'_>) {
    match &mut node.kind {
        Kind::Null => {}
        Kind::Scalar(text) => {
            let variables = reader.variables;
            match interpolate(text, &|name| variables.get(name).cloned()) {
                Ok(filled) => *text = filled,
                Err(fault) => reader.fault(node.line, fault),
            }
        }
        Kind::List(items) => items.iter_mut().for_each(|item| fill_in(item, reader)),
        Kind::Map(entries) => entries.iter_mut().for_each(|entry| fill_in(&mut entry.value, reader)),
    }
}

fn interpolate(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(after) = behind.strip_prefix('$') {
            filled.push('$');
            rest = after;
        } else if let Some(inner) = behind.strip_prefix('{') {
            let end = inner.find('}').ok_or_else(|| format!("\"{text}\": ${{ is not closed; write $$ for a dollar"))?;
            filled.push_str(&braced(&inner[..end], value)?);
            rest = &inner[end + 1..];
        } else {
            let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len());
            filled.push_str(&required(&behind[..end], value)?);
            rest = &behind[end..];
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// `NAME`, `NAME:-default` and `NAME-default`.
fn braced(inner: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, operator) = inner.split_at(end);
    if let Some(default) = operator.strip_prefix(":-") {
        return Ok(value(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned()));
    }
    match operator.strip_prefix('-') {
        Some(default) => Ok(value(name).unwrap_or_else(|| default.to_owned())),
        None if operator.is_empty() || operator.starts_with('?') || operator.starts_with(":?") => required(name, value),
        None => Err(format!("\"${{{inner}}}\" is not supported; ${{NAME}} and ${{NAME:-default}} are")),
    }
}

fn required(name: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    if name.is_empty() {
        return Err("a dollar stands alone; write $$ for one".to_owned());
    }
    let fix = "the environment is not read here: write ${NAME:-default}, or variables in [preview]";
    value(name).ok_or_else(|| format!("${name} has no value; {fix}"))
}

#[cfg(test)]
mod tests {
    use super::interpolate;

    #[test]
    fn variables_are_filled_in_as_compose_writes_them() {
        let value = |name: &str| match name {
            "TAG" => Some("v1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let cases = [
            ("app:$TAG", Ok("app:v1")),
            ("app:${TAG}-x", Ok("app:v1-x")),
            ("${NONE:-a}${EMPTY:-b}${EMPTY-c}${NONE-d}", Ok("abd")),
            ("${TAG:?needed}", Ok("v1")),
            ("cost: 5$$", Ok("cost: 5$")),
            ("${HOME}", Err("$HOME has no value")),
            ("$", Err("stands alone")),
            ("${TAG", Err("not closed")),
            ("${TAG:+x}", Err("not supported")),
        ];
        for (text, expected) in cases {
            match (interpolate(text, &value), expected) {
                (Ok(filled), Ok(expected)) => assert_eq!(filled, expected, "{text}"),
                (Err(fault), Err(expected)) => assert!(fault.contains(expected), "{text}: {fault}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
