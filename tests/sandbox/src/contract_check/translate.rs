//! OpenAPI 3.0's schemas as JSON Schema draft 4, which they are a dialect of.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Whether members that a schema does not name are a breach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Unknown members are fine: answers grow.
    Open,
    /// Unknown members of the outermost object are a breach: nobody reads what a client makes up.
    Closed,
}

/// The schema at `pointer`, with all components that it leads to, as one JSON Schema.
pub(super) fn document(description: &Value, pointer: &str, strictness: Strictness) -> Value {
    let mut own = schema(description.pointer(pointer).unwrap_or(&Value::Null));
    if strictness == Strictness::Closed && own["properties"].is_object() && own["additionalProperties"].is_null() {
        own["additionalProperties"] = false.into();
    }
    let mut components = Map::new();
    let mut open = references(&own);
    while let Some(name) = open.pop_first() {
        if components.contains_key(&name) {
            continue;
        }
        let component = schema(&description["components"]["schemas"][&name]);
        open.extend(references(&component));
        components.insert(name, component);
    }
    json!({ "allOf": [own], "components": { "schemas": components } })
}

/// Names of the components that a schema refers to.
fn references(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match schema {
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str);
            found.extend(target.and_then(|path| path.strip_prefix("#/components/schemas/")).map(str::to_owned));
            found.extend(members.values().flat_map(references));
        }
        Value::Array(items) => found.extend(items.iter().flat_map(references)),
        _ => {}
    }
    found
}

/// One schema: `nullable` says what draft 4 says otherwise, and a member that is empty by default has a format only when it is not.
fn schema(value: &Value) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let mut own: Map<String, Value> =
        members.iter().map(|(keyword, content)| (keyword.clone(), keyword_content(keyword, content))).collect();
    if own.get("default").is_some_and(|default| default == "") {
        own.remove("format");
    }
    if own.remove("nullable") != Some(Value::Bool(true)) {
        return Value::Object(own);
    }
    json!({ "anyOf": [{ "type": "null" }, own] })
}

fn keyword_content(keyword: &str, content: &Value) -> Value {
    match (keyword, content) {
        // Members are named by the API, so their names are no keywords.
        ("properties", Value::Object(members)) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), schema(member))).collect())
        }
        ("items" | "additionalProperties" | "not", _) => schema(content),
        ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => parts.iter().map(schema).collect(),
        _ => content.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Strictness, document};

    #[test]
    fn nullable_becomes_a_choice_and_members_called_nullable_stay() {
        let description = json!({
            "a": { "type": "object", "properties": { "nullable": { "type": "string", "nullable": true } } },
        });
        let translated = document(&description, "/a", Strictness::Closed);
        let expected = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": { "nullable": { "anyOf": [{ "type": "null" }, { "type": "string" }] } },
        });
        assert_eq!(translated["allOf"][0], expected);
    }

    #[test]
    fn address_that_is_empty_by_default_may_be_empty() {
        let description = json!({ "a": { "type": "string", "format": "uri", "default": "" } });
        let translated = document(&description, "/a", Strictness::Open);
        assert_eq!(translated["allOf"][0], json!({ "type": "string", "default": "" }));
    }

    #[test]
    fn components_are_followed_also_in_a_circle() {
        let description = json!({
            "a": { "$ref": "#/components/schemas/tree" },
            "components": { "schemas": {
                "tree": { "properties": { "child": { "$ref": "#/components/schemas/tree" } } },
                "other": {},
            } },
        });
        let translated = document(&description, "/a", Strictness::Open);
        assert_eq!(translated["components"]["schemas"].as_object().map(|all| all.len()), Some(1));
    }
}
