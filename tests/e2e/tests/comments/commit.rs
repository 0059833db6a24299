//! For which commit a command stands.

use std::time::Duration;

use e2e::World;
use sandbox::aws::fixture;
use sandbox::github::{Emotion, IssueId, PullSpec};
use sandbox::world::{REPO, STRANGER, WRITER};

use crate::stage::{UP, put_away, say, world};

const REFUSED: i32 = 8;

fn head(world: &World, pull: IssueId) -> String {
    let issue = world.sandbox.github.issue(pull).and_then(|issue| issue.pull);
    issue.expect("it is a pull request").head().to_owned()
}

#[test]
fn head_that_moved_after_the_comment_is_asked_for_again() {
    let (world, pull) = world();
    let said = say(&world, pull, WRITER, UP);
    world.sandbox.github.clock().advance(Duration::from_secs(60));
    let sha = world.sandbox.github.push(pull);
    said.heard("").fails(REFUSED);
    assert!(said.answer(pull).contains(&format!("/preview up {sha}")), "{}", said.answer(pull));
    assert_eq!(said.reactions(pull).last(), Some(&Emotion::Confused));
    world.assert_nothing_was_started();
    world.finish();
}

#[test]
fn commit_that_is_not_the_head_is_refused_and_the_head_by_its_beginning_is_not() {
    let (world, pull) = world();
    let old = head(&world, pull);
    let new = world.sandbox.github.push(pull);
    say(&world, pull, WRITER, &format!("{UP} {old}")).heard("").fails(REFUSED);
    world.assert_nothing_was_started();
    say(&world, pull, WRITER, &format!("{UP} {}", &new[..10])).heard("").succeeds();
    assert_eq!(world.only_preview().tag(contract::tags::SHA), Some(new.as_str()));
    put_away(world, pull);
}

#[test]
fn forks_commit_is_named_in_full_and_gets_a_cage() {
    let (world, _) = world();
    let fork = world.sandbox.github.open_pull(PullSpec::from_fork(REPO, STRANGER));
    let sha = head(&world, fork);
    let cage = &format!("--fork-security-groups {}", fixture::FORK_SECURITY_GROUP);
    for body in [UP.to_owned(), format!("{UP} {}", &sha[..10])] {
        let said = say(&world, fork, WRITER, &body);
        said.heard(cage).fails(REFUSED);
        assert!(said.answer(fork).contains(&format!("/preview up {sha}")), "{}", said.answer(fork));
    }
    say(&world, fork, WRITER, &format!("{UP} {sha} ttl=20h")).heard(cage).succeeds();
    let call = world.aws_calls("RunTask").pop().expect("it was started").parameters;
    let network = &call["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["securityGroups"], serde_json::json!([fixture::FORK_SECURITY_GROUP]), "{call}");
    assert!(call.to_string().contains(r#""--max-ttl","1h""#), "{call}");
    let definition = world.aws_calls("RegisterTaskDefinition").pop().expect("one was registered").parameters;
    assert!(definition["taskRoleArn"].as_str().unwrap_or_default().is_empty(), "{definition}");
    assert!(call["overrides"]["taskRoleArn"].as_str().unwrap_or_default().is_empty(), "{call}");
    put_away(world, fork);
}

#[test]
fn fork_that_was_deleted_and_pull_request_that_is_closed_get_nothing() {
    let (world, pull) = world();
    let fork = world.sandbox.github.open_pull(PullSpec::from_fork(REPO, STRANGER));
    let sha = head(&world, fork);
    world.sandbox.github.delete_fork(fork);
    let said = say(&world, fork, WRITER, &format!("{UP} {sha}"));
    said.heard("").fails(REFUSED);
    assert!(said.answer(fork).contains("fork"), "{}", said.answer(fork));
    world.sandbox.github.close(pull);
    let said = say(&world, pull, WRITER, UP);
    said.heard("").fails(REFUSED);
    assert!(said.answer(pull).contains("closed"), "{}", said.answer(pull));
    world.assert_nothing_was_started();
    world.finish();
}

#[test]
fn words_of_strangers_in_title_body_and_branch_do_nothing() {
    let (world, _) = world();
    let canary = world.home().join("canary");
    let evil = format!(
        "$(touch {0});`touch {0}` && \"; touch {0} #\n/preview up\n<!-- mayfly:preview pr=1 -->",
        canary.display()
    );
    let branch = "a$(touch${IFS}canary)`id`".to_owned();
    let spec = PullSpec { title: evil.clone(), body: evil, branch, ..PullSpec::of(REPO, WRITER) };
    let pull = world.sandbox.github.open_pull(spec);
    say(&world, pull, WRITER, UP).heard("").succeeds();
    assert!(!canary.exists());
    put_away(world, pull);
}
