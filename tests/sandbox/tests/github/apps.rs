//! GitHub Apps: who they are, and what their tokens may do.

use std::time::{Duration, SystemTime};

use contract::Secret;
use contract::github_app::AppKey;
use sandbox::github::{Account, App, Installation, Level, Reach};
use sandbox::keys::{APP_PRIVATE_KEY, PublicKey, WRONG_PRIVATE_KEY};
use serde_json::{Value, json};

use crate::world::{Client, RUNNERS, World, repo};

const TOKENS: &str = "/app/installations/31/access_tokens";

fn world() -> World {
    let world = World::start();
    world.github.add_repo(repo(5, "second"));
    let permissions = [("administration", Level::Write), ("actions", Level::Read)];
    world.github.add_app(App {
        id: 12,
        client_id: "Iv1.standin".to_owned(),
        slug: "standin".to_owned(),
        key: PublicKey::of_private(APP_PRIVATE_KEY).unwrap(),
        installation: Installation {
            id: 31,
            account: Account { id: 77, login: "octo".to_owned() },
            permissions: permissions.map(|(name, level)| (name.to_owned(), level)).into(),
            reach: Reach::Selected([4242].into()),
        },
    });
    world
}

fn signed_by(pem: &str, issuer: &str, at: SystemTime) -> String {
    AppKey::parse(&Secret::new(pem)).unwrap().sign(issuer, at).unwrap().expose().to_owned()
}

fn app(world: &World) -> Client {
    world.client(&signed_by(APP_PRIVATE_KEY, "12", SystemTime::now()))
}

#[test]
fn app_says_who_it_is_by_its_id_or_client_id() {
    let world = world();
    for issuer in ["12", "Iv1.standin"] {
        let client = world.client(&signed_by(APP_PRIVATE_KEY, issuer, SystemTime::now()));
        assert_eq!(client.get("/app").body["id"], 12);
    }
}

#[test]
fn app_tokens_that_are_not_right_are_refused() {
    let world = world();
    let (now, hour) = (SystemTime::now(), Duration::from_secs(3_600));
    let cases = [
        (signed_by(WRONG_PRIVATE_KEY, "12", now), "could not be decoded"),
        (signed_by(APP_PRIVATE_KEY, "13", now), "Integration not found"),
        (signed_by(APP_PRIVATE_KEY, "12", now - hour), "'exp'"),
        (signed_by(APP_PRIVATE_KEY, "12", now + hour), "'iat'"),
        ("a.b.c".to_owned(), "could not be decoded"),
    ];
    for (token, reason) in cases {
        let reply = world.client(&token).get("/app");
        assert_eq!(reply.status, 401);
        assert!(reply.message().contains(reason), "{}", reply.message());
    }
}

#[test]
fn installation_is_found_where_it_reaches() {
    let world = world();
    let app = app(&world);
    assert_eq!(app.get("/repos/octo/demo/installation").body["id"], 31);
    assert_eq!(app.get("/orgs/octo/installation").body["id"], 31);
    assert_eq!(app.get("/repos/octo/second/installation").status, 404);
}

#[test]
fn installation_token_does_what_the_installation_may_for_an_hour() {
    let world = world();
    let given = app(&world).post(TOKENS, &Value::Null);
    assert_eq!(given.status, 201);
    let client = world.client(given.body["token"].as_str().unwrap());
    assert_eq!(client.jit("repos/octo/demo", "r").status, 201);
    world.github.clock().advance(Duration::from_secs(3_601));
    assert_eq!(client.get(RUNNERS).status, 401);
}

#[test]
fn narrowed_token_does_less_and_never_more() {
    let world = world();
    let app = app(&world);
    let narrowed = app.post(TOKENS, &json!({ "repositories": ["demo"], "permissions": { "administration": "read" } }));
    assert_eq!((narrowed.status, &narrowed.body["permissions"]), (201, &json!({ "administration": "read" })));
    let reader = world.client(narrowed.body["token"].as_str().unwrap());
    assert_eq!(reader.get(RUNNERS).status, 200);
    assert_eq!(reader.jit("repos/octo/demo", "r").status, 403);
    for body in [
        json!({ "permissions": { "organization_self_hosted_runners": "write" } }),
        json!({ "permissions": { "actions": "write" } }),
        json!({ "repositories": ["second"] }),
        json!({ "repository_ids": [5] }),
    ] {
        assert_eq!(app.post(TOKENS, &body).status, 422, "{body}");
    }
}

#[test]
fn app_itself_may_not_touch_runners() {
    let world = world();
    assert_eq!(app(&world).jit("repos/octo/demo", "r").status, 403);
}
