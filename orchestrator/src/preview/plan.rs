//! Who gives way to whom, and what a pass over previews mends. Pure: no client, no clock, no choice left for the executor.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use contract::duration;
use serde::Serialize;

use super::observed::Preview;
use super::slot::Slot;
use crate::model::LaunchId;

/// A newer preview that has not become ready after so long was given up by whoever launched it. Longer than a launch waits for a
/// place and then for the app.
pub const HAND_OVER: Duration = Duration::from_secs(30 * 60);

/// Where a launch that has become ready stands among the live ones of its slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rank {
    /// These were asked for earlier, and give way to it.
    pub retires: Vec<LaunchId>,
    /// This one was asked for later and is ready: it gives way itself.
    pub gives_way_to: Option<LaunchId>,
}

/// Decides who gives way in a slot. Launches that look at each other come to the same order, whenever they look, so that
/// exactly one of those that are ready stays; one that is not ready yet takes nobody's place.
pub fn rank(own: LaunchId, live: &[Preview]) -> Rank {
    let key = |preview: &Preview| (preview.created, preview.id);
    let Some(mine) = live.iter().find(|preview| preview.id == own) else { return Rank::default() };
    let others = live.iter().filter(|preview| preview.id != own && preview.slot == mine.slot && preview.is_staying());
    let (older, newer): (Vec<&Preview>, Vec<&Preview>) = others.partition(|other| key(other) < key(mine));
    Rank {
        retires: older.iter().map(|other| other.id).collect(),
        gives_way_to: newer.iter().find(|other| other.url.is_some()).map(|other| other.id),
    }
}

/// What the pull request of a slot is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// Open.
    Open,
    /// Closed or merged.
    Closed,
    /// Nobody could be asked, or the answer was no answer: never a reason to end anything.
    Unknown,
}

/// A route through a load balancer: a rule, a target group, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSeen {
    /// Whose it is.
    pub slot: Slot,
    /// When it was made, where its tags tell.
    pub created: Option<SystemTime>,
}

/// What a pass has seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Previews, live and remembered.
    pub previews: Vec<Preview>,
    /// Routes of ours; none where no load balancer was named.
    pub routes: Vec<RouteSeen>,
    /// Slots that have a task definition of ours.
    pub families: BTreeSet<Slot>,
    /// Pull requests, of all slots that occur.
    pub pulls: BTreeMap<Slot, Pull>,
}

/// Why a preview is ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its pull request is closed or merged.
    PullClosed,
    /// Its supervisor should have ended it.
    PastLease,
    /// A newer one of its slot is ready.
    Replaced,
    /// Its launch was given up, and an older one serves the slot.
    GivenUp,
}

impl Why {
    /// For a task's stop reason and for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PullClosed => "the pull request is closed",
            Self::PastLease => "past its lease",
            Self::Replaced => "replaced by a newer commit",
            Self::GivenUp => "its launch was given up",
        }
    }
}

/// One thing to do. Each is safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Take it off its route, and stop its task.
    End {
        /// Which.
        id: LaunchId,
        /// Why.
        why: Why,
    },
    /// Remove rule, targets and target group.
    RemoveRoute(Slot),
    /// Tell the pull request that the last preview of the slot has ended, unless it knows.
    TellEnd(LaunchId),
    /// Tell the pull request that the time is nearly up, unless it knows.
    TellWarning(LaunchId),
    /// Deregister all task definitions of a slot.
    Deregister(Slot),
}

/// What the pass goes by.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What is younger, or not yet so long past its end, is left alone.
    pub grace: Duration,
    /// So long before its end a preview is warned of.
    pub warn: Duration,
}

/// Decides about everything that was seen.
pub fn plan(seen: &Seen, limits: Limits, now: SystemTime) -> Vec<Action> {
    let mut slots: BTreeSet<&Slot> = seen.previews.iter().map(|preview| &preview.slot).collect();
    slots.extend(seen.routes.iter().map(|route| &route.slot));
    slots.extend(&seen.families);
    slots.into_iter().flat_map(|slot| plan_slot(slot, seen, limits, now)).collect()
}

