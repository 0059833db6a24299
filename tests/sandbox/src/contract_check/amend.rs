//! What the judge knows better than the description that it was given.

use serde_json::{Map, Value, json};

/// Short descriptions of calls that a cut of GitHub's description may lack. They are taken for what is missing only.
const MORE_CALLS: &str = include_str!("more_calls.json");

/// Adds the calls that the description lacks, and corrects what GitHub does not keep to.
pub(super) fn amend(document: &mut Value) {
    if document["paths"].as_object().is_some_and(|paths| !paths.is_empty()) {
        add_calls(document);
    }
    // The repository of a fork that was deleted is null. The description's own webhooks say so, its answers do not.
    for schema in ["pull-request", "pull-request-simple"] {
        let place = format!("/components/schemas/{schema}/properties/head/properties/repo");
        if let Some(repo) = document.pointer_mut(&place) {
            *repo = json!({ "nullable": true, "allOf": [repo.take()] });
        }
    }
}

fn add_calls(document: &mut Value) {
    let more: Map<String, Value> = serde_json::from_str(MORE_CALLS).expect("the sandbox's own description is JSON");
    for (path, calls) in more {
        for (method, call) in calls.as_object().into_iter().flatten() {
            let known = &mut document["paths"][&path][method];
            if known.is_null() {
                *known = call.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::amend;

    const MEMBER: &str = "/orgs/{org}/members/{username}";

    #[test]
    fn missing_call_is_added_and_one_that_is_there_is_kept() {
        let mut cut = json!({ "paths": { "/user": { "get": {} } } });
        amend(&mut cut);
        assert_ne!(cut["paths"][MEMBER]["get"]["responses"]["204"], Value::Null);
        let mut whole = json!({ "paths": { MEMBER: { "get": { "operationId": "theirs" } } } });
        amend(&mut whole);
        assert_eq!(whole["paths"][MEMBER]["get"], json!({ "operationId": "theirs" }));
    }

    #[test]
    fn description_of_nothing_stays_empty() {
        let mut nothing = json!({ "paths": {} });
        amend(&mut nothing);
        assert_eq!(nothing, json!({ "paths": {} }));
    }

    #[test]
    fn head_of_a_pull_request_may_have_no_repository() {
        let repo = json!({ "$ref": "#/components/schemas/repository" });
        let head = json!({ "properties": { "repo": repo } });
        let mut document =
            json!({ "components": { "schemas": { "pull-request": { "properties": { "head": head } } } } });
        amend(&mut document);
        let amended = &document["components"]["schemas"]["pull-request"]["properties"]["head"]["properties"]["repo"];
        assert_eq!(*amended, json!({ "nullable": true, "allOf": [{ "$ref": "#/components/schemas/repository" }] }));
    }
}
