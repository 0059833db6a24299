//! Who gives way, and what a pass mends: situations as tables, and at random.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::{Action, HAND_OVER, Limits, Pull, Rank, RouteSeen, Seen, Why, plan, rank};
use crate::ecs::{Status, Task};
use crate::model::LaunchId;
use crate::preview::observed::Preview;
use crate::preview::slot::{PullNumber, Slot};

const MINUTE: Duration = Duration::from_secs(60);
const LIMITS: Limits = Limits { grace: Duration::from_secs(600), warn: Duration::from_secs(300) };

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn slot(pr: u64) -> Slot {
    Slot { repo: "octo/demo".to_owned(), pr: PullNumber::new(pr).expect("not 0") }
}

/// A preview of pull request 1 that was asked for so long ago and is ready, with an hour left.
fn preview(age: Duration) -> Preview {
    Preview {
        id: LaunchId::random(),
        slot: slot(1),
        sha: None,
        owner: None,
        image: None,
        app: "web".to_owned(),
        port: 8080,
        host: None,
        url: Some("http://x".to_owned()),
        created: now() - age,
        expires: now() + 60 * MINUTE,
        max_ttl: 600 * MINUTE,
        task: Task::in_state("abc", Status::Running),
    }
}

fn ended(age: Duration) -> Preview {
    Preview { task: Task::in_state("abc", Status::Stopped), ..preview(age) }
}

fn starting(age: Duration) -> Preview {
    Preview { url: None, ..preview(age) }
}

fn seen(previews: &[&Preview], pull: Pull) -> Seen {
    Seen {
        previews: previews.iter().map(|preview| (*preview).clone()).collect(),
        pulls: BTreeMap::from([(slot(1), pull)]),
        ..Seen::default()
    }
}

fn planned(previews: &[&Preview], pull: Pull) -> Vec<Action> {
    plan(&seen(previews, pull), LIMITS, now())
}

fn end(preview: &Preview, why: Why) -> Action {
    Action::End { id: preview.id, why }
}

#[test]
fn preview_within_its_lease_is_left_alone_also_where_github_could_not_be_asked() {
    let one = preview(MINUTE);
    assert_eq!(planned(&[&one], Pull::Open), []);
    assert_eq!(planned(&[&one], Pull::Unknown), []);
}

#[test]
fn preview_of_a_closed_pull_request_is_ended() {
    let one = preview(MINUTE);
    assert_eq!(planned(&[&one], Pull::Closed), [end(&one, Why::PullClosed)]);
}

#[test]
fn preview_past_its_lease_is_ended_after_the_grace_alone() {
    let over = |by| Preview { expires: now() - by, ..preview(300 * MINUTE) };
    let (within, beyond) = (over(9 * MINUTE), over(11 * MINUTE));
    assert_eq!(planned(&[&within], Pull::Open), [Action::TellWarning(within.id)]);
    assert!(planned(&[&beyond], Pull::Open).contains(&end(&beyond, Why::PastLease)));
}

#[test]
fn older_preview_gives_way_once_the_newer_one_is_ready() {
    let (old, new, coming) = (preview(60 * MINUTE), preview(MINUTE), starting(MINUTE));
    assert_eq!(planned(&[&old, &new], Pull::Open), [end(&old, Why::Replaced)]);
    assert_eq!(planned(&[&old, &coming], Pull::Open), []);
}

#[test]
fn newer_preview_whose_launch_was_given_up_gives_way_to_the_one_that_serves() {
    let (old, stuck) = (preview(90 * MINUTE), starting(HAND_OVER));
    assert_eq!(planned(&[&old, &stuck], Pull::Open), [end(&stuck, Why::GivenUp)]);
    assert_eq!(planned(&[&stuck], Pull::Open), [], "alone it may still be adopted; its lease ends it");
}