fn plan_slot(slot: &Slot, seen: &Seen, limits: Limits, now: SystemTime) -> Vec<Action> {
    let previews: Vec<&Preview> = seen.previews.iter().filter(|preview| preview.slot == *slot).collect();
    let pull = seen.pulls.get(slot).copied().unwrap_or(Pull::Unknown);
    let mut actions = Vec::new();
    let mut staying = 0;
    for preview in previews.iter().filter(|preview| preview.is_staying()) {
        match why_end(preview, &previews, pull, limits, now) {
            Some(why) => actions.push(Action::End { id: preview.id, why }),
            None => staying += 1,
        }
    }
    if staying == 0 {
        let ours = seen.routes.iter().filter(|route| route.slot == *slot);
        let old = |route: &RouteSeen| route.created.is_none_or(|created| age(created, now) >= limits.grace);
        if ours.clone().next().is_some() && (pull == Pull::Closed || ours.clone().all(old)) {
            actions.push(Action::RemoveRoute(slot.clone()));
        }
        if pull == Pull::Closed && seen.families.contains(slot) {
            actions.push(Action::Deregister(slot.clone()));
        }
    }
    actions.extend(story(&previews, staying, limits, now));
    actions
}

fn why_end(preview: &Preview, slot: &[&Preview], pull: Pull, limits: Limits, now: SystemTime) -> Option<Why> {
    if pull == Pull::Closed {
        return Some(Why::PullClosed);
    }
    if age(preview.expires, now) > limits.grace {
        return Some(Why::PastLease);
    }
    let others = || slot.iter().filter(|other| other.id != preview.id && other.is_staying());
    let newer = |other: &&&Preview| (other.created, other.id) > (preview.created, preview.id);
    if others().filter(newer).any(|other| other.url.is_some()) {
        return Some(Why::Replaced);
    }
    let given_up = preview.url.is_none() && age(preview.created, now) >= HAND_OVER.max(limits.grace);
    let serves = others().any(|other| !newer(&other) && other.url.is_some());
    (given_up && serves).then_some(Why::GivenUp)
}

/// What the pull request is to be told: of the newest one only, since the comment speaks of one.
fn story(previews: &[&Preview], staying: usize, limits: Limits, now: SystemTime) -> Option<Action> {
    let newest = previews.iter().max_by_key(|preview| (preview.created, preview.id))?;
    if !newest.is_live() && staying == 0 {
        return Some(Action::TellEnd(newest.id));
    }
    let left = newest.expires.duration_since(now).unwrap_or_default();
    (newest.is_staying() && newest.url.is_some() && left <= limits.warn).then_some(Action::TellWarning(newest.id))
}

fn age(since: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(since).unwrap_or_default()
}

impl Action {
    /// For tables: what it is about, and why.
    pub fn words(&self, seen: &Seen) -> (String, String) {
        let slot = |id: &LaunchId| {
            let preview = seen.previews.iter().find(|preview| preview.id == *id);
            preview.map_or_else(|| id.to_string(), |preview| preview.slot.to_string())
        };
        match self {
            Self::End { id, why } => (slot(id), format!("preview {id}: {}", why.words())),
            Self::RemoveRoute(slot) => (slot.to_string(), "route without a preview".to_owned()),
            Self::TellEnd(id) => (slot(id), "the pull request is told of the end".to_owned()),
            Self::TellWarning(id) => {
                let preview = seen.previews.iter().find(|preview| preview.id == *id);
                let end = preview.map(|preview| crate::stamp::rfc3339(preview.expires)).unwrap_or_default();
                (slot(id), format!("the pull request is warned: ends at {end}"))
            }
            Self::Deregister(slot) => (slot.to_string(), "task definitions of a closed pull request".to_owned()),
        }
    }
}

/// How long is left, in words; `expired` once it is over.
pub fn left(expires: SystemTime, now: SystemTime) -> String {
    expires.duration_since(now).map_or_else(|_| "expired".to_owned(), duration::format)
}

#[cfg(test)]
mod tests;
