//! The answer of `mayfly runner start`: one schema for programs, one glance for people.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use contract::duration;
use serde::Serialize;

use crate::ecs::TaskArn;
use crate::model::{LaunchId, LaunchMode, Limits};
use crate::phases::Phase;
use crate::price::Price;
use crate::stamp;

/// One machine.
#[derive(Clone, Debug, Serialize)]
pub struct LaunchReport {
    /// The label, again: each launch can be read alone.
    pub id: LaunchId,
    /// Which of `--count`.
    pub index: u32,
    /// The task; none in launch mode `local`.
    pub task_arn: Option<TaskArn>,
    /// The runner's name at GitHub.
    pub runner_name: String,
    /// Where it runs.
    pub mode: LaunchMode,
    /// Whether it was found and not started.
    pub adopted: bool,
    /// How long each phase took.
    pub phases: Vec<Phase>,
    /// US dollars; none where it is not known.
    pub price_per_hour: Option<f64>,
    /// What is to be known about the price.
    pub price_note: Option<&'static str>,
    /// When it dies by itself at the latest: RFC 3339.
    pub expires_at: String,
    /// Folder of a local machine.
    pub folder: Option<String>,
}

/// All of them.
#[derive(Clone, Debug, Serialize)]
pub struct StartReport {
    /// What the next job's `runs-on` names besides `self-hosted`.
    pub label: LaunchId,
    /// The whole `runs-on`.
    pub runs_on: Vec<String>,
    /// Whether every machine was found and none started.
    pub adopted: bool,
    /// Phases before the launches: `oidc`, `sts`.
    pub phases: Vec<Phase>,
    /// The machines.
    pub launches: Vec<LaunchReport>,
}

impl LaunchReport {
    /// Puts the price in.
    pub fn priced(mut self, price: Option<Price>) -> Self {
        self.price_per_hour = price.as_ref().map(|price| (price.usd * 1e6).round() / 1e6);
        self.price_note = price.map(|price| price.note);
        self
    }
}

/// When a machine dies by itself at the latest.
pub fn expires_at(created: SystemTime, limits: &Limits) -> String {
    stamp::rfc3339(created + limits.max_lifetime)
}

impl StartReport {
    /// `runs-on` as `fromJSON` takes it.
    pub fn runs_on_json(&self) -> String {
        serde_json::to_string(&self.runs_on).unwrap_or_default()
    }

    /// For people.
    pub fn text(&self, limits: &Limits) -> String {
        let mut text = format!("label      {}\nruns-on    {}\n", self.label, self.runs_on_json());
        for launch in &self.launches {
            text += &launch.text();
        }
        let _ = writeln!(text, "phases     {}", waterfall(&self.phases, self.launches.first()));
        let _ = writeln!(text, "price      {}", self.price());
        let _ = writeln!(text, "dies       {}", self.death(limits));
        text
    }

    fn price(&self) -> String {
        let prices: Vec<f64> = self.launches.iter().filter_map(|launch| launch.price_per_hour).collect();
        let mode = self.launches.first().map(|launch| launch.mode);
        let note = self.launches.first().and_then(|launch| launch.price_note).unwrap_or_default();
        match (prices.as_slice(), mode) {
            ([], Some(LaunchMode::Local)) => "nothing but this machine".to_owned(),
            ([], Some(LaunchMode::Ec2)) => "nothing beyond the instances of the cluster".to_owned(),
            ([], _) => "not listed for this region".to_owned(),
            ([one], _) => format!("{one:.4} USD per hour ({note})"),
            (all, _) => format!("{:.4} USD per hour for {} machines ({note})", all.iter().sum::<f64>(), all.len()),
        }
    }

    fn death(&self, limits: &Limits) -> String {
        let latest = self.launches.iter().map(|launch| launch.expires_at.as_str()).max().unwrap_or_default();
        format!("after its job; after {} without one; at {latest} at the latest", duration::format(limits.max_idle))
    }

    /// For the job's summary.
    pub fn markdown(&self, limits: &Limits) -> String {
        let mut text = format!("### Runner `{}`\n\n| machine | mode | phases |\n| --- | --- | --- |\n", self.label);
        for launch in &self.launches {
            let machine = launch.task_arn.as_ref().map_or(launch.runner_name.as_str(), TaskArn::task_id);
            let adopted = if launch.adopted { " (adopted)" } else { "" };
            let _ = writeln!(
                text,
                "| `{machine}`{adopted} | {} | {} |",
                launch.mode,
                waterfall(&self.phases, Some(launch))
            );
        }
        let _ = writeln!(text, "\nPrice: {}. Dies {}.", self.price(), self.death(limits));
        text
    }
}

impl LaunchReport {
    fn text(&self) -> String {
        let found = if self.adopted { "found" } else { "started" };
        let place = match (&self.task_arn, &self.folder) {
            (Some(arn), _) => format!("task {}", arn.task_id()),
            (None, Some(folder)) => folder.clone(),
            (None, None) => String::new(),
        };
        format!("{found:<10} {place} on {}\nrunner     {}\n", self.mode, self.runner_name)
    }
}

fn waterfall(before: &[Phase], launch: Option<&LaunchReport>) -> String {
    let after = launch.map(|launch| launch.phases.as_slice()).unwrap_or_default();
    let parts: Vec<String> =
        before.iter().chain(after).map(|phase| format!("{} {}", phase.name, shown(phase.took))).collect();
    parts.join(" → ")
}

/// Milliseconds below ten seconds, where they matter.
pub(crate) fn shown(took: Duration) -> String {
    match took.as_millis() {
        millis @ 0..=999 => format!("{millis} ms"),
        1_000..=9_999 => format!("{:.1} s", took.as_secs_f64()),
        _ => duration::format(took),
    }
}
