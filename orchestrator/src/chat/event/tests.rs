//! Payloads of our own in GitHub's form, and GitHub's own where a folder of them is named.

use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use serde_json::{Value, json};

use super::{Event, Ignored, read};
use crate::github::CommentId;

/// Names a folder of real payloads, as `@octokit/webhooks-examples` has them.
const REAL: &str = "MAYFLY_TEST_WEBHOOKS";

fn account(login: &str, kind: &str) -> Value {
    json!({ "login": login, "id": 1, "type": kind, "site_admin": false })
}

fn payload() -> Value {
    json!({
        "action": "created",
        "issue": {
            "number": 12,
            "title": "a title",
            "state": "open",
            "author_association": "CONTRIBUTOR",
            "pull_request": { "url": "https://api.github.com/repos/octo/demo/pulls/12", "merged_at": null },
        },
        "comment": {
            "id": 4711,
            "body": "/preview up",
            "user": account("ann", "User"),
            "author_association": "NONE",
            "created_at": "2026-11-18T11:06:40Z",
            "updated_at": "2026-11-18T11:06:40Z",
            "performed_via_github_app": null,
        },
        "repository": { "id": 5, "full_name": "octo/demo" },
        "sender": account("ann", "User"),
    })
}

fn with(pointer: &str, value: Value) -> Result<Event, String> {
    let mut payload = payload();
    *payload.pointer_mut(pointer).expect("a member") = value;
    read(&payload.to_string())
}

#[test]
fn persons_new_comment_at_a_pull_request_is_read() {
    let Ok(Event::Comment(event)) = read(&payload().to_string()) else { panic!("no comment") };
    assert_eq!((event.repository.as_str(), event.pull, event.comment), ("octo/demo", 12, CommentId(4711)));
    assert_eq!((event.author.as_str(), event.body.as_str()), ("ann", "/preview up"));
    assert_eq!(crate::stamp::rfc3339(event.created), "2026-11-18T11:06:40Z");
}

#[test]
fn edited_comment_is_no_command_whatever_it_says_now() {
    for action in ["edited", "deleted", "pinned", ""] {
        let seen = with("/action", json!(action));
        assert_eq!(seen, Ok(Event::Ignored(Ignored::NotCreated(action.to_owned()))));
    }
}

#[test]
fn comment_at_an_issue_is_ignored() {
    assert_eq!(with("/issue/pull_request", Value::Null), Ok(Event::Ignored(Ignored::NotAPullRequest)));
    let mut payload = payload();
    payload["issue"].as_object_mut().expect("an object").remove("pull_request");
    assert_eq!(read(&payload.to_string()), Ok(Event::Ignored(Ignored::NotAPullRequest)));
}

#[test]
fn programs_quoting_a_command_are_ignored() {
    let cases = [
        ("/sender", account("ann", "Bot")),
        ("/sender", account("somebody-else", "User")),
        ("/comment/user", account("ann", "Bot")),
        ("/comment/user", account("ann", "Organization")),
        ("/comment/user", Value::Null),
        ("/comment/user/type", Value::Null),
        ("/comment/performed_via_github_app", json!({ "id": 9, "slug": "an-app" })),
    ];
    for (pointer, value) in cases {
        let seen = with(pointer, value.clone());
        assert!(matches!(seen, Ok(Event::Ignored(Ignored::NotAPerson(_)))), "{pointer} {value}: {seen:?}");
    }
    let mut both = payload();
    both["sender"] = account("dependabot[bot]", "User");
    both["comment"]["user"] = both["sender"].clone();
    assert!(matches!(read(&both.to_string()), Ok(Event::Ignored(Ignored::NotAPerson(_)))));
}

#[test]
fn other_payloads_are_refused_with_the_reason() {
    for text in ["", "[]", "{}", "{\"action\":\"created\"}", "{\"zen\":\"x\",\"hook\":{}}"] {
        assert!(read(text).is_err_and(|fault| fault.contains("run it on issue_comment")), "{text}");
    }
    assert!(with("/comment/created_at", json!("yesterday")).is_err_and(|fault| fault.contains("not a time")));
}

#[test]
fn real_payloads_are_read_and_none_of_them_is_a_command() {
    let Some(folder) = std::env::var_os(REAL) else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(entry.path()).expect("text");
        let event = read(&text);
        if !name.starts_with("issue_comment.") {
            assert!(event.is_err(), "{name}");
            continue;
        }
        seen += 1;
        let expected = if name.contains("created") {
            Ignored::NotAPullRequest
        } else {
            Ignored::NotCreated(name.split('.').nth(1).unwrap_or_default().to_owned())
        };
        assert_eq!(event, Ok(Event::Ignored(expected)), "{name}");
        let mut at_a_pull: Value = serde_json::from_str(&text).expect("JSON");
        at_a_pull["issue"]["pull_request"] = json!({ "url": "https://api.github.com/repos/o/r/pulls/1" });
        at_a_pull["action"] = json!("created");
        assert!(matches!(read(&at_a_pull.to_string()), Ok(Event::Comment(_))), "{name}");
    }
    assert!(seen > 0, "no payload of issue_comment in {REAL}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_what_a_person_sent_themselves_is_ever_a_comment(
        action in "created|edited|deleted",
        kind in "User|Bot|Organization|Mannequin",
        sender in "ann|eve|ann\\[bot\\]",
        body in any::<String>(),
    ) {
        let mut payload = payload();
        payload["action"] = json!(action);
        payload["sender"] = account(&sender, &kind);
        payload["comment"]["body"] = json!(body);
        let event = read(&payload.to_string());
        let genuine = action == "created" && kind == "User" && sender == "ann";
        prop_assert!(matches!(event, Ok(Event::Comment(_))) == genuine, "{event:?}");
    }
}
