//! What a task tells about the preview that it is: from its tags, or, once StopTask has deleted them, from its overrides.

use std::time::{Duration, SystemTime};

use contract::{duration, env, tags};

use super::slot::{PullNumber, Sha, Slot};
use crate::ecs::Task;
use crate::inventory::is_ours;
use crate::model::LaunchId;
use crate::stamp;

/// A preview, live or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The launch.
    pub id: LaunchId,
    /// Whose it is.
    pub slot: Slot,
    /// The commit that it shows, where it was told.
    pub sha: Option<Sha>,
    /// Who asked for it.
    pub owner: Option<String>,
    /// The image, by its digest where that was known.
    pub image: Option<String>,
    /// The container that runs the app.
    pub app: String,
    /// The port that the app listens on.
    pub port: u16,
    /// Host name of its route through a load balancer.
    pub host: Option<String>,
    /// Where it is reached, once it was.
    pub url: Option<String>,
    /// When it was asked for.
    pub created: SystemTime,
    /// When its lease ends, as granted from outside.
    pub expires: SystemTime,
    /// So long after it was asked for no renewal goes.
    pub max_ttl: Duration,
    /// The task.
    pub task: Task,
}

impl Preview {
    /// Reads a task; `None` for what is no preview of ours, or does not say what nobody could have left out.
    pub fn of(task: &Task) -> Option<Self> {
        let fact = |tag, variable| task.fact(tag, variable);
        if !is_ours(task) || fact(tags::KIND, env::KIND) != Some(tags::KIND_PREVIEW) {
            return None;
        }
        let pr: PullNumber = fact(tags::PR, env::PR)?.parse().ok()?;
        let created = stamp::parse(fact(tags::CREATED_AT, env::CREATED_AT)?)?;
        let variable = |name: &str| task.environment.get(name).cloned();
        let told = |name: &str| variable(name).and_then(|text| duration::parse(&text).ok());
        let ttl = told(env::TTL)?;
        let expires = task.tags.get(tags::EXPIRES_AT).and_then(|text| stamp::parse(text));
        Some(Self {
            id: task.started_by.as_deref()?.parse().ok()?,
            slot: Slot { repo: fact(tags::REPO, env::REPO)?.to_owned(), pr },
            sha: fact(tags::SHA, env::SHA).and_then(|text| text.parse().ok()),
            owner: fact(tags::OWNER, env::OWNER).map(str::to_owned),
            image: variable(env::IMAGE),
            app: variable(env::APP)?,
            port: variable(env::PORT)?.parse().ok()?,
            host: variable(env::HOST),
            url: task.tags.get(tags::URL).cloned(),
            created,
            expires: expires.unwrap_or(created + ttl),
            max_ttl: told(env::MAX_TTL).unwrap_or(ttl),
            task: task.clone(),
        })
    }

    /// Whether something of it may still run.
    pub fn is_live(&self) -> bool {
        !self.task.status.is_over()
    }

    /// Whether it is alive and nobody has told it to end.
    pub fn is_staying(&self) -> bool {
        self.is_live() && !self.task.stopping
    }

    /// How long it ran, or has run until now: from the start of its containers, else from its launch.
    pub fn uptime(&self, now: SystemTime) -> Duration {
        let times = &self.task.times;
        let from = times.started.unwrap_or(self.created);
        let until = times.execution_stopped.or(times.stopped).unwrap_or(now);
        until.duration_since(from).unwrap_or_default()
    }
}

/// Previews among tasks, oldest first.
pub fn previews(tasks: &[Task]) -> Vec<Preview> {
    let mut previews: Vec<Preview> = tasks.iter().filter_map(Preview::of).collect();
    previews.sort_by_key(|preview| (preview.created, preview.id));
    previews
}
