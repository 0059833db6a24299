//! Each command, as somebody who may writes it.

use e2e::preview::app;
use sandbox::github::Emotion::{Confused, Eyes, Rocket};
use sandbox::world::WRITER;

use crate::stage::{put_away, say, world};

const CONFIG: i32 = 64;

#[test]
fn up_and_extend_and_status_and_down_are_obeyed_and_answered_with_a_rocket() {
    let (world, pull) = world();
    let up = say(&world, pull, WRITER, "/preview up ttl=30m size=small FEATURE_X=true");
    let ran = up.heard("").succeeds();
    assert_eq!(up.reactions(pull), [Eyes, Rocket]);
    world.assert_serves(ran.output("url"), "FEATURE_X=true");

    let extend = say(&world, pull, WRITER, "/preview extend 10m");
    extend.heard("").succeeds();
    assert_eq!(extend.reactions(pull), [Eyes, Rocket]);
    assert!(extend.answer(pull).contains("renewed: it ends at"), "{}", extend.answer(pull));

    let status = say(&world, pull, WRITER, "/preview status");
    status.heard("").succeeds();
    assert!(status.answer(pull).contains(ran.output("url")), "{}", status.answer(pull));

    let down = say(&world, pull, WRITER, "/preview down");
    down.heard("").succeeds();
    assert_eq!(down.reactions(pull), [Eyes, Rocket]);
    assert!(world.live_previews().is_empty() && world.page(ran.output("url")).is_none());
    assert!(world.sticky(pull).contains("preview up"), "{}", world.sticky(pull));
    world.finish();
}

#[test]
fn testenv_with_a_feature_sets_supersets_variable() {
    let (world, pull) = world();
    let ran = say(&world, pull, WRITER, "/testenv up FEATURE_X=true").heard("").succeeds();
    let task = world.only_preview();
    let told = task.overrides["containerOverrides"].to_string();
    assert!(told.contains(r#"{"name":"SUPERSET_FEATURE_X","value":"true"}"#), "{told}");
    assert!(!told.contains(r#""FEATURE_X""#), "{told}");
    assert_eq!(world.page(ran.output("url")).map(|page| page.status), Some(200));
    put_away(world, pull);
}

#[test]
fn help_is_answered_once_and_starts_nothing() {
    let (world, pull) = world();
    let help = say(&world, pull, WRITER, "/preview help");
    help.heard("").succeeds();
    help.heard("").succeeds();
    assert!(help.answer(pull).contains("/preview extend 2h"));
    world.assert_nothing_was_started();
    world.finish();
}

#[test]
fn command_that_is_not_understood_is_answered_with_its_usage() {
    let (world, pull) = world();
    for (body, word) in [
        ("/preview up ttl=soon", "ttl"),
        ("/preview fly", "fly"),
        ("/preview up LD_PRELOAD=/tmp/x.so", "LD_PRELOAD"),
        ("/preview up PATH=/tmp", "PATH"),
        ("/preview up AWS_ACCESS_KEY_ID=x", "AWS_ACCESS_KEY_ID"),
        ("/preview up ttl=0", "ttl"),
    ] {
        let said = say(&world, pull, WRITER, body);
        said.heard("").fails(CONFIG);
        assert_eq!(said.reactions(pull).last(), Some(&Confused), "{body}");
        assert!(said.answer(pull).contains(word), "{body}: {}", said.answer(pull));
    }
    world.assert_nothing_was_started();
    world.finish();
}

#[test]
fn shell_metacharacters_are_text_in_the_apps_variable_and_nothing_else() {
    let (world, pull) = world();
    let canary = world.home().join("canary");
    let body = format!("/preview up FEATURE_X=$(touch${{IFS}}{0});`touch${{IFS}}{0}`", canary.display());
    let said = say(&world, pull, WRITER, &body);
    said.heard("").succeeds();
    assert!(!canary.exists());
    let told = world.only_preview().overrides["containerOverrides"].to_string();
    assert!(told.contains("$(touch${IFS}"), "{told}");
    put_away(world, pull);
}

#[test]
fn publish_none_starts_it_and_writes_nothing_but_reactions() {
    let (world, pull) = world();
    let up = say(&world, pull, WRITER, "/preview up");
    up.heard("--publish none").succeeds();
    assert_eq!(up.reactions(pull), [Eyes, Rocket]);
    assert_eq!(world.only_preview().tag(contract::tags::KIND), Some(contract::tags::KIND_PREVIEW));
    say(&world, pull, WRITER, "/preview down").heard("--publish none").succeeds();
    assert!(world.comments(pull).is_empty(), "{:#?}", world.comments(pull));
    assert!(world.sandbox.github.deployments().is_empty());
    let writes = ["comments", "deployments", "statuses"].map(|word| world.github_requests("POST", word));
    let others: Vec<_> = writes.iter().flatten().filter(|exchange| !exchange.path.ends_with("/reactions")).collect();
    assert!(others.is_empty(), "{others:#?}");
    world.finish();
}

#[test]
fn second_push_and_second_up_replace_the_preview_in_the_one_comment() {
    let (world, pull) = world();
    say(&world, pull, WRITER, "/preview up").heard("").succeeds();
    let first = world.only_preview();
    // Of two launches in one second nobody could say which one is the later.
    let second = || world.sandbox.github.clock().unix();
    let ready = second();
    world.eventually("the next second", || (second() > ready).then_some(()));
    let sha = world.sandbox.github.push(pull);
    say(&world, pull, WRITER, &format!("/preview up {sha}")).heard(&format!("--image {}", app("v2"))).succeeds();
    assert_ne!(world.only_preview().arn, first.arn);
    assert!(world.sticky(pull).contains(&sha), "{}", world.sticky(pull));
    put_away(world, pull);
}
