//! What a pull request is told of a preview of launch mode `local`: the same stories, from a folder instead of a task.

use std::time::{Duration, SystemTime};

use super::super::Context;
use super::local::last_lines;
use super::scene;
use crate::config::PlaceConfig;
use crate::error::Error;
use crate::local::LocalPreview;
use crate::model::{LaunchId, LaunchMode};
use crate::output::say;
use crate::phases::Phase;
use crate::preview::publish::{Publish, Publisher};
use crate::preview::story::certificate::{Asked, Death, Facts, judge};
use crate::preview::story::{Live, Stage, Story, Subject};
use crate::stamp;

/// More than the certificate shows: the record and empty lines are left out of it.
const LINES: usize = 60;

/// Tells of previews here, where there is a credential.
pub struct Ear(Option<Publisher>);

impl Ear {
    /// An ear, which is deaf without a credential.
    ///
    /// # Errors
    /// The credential cannot serve a repository.
    pub fn of(place: &PlaceConfig, publish: Publish, context: &Context<'_>) -> Result<Self, Error> {
        Ok(Self(scene::github(place, context)?.map(|github| Publisher::new(github, publish))))
    }

    /// It answers.
    pub async fn ready(&self, preview: &LocalPreview, boot: Vec<Phase>) {
        self.tell(preview, Stage::Ready(live(preview, boot))).await;
    }

    /// It ends soon.
    pub async fn warning(&self, preview: &LocalPreview) {
        self.tell(preview, Stage::Warning(live(preview, Vec::new()))).await;
    }

    /// It has ended; why, in words.
    pub async fn ended(&self, preview: &LocalPreview, asked: Option<Asked>) -> String {
        let death = death(preview, asked);
        let words = death.cause.words();
        self.tell(preview, Stage::Ended(death)).await;
        words
    }

    async fn tell(&self, preview: &LocalPreview, stage: Stage) {
        let (Some(publisher), Some(subject)) = (&self.0, subject(preview)) else { return };
        for warning in publisher.tell(&Story { subject, stage }).await.warnings {
            say(&format!("mayfly: warning: {warning}"));
        }
    }
}

/// None for a record that somebody has written by hand.
fn subject(preview: &LocalPreview) -> Option<Subject> {
    let record = preview.record();
    Some(Subject {
        pull: record.pr,
        launch: record.id.parse::<LaunchId>().ok()?,
        created: stamp::parse(&record.created)?,
        sha: record.sha.clone().unwrap_or_default(),
        image: None,
        mode: LaunchMode::Local,
        owner: record.owner.clone(),
        price: None,
        task: None,
    })
}

fn live(preview: &LocalPreview, boot: Vec<Phase>) -> Live {
    let record = preview.record();
    let latest = stamp::parse(&record.created).zip(contract::duration::parse(&record.max_ttl).ok());
    Live {
        url: record.url.clone(),
        expires: preview.expires().unwrap_or_else(SystemTime::now),
        latest: latest.map(|(created, most)| created + most),
        boot,
    }
}

fn death(preview: &LocalPreview, asked: Option<Asked>) -> Death {
    let record = preview.record();
    let end = preview.end();
    let uptime = end.as_ref().map(|end| Duration::from_millis(end.uptime_ms));
    let began = stamp::parse(&record.created);
    Death {
        cause: judge(&Facts { end: end.as_ref(), asked, ..Facts::default() }),
        detail: end.map(|end| end.message),
        ended: began.zip(uptime).map(|(began, uptime)| began + uptime),
        uptime,
        cost: None,
        boot: Vec::new(),
        log: last_lines(preview, LINES),
        revive: Some(format!("mayfly preview up --launch-mode local --repo {} --pr {}", record.repo, record.pr)),
    }
}
