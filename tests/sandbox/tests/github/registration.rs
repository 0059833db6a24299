//! Runners register, are listed, and are removed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::Scope;
use sandbox::github::{GitHubConfig, Group, Limits, Place, Visibility};
use serde_json::{Value, json};

use crate::world::{RUNNERS, World};

#[test]
fn jit_configuration_holds_the_three_files_and_only_the_labels_asked_for() {
    let world = World::start();
    let body = json!({ "name": "mf-1", "runner_group_id": 1, "labels": ["Self-Hosted", "ABC"], "work_folder": "w" });
    let reply = world.admin().post(&format!("{RUNNERS}/generate-jitconfig"), &body);
    assert_eq!(reply.status, 201);
    let labels: Vec<&str> =
        reply.body["runner"]["labels"].as_array().unwrap().iter().filter_map(|label| label["name"].as_str()).collect();
    assert_eq!(labels, ["self-hosted", "abc"], "lower case, and none added");
    let packed = STANDARD.decode(reply.body["encoded_jit_config"].as_str().unwrap()).unwrap();
    let files: Value = serde_json::from_slice(&packed).unwrap();
    let settings: Value =
        serde_json::from_slice(&STANDARD.decode(files[".runner"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!((&settings["agentId"], &settings["workFolder"]), (&reply.body["runner"]["id"], &json!("w")));
    assert_eq!(settings["ephemeral"], true);
    assert!(files[".credentials"].is_string() && files[".credentials_rsaparams"].is_string());
}

#[test]
fn jit_requests_that_github_refuses_are_refused_with_its_status() {
    let world = World::start();
    let admin = world.admin();
    let wanted = |body: Value| {
        let mut whole = json!({ "name": "n", "runner_group_id": 1, "labels": ["x"] });
        for (name, value) in body.as_object().unwrap() {
            whole[name] = value.clone();
        }
        whole.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        whole
    };
    let cases = [
        ("orgs/octo", json!({ "name": null }), 422),
        ("orgs/octo", json!({ "runner_group_id": null }), 422),
        ("orgs/octo", json!({ "labels": null }), 422),
        ("orgs/octo", json!({ "labels": [] }), 422),
        ("orgs/octo", json!({ "labels": vec!["x"; 101] }), 422),
        ("orgs/octo", json!({ "name": "n".repeat(65) }), 422),
        ("orgs/octo", json!({ "runner_group_id": 99 }), 404),
        ("orgs/octo", json!({ "runner_group_id": 2 }), 403),
        ("repos/octo/demo", json!({ "runner_group_id": 2 }), 404),
        ("repos/octo/unknown", json!({}), 404),
        ("enterprises/big-co", json!({}), 201),
    ];
    for (scope, body, status) in cases {
        let reply = admin.post(&format!("/{scope}/actions/runners/generate-jitconfig"), &wanted(body.clone()));
        assert_eq!(reply.status, status, "{scope} {body}: {}", reply.body);
    }
}

#[test]
fn name_is_taken_within_its_place_only() {
    let world = World::start();
    let admin = world.admin();
    assert_eq!(admin.jit("repos/octo/demo", "same").status, 201);
    assert_eq!(admin.jit("repos/octo/demo", "SAME").status, 409);
    assert_eq!(admin.jit("orgs/octo", "same").status, 201);
}

#[test]
fn list_comes_in_pages_with_links_and_is_filtered_by_name() {
    let world = World::start();
    let admin = world.admin();
    for number in 0..7 {
        admin.jit("orgs/octo", &format!("r{number}"));
    }
    let first = admin.get("/orgs/octo/actions/runners?per_page=3");
    assert_eq!((&first.body["total_count"], first.body["runners"].as_array().unwrap().len()), (&json!(7), 3));
    let next = first.header("link").split(';').next().unwrap().trim_matches(['<', '>']).to_owned();
    assert!(next.ends_with("/orgs/octo/actions/runners?per_page=3&page=2"), "{next}");
    assert!(first.header("link").contains("page=3>; rel=\"last\""));
    let last = admin.get("/orgs/octo/actions/runners?per_page=3&page=3");
    assert_eq!(last.body["runners"][0]["name"], "r6");
    assert!(!last.header("link").contains("rel=\"next\""));
    let named = admin.get("/orgs/octo/actions/runners?name=r5");
    assert_eq!((&named.body["total_count"], &named.body["runners"][0]["name"]), (&json!(1), &json!("r5")));
    assert_eq!(admin.get("/orgs/octo/actions/runners?name=none").body["total_count"], 0);
}

#[test]
fn delete_says_whether_the_runner_was_idle_busy_or_gone() {
    let world = World::start();
    let admin = world.admin();
    let id = admin.jit("repos/octo/demo", "r").body["runner"]["id"].as_u64().unwrap();
    let job = world.github.queue_job(world.run(), "build", &["other"], Vec::new());
    world.github.make_busy(id, job);
    let busy = admin.delete(&format!("{RUNNERS}/{id}"));
    assert_eq!((busy.status, busy.message()), (422, "Bad request - Runner \"r\" is still running a job\""));
    assert_eq!(world.github.runners().len(), 1, "kept");
    world.github.finish_job(job, sandbox::github::Conclusion::Success);
    assert_eq!(admin.delete(&format!("{RUNNERS}/{id}")).status, 404, "an ephemeral runner goes with its job");
    let idle = admin.jit("repos/octo/demo", "r").body["runner"]["id"].as_u64().unwrap();
    assert_eq!(admin.delete(&format!("/orgs/octo/actions/runners/{idle}")).status, 404, "of another place");
    assert_eq!(admin.delete(&format!("{RUNNERS}/{idle}")).status, 204);
    assert_eq!(admin.get(&format!("{RUNNERS}/{idle}")).status, 404);
}

#[test]
fn registration_that_never_connected_ends_by_itself() {
    let limits = Limits { never_used: Duration::from_secs(120), ..Limits::default() };
    let world = World::with(GitHubConfig { limits, ..GitHubConfig::default() });
    let admin = world.admin();
    admin.jit("repos/octo/demo", "r");
    world.github.clock().advance(Duration::from_secs(119));
    assert_eq!(admin.get(RUNNERS).body["total_count"], 1);
    world.github.clock().advance(Duration::from_secs(2));
    assert_eq!(admin.get(RUNNERS).body["total_count"], 0);
}

#[test]
fn labels_can_be_changed_but_for_the_fixed_ones() {
    let world = World::start();
    let admin = world.admin();
    let id = admin.jit("repos/octo/demo", "r").body["runner"]["id"].as_u64().unwrap();
    let labels = format!("{RUNNERS}/{id}/labels");
    assert_eq!(admin.post(&labels, &json!({ "labels": ["GPU", "x"] })).body["total_count"], 3);
    assert_eq!(admin.delete(&format!("{labels}/gpu")).body["total_count"], 2);
    assert_eq!(admin.delete(&format!("{labels}/gpu")).status, 404);
    assert_eq!(admin.delete(&labels).body["total_count"], 0);
}

#[test]
fn groups_are_listed_where_they_exist() {
    let world = World::start();
    let admin = world.admin();
    let group = Group {
        id: 5,
        name: "builders".to_owned(),
        visibility: Visibility::Selected(vec![4242]),
        allows_public: false,
    };
    world.github.add_group(Place::Org(77), group);
    let names = |path: &str| {
        let body = admin.get(path).body;
        let groups = body["runner_groups"].as_array().cloned().unwrap_or_default();
        groups.iter().map(|group| group["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("/orgs/octo/actions/runner-groups"), ["Default", "GitHub Actions", "builders"]);
    let visible = |repo: &str| names(&format!("/orgs/octo/actions/runner-groups?visible_to_repository={repo}"));
    assert_eq!(visible("demo"), ["Default", "GitHub Actions", "builders"]);
    world.github.add_repo(crate::world::repo(5, "other"));
    assert_eq!(visible("other"), ["Default", "GitHub Actions"]);
    assert_eq!(names("/enterprises/big-co/actions/runner-groups"), ["Default", "GitHub Actions"]);
    assert_eq!(admin.get("/repos/octo/demo/actions/runner-groups").status, 404);
}

#[test]
fn old_versions_are_said_to_be_refused_already() {
    let world = World::start();
    let date = |version: &str| {
        let reply = world.admin().get(&format!("{RUNNERS}/deprecations/{version}"));
        reply.body["registration_deprecates_at"].as_str().unwrap().to_owned()
    };
    assert!(date("2.300.0") < date("2.336.0"));
}

#[test]
fn ghost_can_be_planted_and_is_offline() {
    let world = World::start();
    let scope: Scope = "orgs/octo".parse().unwrap();
    world.github.add_runner(&scope, "mf-ghost", &["self-hosted"]);
    let listed = world.admin().get("/orgs/octo/actions/runners").body;
    assert_eq!((&listed["runners"][0]["status"], &listed["runners"][0]["busy"]), (&json!("offline"), &json!(false)));
}
