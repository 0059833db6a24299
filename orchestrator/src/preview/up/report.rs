//! The answer of `mayfly preview up`: one schema for programs, one glance for people.

use std::fmt::Write as _;

use serde::Serialize;

use super::super::observed::Preview;
use super::Up;
use crate::ecs::TaskArn;
use crate::model::{LaunchId, LaunchMode};
use crate::output::report::shown;
use crate::phases::Phase;
use crate::{price, stamp};

/// A preview that answers.
#[derive(Clone, Debug, Serialize)]
pub struct UpReport {
    /// `OWNER/REPO`.
    pub repo: String,
    /// The pull request.
    pub pr: u64,
    /// The launch.
    pub id: LaunchId,
    /// Where it is reached.
    pub url: String,
    /// The commit.
    pub sha: Option<String>,
    /// The image.
    pub image: Option<String>,
    /// Where it runs.
    pub mode: LaunchMode,
    /// The task; none in launch mode `local`.
    pub task_arn: Option<TaskArn>,
    /// Folder of a local one.
    pub folder: Option<String>,
    /// Whether it was there already.
    pub adopted: bool,
    /// Launches that gave way to it.
    pub replaced: Vec<String>,
    /// How long each phase took.
    pub phases: Vec<Phase>,
    /// US dollars; none where it is not known.
    pub price_per_hour: Option<f64>,
    /// When its lease ends: RFC 3339.
    pub expires_at: String,
    /// Until when it can be extended: RFC 3339.
    pub latest: String,
}

impl Up<'_> {
    pub(super) fn report(&self, preview: &Preview, mode: LaunchMode, adopted: bool, replaced: Vec<String>) -> UpReport {
        let price = price::per_hour(&preview.task, mode, &self.hands.aws.region);
        UpReport {
            repo: preview.slot.repo.clone(),
            pr: preview.slot.pr.get(),
            id: preview.id,
            url: preview.url.clone().unwrap_or_default(),
            sha: preview.sha.as_ref().map(ToString::to_string),
            image: preview.image.clone(),
            mode,
            task_arn: Some(preview.task.arn.clone()),
            folder: None,
            adopted,
            replaced,
            phases: self.phases.list(),
            price_per_hour: price.map(|price| (price.usd * 1e6).round() / 1e6),
            expires_at: stamp::rfc3339(preview.expires),
            latest: stamp::rfc3339(preview.created + preview.max_ttl),
        }
    }
}

impl UpReport {
    /// For people.
    pub fn text(&self) -> String {
        let place = match (&self.task_arn, &self.folder) {
            (Some(arn), _) => format!("task {}", arn.task_id()),
            (None, folder) => folder.clone().unwrap_or_default(),
        };
        let mut text = format!("url        {}\n", self.url);
        let found = if self.adopted { "found" } else { "started" };
        let _ = writeln!(text, "{found:<10} {place} on {}", self.mode);
        let _ = writeln!(text, "shows      {}#{} at {}", self.repo, self.pr, self.commit());
        let _ = writeln!(text, "phases     {}", self.waterfall());
        let _ = writeln!(text, "price      {}", self.price());
        let _ = writeln!(text, "dies       {}", self.death());
        text
    }

    fn commit(&self) -> &str {
        self.sha.as_deref().map_or("an unnamed commit", |sha| &sha[..sha.len().min(7)])
    }

    fn waterfall(&self) -> String {
        let parts: Vec<String> =
            self.phases.iter().map(|phase| format!("{} {}", phase.name, shown(phase.took))).collect();
        parts.join(" → ")
    }

    fn price(&self) -> String {
        match (self.price_per_hour, self.mode) {
            (Some(usd), _) => format!("{usd:.4} USD per hour"),
            (None, LaunchMode::Local) => "nothing but this machine".to_owned(),
            (None, LaunchMode::Ec2) => "nothing beyond the instances of the cluster".to_owned(),
            (None, _) => "not listed for this region".to_owned(),
        }
    }

    fn death(&self) -> String {
        let Self { expires_at, latest, pr, .. } = self;
        format!("at {expires_at}; `mayfly preview extend 2h --pr {pr}` renews it, until {latest} at the latest")
    }

    /// For the job's summary.
    pub fn markdown(&self) -> String {
        let Self { url, pr, .. } = self;
        format!(
            "### Preview of #{pr}: <{url}>\n\n{} on {}: {}. Price: {}. Dies {}.\n",
            self.commit(),
            self.mode,
            self.waterfall(),
            self.price(),
            self.death()
        )
    }

    /// The step's outputs.
    pub fn outputs(&self) -> [(&'static str, String); 5] {
        [
            ("url", self.url.clone()),
            ("id", self.id.to_string()),
            ("environment", super::environment_of(self.pr)),
            ("task-arn", self.task_arn.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("expires-at", self.expires_at.clone()),
        ]
    }
}
