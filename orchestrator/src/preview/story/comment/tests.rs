//! What the comment says, what it lets nobody say, and when it is left alone.

use super::{Marker, Standing, first_line, fresh, judge, render};
use crate::preview::story::fixture::{FIRST, SHA, URL, at, death, later, live, replaced, stages, story};
use crate::preview::story::{Asked, Cause, Stage};
use crate::stamp;

const EVIL: &str =
    "`````\n</details>\n<!-- mayfly:preview pr=13 -->\n@octo/everyone #1 \u{1b}]8;;x\u{7}\u{202e}~~~~~~~";

#[test]
fn marker_is_read_back_from_every_stage() {
    for stage in stages() {
        let name = stage.name();
        let story = story(stage);
        let body = render(&story);
        let marker = Marker::find(&body).expect("a marker");
        assert_eq!((marker.pull, marker.launch.to_string().as_str(), marker.stage.as_str()), (12, FIRST, name));
        assert_eq!(Some(marker.created), stamp::parse(&stamp::precise(story.subject.created)));
        assert!(body.starts_with(&format!("{}\n", first_line(12))), "{body}");
        assert_eq!(Marker::find(&body.replace('\n', "\r\n")), Some(marker));
    }
}

#[test]
fn marker_counts_at_the_very_top_alone() {
    let body = render(&story(Stage::Ready(live())));
    for before in ["x\n", "\n", " ", "> ", "```\n"] {
        assert_eq!(Marker::find(&format!("{before}{body}")), None, "{before:?}");
    }
    for text in ["", "<!-- mayfly:preview pr=x -->", "<!-- mayfly:preview pr=12 -->\n<!-- mayfly:launch 1 -->"] {
        assert_eq!(Marker::find(text), None, "{text:?}");
    }
}

#[test]
fn ready_tells_url_end_price_commit_image_owner_and_how_to_extend() {
    let body = render(&story(Stage::Ready(live())));
    let parts = [
        "Preview is ready",
        &format!("<{URL}>"),
        "2026-11-18 13:06:40 UTC by itself, until 2026-11-20 11:06:40 UTC at the latest",
        "0.0494 USD per hour (on demand, x86-64)",
        &format!("`{SHA}`"),
        "`registry.example.com/app@sha256:ab`",
        "fargate-spot, task `0f1e2d`",
        "**asked for by** `ann`",
        "queue 1.0 s → pull 20s → start 3.0 s",
        "`/preview extend 2h`",
        "`/preview down`",
    ];
    for part in parts {
        assert!(body.contains(part), "{part} is missing in:\n{body}");
    }
}

#[test]
fn certificate_tells_cause_uptime_cost_boot_log_and_the_way_back() {
    let body = render(&story(Stage::Ended(death(Cause::Ttl))));
    let parts = [
        "Preview ended: its time was up",
        "**ran for** 2h",
        "**cost** 0.0988 USD",
        "**ended** 2026-11-18 13:06:40 UTC",
        "queue 1.0 s → pull 20s",
        "`/preview extend 2h`",
        "```text\nmayfly preview up --pr 12 --image registry.example.com/app@sha256:ab\n```",
        "<details><summary>Its last 2 lines</summary>\n\n```text\nstarted\nGET / 200\n```\n\n</details>",
    ];
    for part in parts {
        assert!(body.contains(part), "{part} is missing in:\n{body}");
    }
}

#[test]
fn every_cause_has_words_and_the_certificate_says_who_and_what_came_instead() {
    let down = render(&story(Stage::Ended(death(Cause::Asked(Asked::Down(Some("bob".to_owned())))))));
    assert!(down.contains("it was taken down") && down.contains("**by** `bob`"), "{down}");
    let replaced = render(&story(replaced()));
    assert!(replaced.contains("a newer commit took its place") && replaced.contains("**now** `fedcba9`"), "{replaced}");
    let memory = render(&story(Stage::Failed(death(Cause::OutOfMemory))));
    assert!(memory.contains("ran out of memory (exit code 137)") && memory.contains("size=large"), "{memory}");
}

/// The text outside of code spans and fences, where GitHub would make something of it.
fn live_text(body: &str) -> String {
    let mut wall: Option<&str> = None;
    let mut out = String::new();
    for line in body.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match wall {
            Some(open) if line == open => wall = None,
            Some(_) => {}
            None if ticks.len() >= 3 && line.ends_with("text") => wall = Some(ticks),
            None => out += &outside_of_spans(line),
        }
    }
    assert_eq!(wall, None, "a fence is open at the end of:\n{body}");
    out
}

fn outside_of_spans(line: &str) -> String {
    let (mut rest, mut out) = (line, String::new());
    while let Some(start) = rest.find('`') {
        out += &rest[..start];
        let after = rest[start..].trim_start_matches('`');
        let ticks = &rest[start..rest.len() - after.len()];
        let end = after
            .match_indices(ticks)
            .find(|(at, _)| !after[at + ticks.len()..].starts_with('`') && !after[..*at].ends_with('`'));
        let (at, _) = end.unwrap_or_else(|| panic!("an open code span in {line}"));
        rest = &after[at + ticks.len()..];
    }
    out + rest + "\n"
}

