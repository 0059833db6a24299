//! Who may command.

use sandbox::github::Emotion::{Confused, Eyes, Rocket};
use sandbox::github::{Access, CommentAction, Fault, FaultKind, Membership};
use sandbox::world::{ORG, READER, REPO, STRANGER, WRITER};

use crate::stage::{say, world};

const REFUSED: i32 = 8;

#[test]
fn who_may_push_or_maintain_is_obeyed_and_others_get_a_reaction_alone() {
    let (world, pull) = world();
    for (login, access) in [("triager", Access::Triage), ("keeper", Access::Maintain)] {
        world.sandbox.github.add_user(login);
        world.sandbox.github.set_role(REPO, login, access);
    }
    for login in [WRITER, "keeper"] {
        let said = say(&world, pull, login, "/preview help");
        said.heard("").succeeds();
        assert_eq!(said.reactions(pull), [Eyes, Rocket], "{login}");
    }
    let before = world.comments(pull).len();
    for login in [READER, STRANGER, "triager"] {
        let said = say(&world, pull, login, "/preview up");
        said.heard("").fails(REFUSED);
        assert_eq!(said.reactions(pull), [Confused], "{login}");
    }
    assert_eq!(world.comments(pull).len(), before);
    world.assert_nothing_was_started();
    world.finish();
}

#[test]
fn maintain_is_told_from_write_by_the_role() {
    let (world, pull) = world();
    world.sandbox.github.add_user("keeper");
    world.sandbox.github.set_role(REPO, "keeper", Access::Maintain);
    say(&world, pull, "keeper", "/preview help").heard("--allow maintain").succeeds();
    say(&world, pull, WRITER, "/preview help").heard("--allow maintain").fails(REFUSED);
    world.finish();
}

#[test]
fn permission_that_cannot_be_looked_up_is_none() {
    let (world, pull) = world();
    let broken = FaultKind::Status { status: 500, message: "out of order".to_owned() };
    world.sandbox.github.fault(Fault { times: None, ..Fault::once("GET", "*/permission", broken) });
    let said = say(&world, pull, WRITER, "/preview up");
    said.heard("").fails(REFUSED);
    assert_eq!(said.reactions(pull), [Confused]);
    world.assert_nothing_was_started();
    world.finish();
}

#[test]
fn private_member_is_obeyed_where_the_token_may_see_members_and_nobody_else_is() {
    let (world, pull) = world();
    let allow = "--allow org-member";
    let token = world.sandbox.github_token();
    say(&world, pull, WRITER, "/preview help").heard(allow).env("MAYFLY_GITHUB_TOKEN", token).succeeds();
    say(&world, pull, STRANGER, "/preview help").heard(allow).env("MAYFLY_GITHUB_TOKEN", token).fails(REFUSED);
    world.finish();
}

#[test]
fn redirect_that_outsiders_get_is_no_membership() {
    let (world, pull) = world();
    world.sandbox.github.set_member(ORG, STRANGER, Membership::Private);
    // A job's token is of no member: GitHub answers 302 and shows public members only.
    say(&world, pull, STRANGER, "/preview up").heard("--allow org-member").fails(REFUSED);
    let asked = world.github_requests("GET", "/members/");
    assert!(asked.iter().all(|exchange| exchange.status != 204) && !asked.is_empty(), "{asked:#?}");
    world.assert_nothing_was_started();
    world.finish();
}

#[test]
fn association_that_the_payload_claims_counts_for_nothing() {
    let (world, pull) = world();
    let said = say(&world, pull, STRANGER, "/preview up");
    let payload = world.sandbox.github.event_of(said.id, CommentAction::Created).to_string();
    let (before, after) = payload.split_once(r#""author_association":""#).expect("GitHub claims one");
    let rest = after.split_once('"').map(|(_, rest)| rest).expect("it is a text");
    let file = world.home().join("event.json");
    std::fs::write(&file, format!(r#"{before}"author_association":"OWNER"{rest}"#)).expect("there is room");
    said.heard("").env("GITHUB_EVENT_PATH", &file).fails(REFUSED);
    world.assert_nothing_was_started();
    world.finish();
}
