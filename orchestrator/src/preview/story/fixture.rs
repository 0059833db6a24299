//! Stories for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Asked, Cause, Death, Live, Stage, Story, Subject};
use crate::model::LaunchMode;
use crate::phases::Phase;
use crate::price::Price;

pub(crate) const FIRST: &str = "00000000-0000-4000-8000-000000000001";
pub(crate) const SECOND: &str = "00000000-0000-4000-8000-000000000002";
pub(crate) const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const URL: &str = "https://pr-12.example.com";

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_000_000 + seconds)
}

pub(crate) fn story(stage: Stage) -> Story {
    let subject = Subject {
        pull: 12,
        launch: FIRST.parse().expect("a UUID"),
        created: at(0) + Duration::from_millis(700),
        sha: SHA.to_owned(),
        image: Some("registry.example.com/app@sha256:ab".to_owned()),
        mode: LaunchMode::FargateSpot,
        owner: Some("ann".to_owned()),
        price: Some(Price { usd: 0.0494, note: "on demand, x86-64" }),
        task: Some("0f1e2d".to_owned()),
    };
    Story { subject, stage }
}

/// The launch that took the first one's place.
pub(crate) fn later(stage: Stage) -> Story {
    let mut story = story(stage);
    story.subject.launch = SECOND.parse().expect("a UUID");
    story.subject.created = at(60);
    story
}

pub(crate) fn live() -> Live {
    let boot = [("queue", 1), ("pull", 20), ("start", 3)];
    let boot = boot.map(|(name, seconds)| Phase { name, took: Duration::from_secs(seconds) }).to_vec();
    Live { url: URL.to_owned(), expires: at(7200), latest: Some(at(172_800)), boot }
}

pub(crate) fn death(cause: Cause) -> Death {
    Death {
        cause,
        detail: None,
        ended: Some(at(7200)),
        uptime: Some(Duration::from_secs(7200)),
        cost: Some(0.0988),
        boot: live().boot,
        log: vec!["started".to_owned(), "GET / 200".to_owned()],
        revive: Some("mayfly preview up --pr 12 --image registry.example.com/app@sha256:ab".to_owned()),
    }
}

/// One story of each stage, in the order of a life.
pub(crate) fn stages() -> Vec<Stage> {
    vec![
        Stage::Queued("a free place: 3 of 3 are taken".to_owned()),
        Stage::Starting(live().boot[..2].to_vec()),
        Stage::Ready(live()),
        Stage::Warning(live()),
        Stage::Ended(death(Cause::Ttl)),
        Stage::Failed(death(Cause::NeverReady)),
        Stage::Refused("3 previews run already".to_owned()),
    ]
}

pub(crate) fn replaced() -> Stage {
    Stage::Ended(death(Cause::Asked(Asked::Replaced("fedcba9".to_owned()))))
}
