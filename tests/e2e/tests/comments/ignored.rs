//! What looks like a command and is none: the event is read, and nothing is called.

use e2e::World;
use sandbox::github::{CommentAction, IssueId};
use sandbox::world::{REPO, WRITER};

use crate::stage::{Said, say, world};

#[track_caller]
fn assert_ignored(world: &World, said: &Said<'_>, action: CommentAction, situation: &str) {
    let before = (world.sandbox.github.log().len(), world.sandbox.aws.log().len());
    let ran = said.happened(action, "").succeeds();
    assert!(ran.stdout.contains("ignored"), "{situation}: {ran:#?}");
    assert_eq!((world.sandbox.github.log().len(), world.sandbox.aws.log().len()), before, "{situation}");
}

#[test]
fn command_that_does_not_stand_alone_at_the_start_calls_nothing() {
    let (world, pull) = world();
    for body in [
        "> /preview up",
        "```\n/preview up\n```",
        "    /preview up",
        "\t/preview up",
        "Please:\n/preview up",
        "\n\n> quoted\n\n/preview up",
        "`/preview up`",
        "<!-- /preview up -->",
        "please /preview up",
        "/previewup",
        "/рreview up",
        "／preview up",
        "/preview\u{200b} up",
        "/PREVIEW\u{202e} up",
        "",
    ] {
        assert_ignored(&world, &say(&world, pull, WRITER, body), CommentAction::Created, &format!("{body:?}"));
    }
    world.finish();
}

#[test]
fn comment_that_is_edited_into_a_command_or_deleted_calls_nothing() {
    let (world, pull) = world();
    let said = say(&world, pull, WRITER, "looks good");
    world.sandbox.github.edit_comment(said.id, "/preview up");
    assert_ignored(&world, &said, CommentAction::Edited, "edited");
    assert_ignored(&world, &say(&world, pull, WRITER, "/preview up"), CommentAction::Deleted, "deleted");
    world.finish();
}

#[test]
fn command_of_a_bot_or_at_an_issue_calls_nothing() {
    let (world, pull) = world();
    world.sandbox.github.add_user("dependabot[bot]");
    assert_ignored(&world, &say(&world, pull, "dependabot[bot]", "/preview up"), CommentAction::Created, "a bot");
    let issue: IssueId = world.sandbox.github.open_issue(REPO, WRITER, "It is broken");
    assert_ignored(&world, &say(&world, issue, WRITER, "/preview up"), CommentAction::Created, "an issue");
    world.finish();
}