#[test]
fn route_without_a_preview_is_removed_after_the_grace_or_when_the_pull_request_is_closed() {
    let route = |age: Duration| RouteSeen { slot: slot(1), created: Some(now() - age) };
    let with = |route: RouteSeen, previews: &[&Preview], pull| {
        let seen = Seen { routes: vec![route], ..seen(previews, pull) };
        plan(&seen, LIMITS, now()).contains(&Action::RemoveRoute(slot(1)))
    };
    assert!(!with(route(MINUTE), &[], Pull::Open), "its preview may be about to be launched");
    assert!(with(route(11 * MINUTE), &[], Pull::Open));
    assert!(with(route(MINUTE), &[], Pull::Closed));
    assert!(with(route(11 * MINUTE), &[&ended(60 * MINUTE)], Pull::Open));
    assert!(!with(route(11 * MINUTE), &[&preview(MINUTE)], Pull::Open));
}

#[test]
fn task_definitions_go_with_their_pull_request_and_not_before() {
    let with = |pull| {
        let seen = Seen { families: [slot(1)].into(), ..seen(&[], pull) };
        plan(&seen, LIMITS, now())
    };
    assert_eq!(with(Pull::Closed), [Action::Deregister(slot(1))]);
    assert_eq!((with(Pull::Open), with(Pull::Unknown)), (vec![], vec![]));
}

#[test]
fn end_of_the_newest_is_told_and_that_of_a_replaced_one_is_not() {
    let (old, new) = (ended(60 * MINUTE), preview(MINUTE));
    assert_eq!(planned(&[&old, &new], Pull::Open), []);
    let gone = ended(MINUTE);
    assert_eq!(planned(&[&old, &gone], Pull::Open), [Action::TellEnd(gone.id)]);
}

#[test]
fn warning_is_told_when_little_is_left_of_a_preview_that_is_ready() {
    let soon = |preview: Preview| Preview { expires: now() + 4 * MINUTE, ..preview };
    let (ready, coming) = (soon(preview(60 * MINUTE)), soon(starting(MINUTE)));
    assert_eq!(planned(&[&ready], Pull::Open), [Action::TellWarning(ready.id)]);
    assert_eq!(planned(&[&coming], Pull::Open), []);
}

#[test]
fn one_that_is_not_ready_takes_nobodys_place() {
    let (old, coming) = (preview(60 * MINUTE), starting(MINUTE));
    assert_eq!(rank(old.id, &[old.clone(), coming]), Rank::default());
}

proptest! {
    /// Whoever looks, and in whatever order: exactly one of the ready ones of a slot stays.
    #[test]
    fn launches_that_look_at_each_other_agree_on_who_stays(ages in proptest::collection::vec(0_u32..5, 1..6)) {
        let live: Vec<Preview> = ages.iter().map(|age| preview(MINUTE * *age)).collect();
        let ranks: Vec<Rank> = live.iter().map(|one| rank(one.id, &live)).collect();
        let staying: Vec<&Rank> = ranks.iter().filter(|rank| rank.gives_way_to.is_none()).collect();
        prop_assert_eq!(staying.len(), 1);
        prop_assert_eq!(staying[0].retires.len(), live.len() - 1);
    }

    /// What GitHub did not tell ends nothing, and of a slot that is open one ready preview within its lease always stays.
    #[test]
    fn open_slot_keeps_one_ready_preview(
        shapes in proptest::collection::vec((0_u32..100, any::<bool>(), any::<bool>()), 1..6),
        known in any::<bool>(),
    ) {
        let previews: Vec<Preview> = shapes.iter().map(|(age, live, ready)| {
            let one = if *live { preview(MINUTE * *age) } else { ended(MINUTE * *age) };
            Preview { url: one.url.clone().filter(|_| *ready), ..one }
        }).collect();
        let pull = if known { Pull::Open } else { Pull::Unknown };
        let actions = planned(&previews.iter().collect::<Vec<_>>(), pull);
        let ready: Vec<&Preview> = previews.iter().filter(|one| one.is_staying() && one.url.is_some()).collect();
        let ended = |one: &Preview| actions.iter().any(|action| matches!(action, Action::End { id, .. } if *id == one.id));
        prop_assert_eq!(ready.iter().filter(|one| !ended(one)).count(), ready.len().min(1));
    }
}