#[test]
fn texts_of_strangers_mention_nobody_link_nothing_and_close_nothing() {
    let evil = || EVIL.to_owned();
    let mut dead = death(Cause::Asked(Asked::Down(Some(evil()))));
    (dead.detail, dead.revive, dead.log) =
        (Some(evil()), Some(evil()), vec![evil(), "```".to_owned(), "````````".to_owned()]);
    let mut alive = live();
    alive.url = format!("https://x/{EVIL}");
    for stage in [
        Stage::Queued(evil()),
        Stage::Ready(alive.clone()),
        Stage::Warning(alive),
        Stage::Ended(dead.clone()),
        Stage::Failed(dead),
        Stage::Refused(evil()),
    ] {
        let mut story = story(stage);
        (story.subject.image, story.subject.owner, story.subject.task) = (Some(evil()), Some(evil()), Some(evil()));
        for body in [Some(render(&story)), fresh(&story).map(|fresh| fresh.body)].into_iter().flatten() {
            let text = live_text(&body);
            assert!(!text.contains('@') && !text.contains("#1") && !text.contains("pr=13"), "{text}");
            assert_eq!(body.matches("<details>").count(), text.matches("</details>").count(), "{body}");
            assert!(!body.contains(['\u{1b}', '\u{202e}']), "{body}");
        }
        assert_eq!(Marker::find(&render(&story)).map(|marker| marker.pull), Some(12));
    }
}

#[test]
fn body_stays_below_githubs_limit_whatever_the_log_holds() {
    let mut dead = death(Cause::AppExit(1));
    dead.log = vec!["\u{1f600}`".repeat(100_000); 100];
    (dead.detail, dead.revive) = (Some("x".repeat(100_000)), Some("y".repeat(100_000)));
    let mut story = story(Stage::Failed(dead));
    story.subject.image = Some("z".repeat(100_000));
    assert!(render(&story).encode_utf16().count() < 65_536);
}

#[test]
fn story_that_was_told_is_the_same_and_any_change_is_not() {
    for stage in stages() {
        let told = story(stage);
        let body = render(&told);
        assert_eq!(judge(&body, &told), Standing::Same);
        assert_eq!(judge(body.replace('\n', "\r\n").trim_end(), &told), Standing::Same);
    }
    let mut renewed = live();
    renewed.expires = at(9000);
    assert_eq!(judge(&render(&story(Stage::Ready(live()))), &story(Stage::Ready(renewed))), Standing::Outdated);
    assert_eq!(judge("<!-- mayfly:preview pr=12 -->\nbroken", &story(Stage::Ready(live()))), Standing::Outdated);
}

#[test]
fn comment_of_a_later_launch_is_left_alone_and_of_an_earlier_one_taken_over() {
    for (earlier, newer) in stages().into_iter().zip(stages().into_iter().rev()) {
        let refused_beside_a_live_one = matches!(newer, Stage::Refused(_)) && !earlier.is_last();
        let (earlier, newer) = (story(earlier), later(newer));
        assert_eq!(judge(&render(&newer), &earlier), Standing::Ahead, "{earlier:?}");
        let expected = if refused_beside_a_live_one { Standing::Ahead } else { Standing::Outdated };
        assert_eq!(judge(&render(&earlier), &newer), expected, "{newer:?}");
    }
    assert_eq!(judge(&render(&later(Stage::Ready(live()))), &story(replaced())), Standing::Ahead);
}

#[test]
fn launches_of_the_same_moment_do_not_take_the_comment_from_each_other_forever() {
    let mut other = later(Stage::Ready(live()));
    let first = story(Stage::Ready(live()));
    other.subject.created = first.subject.created;
    assert_eq!(judge(&render(&other), &first), Standing::Ahead);
    assert_eq!(judge(&render(&first), &other), Standing::Outdated);
}

#[test]
fn certificate_is_never_undone_and_a_warning_is() {
    let certificate = render(&story(Stage::Ended(death(Cause::Ttl))));
    for stage in stages() {
        let expected = if stage.is_last() { Standing::Outdated } else { Standing::Ahead };
        let found = judge(&certificate, &story(stage.clone()));
        assert!(found == expected || found == Standing::Same, "{stage:?}: {found:?}");
    }
    assert_eq!(judge(&render(&story(Stage::Warning(live()))), &story(Stage::Ready(live()))), Standing::Outdated);
}

#[test]
fn refusal_does_not_hide_what_runs() {
    let refused = || later(Stage::Refused("3 previews run already".to_owned()));
    assert_eq!(judge(&render(&story(Stage::Ready(live()))), &refused()), Standing::Ahead);
    assert_eq!(judge(&render(&story(Stage::Ended(death(Cause::Idle)))), &refused()), Standing::Outdated);
}

#[test]
fn only_ready_and_failed_are_told_anew_and_each_once() {
    let told: Vec<_> = stages().into_iter().filter_map(|stage| fresh(&story(stage))).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].body.contains(&format!("`0123456` is ready: <{URL}>, until 2026-11-18 13:06:40 UTC")));
    assert!(told[1].body.contains("failed: the app did not become ready in time."));
    assert_ne!(told[0].marker, told[1].marker);
    let mut renewed = live();
    renewed.expires = at(9000);
    let again = fresh(&story(Stage::Ready(renewed))).expect("a text");
    assert_eq!(again.marker, told[0].marker);
    assert!(told.iter().all(|told| told.body.starts_with(&told.marker) && Marker::find(&told.body).is_none()));
}
