//! The task's own tags: from the metadata endpoint, else from ECS. Runs in a child.

use std::time::{Duration, Instant};

use contract::tags::EXPIRES_AT;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::http::Request;

use crate::aws::{ECS, Service};
use crate::http::{Http, Proxies};
use crate::supervise::options::RenewFrom;

/// Set in every container of a task (agent 1.39.0 and later, Fargate 1.4.0 and later).
const METADATA: &str = "ECS_CONTAINER_METADATA_URI_V4";
/// The endpoint is on this machine; its `/taskWithTags` asks ECS in turn.
const METADATA_LIMIT: Duration = Duration::from_secs(5);

/// What went wrong, by kind: each is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// The metadata endpoint.
    Metadata,
    /// The ECS API.
    Ecs,
    /// The tag itself.
    Tag,
    /// The process that looks.
    Process,
}

/// A fault and its sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(kind: Kind, message: String) -> Self {
        Self { kind, message }
    }
}

/// What the tag says, if it is there.
pub(super) fn end_by_tag(from: RenewFrom, within: Duration) -> Result<Option<String>, Fault> {
    let until = Instant::now() + within;
    if from == RenewFrom::Metadata {
        // On Fargate the endpoint may give no tags, and an agent without ecs:ListTagsForResource gives none either.
        if let Some(end) = metadata("taskWithTags").ok().as_ref().and_then(tag_in_metadata) {
            return Ok(Some(end));
        }
    }
    let task = metadata("task")?;
    let arn = task["TaskARN"].as_str().ok_or_else(|| {
        Fault::new(Kind::Metadata, "the task metadata endpoint does not say the task's ARN".to_owned())
    })?;
    let ecs = |message| Fault::new(Kind::Ecs, message);
    let reply = Service::of_this_task(ECS)
        .and_then(|ecs| ecs.call("ListTagsForResource", arn, &json!({ "resourceArn": arn }), until))
        .map_err(ecs)?;
    let answer = serde_json::from_slice(&reply.body)
        .map_err(|_| ecs(format!("the answer of ECS about the tags of {arn} cannot be read")))?;
    Ok(tag_in_list(&answer))
}

fn metadata(part: &str) -> Result<Value, Fault> {
    let fault = |message| Fault::new(Kind::Metadata, message);
    let base = std::env::var(METADATA).map_err(|_| fault(format!("{METADATA} is not set: this is no ECS task")))?;
    let url = format!("{base}/{part}");
    let broken = |cause: &dyn std::fmt::Display| fault(format!("the task metadata at {url} cannot be read: {cause}"));
    let request = Request::get(&url).body(Vec::new()).map_err(|cause| broken(&cause))?;
    let http = Http::for_url(&url, Proxies::None).map_err(|cause| broken(&cause))?;
    let reply = http.send(request, METADATA_LIMIT).map_err(|cause| broken(&cause))?;
    if reply.status != 200 {
        return Err(broken(&format!("status {}", reply.status)));
    }
    serde_json::from_slice(&reply.body).map_err(|cause| broken(&cause))
}

fn tag_in_metadata(document: &Value) -> Option<String> {
    document["TaskTags"][EXPIRES_AT].as_str().map(str::to_owned)
}

fn tag_in_list(answer: &Value) -> Option<String> {
    let tag = answer["tags"].as_array()?.iter().find(|tag| tag["key"] == EXPIRES_AT)?;
    tag["value"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{tag_in_list, tag_in_metadata};

    #[test]
    fn tag_is_found_in_both_forms() {
        let end = Some("2030-01-01T00:00:00Z".to_owned());
        let metadata =
            json!({ "TaskARN": "a", "TaskTags": { "other": "x", "mayfly:expires-at": "2030-01-01T00:00:00Z" } });
        assert_eq!(tag_in_metadata(&metadata), end);
        let list = json!({ "tags": [
            { "key": "other", "value": "x" }, { "key": "mayfly:expires-at", "value": "2030-01-01T00:00:00Z" },
        ] });
        assert_eq!(tag_in_list(&list), end);
    }

    #[test]
    fn documents_without_the_tag_say_nothing() {
        let denied =
            json!({ "TaskARN": "a", "Errors": [{ "ErrorField": "TaskTags", "ErrorCode": "AccessDeniedException" }] });
        for document in [json!({}), json!([]), json!({ "TaskTags": null }), json!({ "tags": {} }), denied] {
            assert_eq!((tag_in_metadata(&document), tag_in_list(&document)), (None, None), "{document}");
        }
    }

    /// Documents of any shape, with the names that are looked for among others.
    fn any_document() -> impl Strategy<Value = Value> {
        let name = || "TaskTags|tags|key|value|mayfly:expires-at|[a-z]{0,3}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,9}|mayfly:expires-at|2030-01-01T00:00:00Z".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            let members = prop::collection::btree_map(name(), inner.clone(), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Value::from),
                members.prop_map(|members| Value::from(serde_json::Map::from_iter(members))),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_document_is_read_without_a_panic(document in any_document()) {
            let _ = (tag_in_metadata(&document), tag_in_list(&document));
        }

        #[test]
        fn any_text_is_no_tag(text in "\\PC*") {
            prop_assert_eq!((tag_in_metadata(&json!(text)), tag_in_list(&json!(text))), (None, None));
        }
    }
}
