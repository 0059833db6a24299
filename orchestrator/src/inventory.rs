//! Both sides at one moment, joined: tasks of ours and runners with names of this place.

use std::collections::HashMap;
use std::time::SystemTime;

use contract::{env, tags};

use crate::ecs::client::Listing;
use crate::ecs::{Ecs, Status, Task, TaskArn};
use crate::error::Error;
use crate::github::{GitHub, Runner};
use crate::model::{LaunchId, Place, RunnerName};
use crate::plan::{Live, Sighting};
use crate::stamp;

/// What was seen.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The place that was looked at.
    pub place: Place,
    /// Tasks of ours: those that carry our tag, or, once StopTask has deleted the tags, our identity in their overrides.
    pub tasks: Vec<Task>,
    /// Runners with names of this place; none where GitHub may not be asked.
    pub runners: Option<Vec<Runner>>,
}

/// Which tasks to look at besides the live ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Those too, as long as ECS remembers them.
    Included,
    /// Live ones only.
    Left,
}

/// A machine, seen from both sides.
#[derive(Clone, Debug)]
pub struct Machine<'i> {
    /// The runner's name, from either side.
    pub name: String,
    /// The name in its parts.
    pub parts: Option<RunnerName>,
    /// ECS's side.
    pub task: Option<&'i Task>,
    /// GitHub's side.
    pub runner: Option<&'i Runner>,
}

/// Whether a task is ours: the only question that gives the right to touch it.
pub fn is_ours(task: &Task) -> bool {
    let Some(started_by) = task.started_by.as_deref() else { return false };
    started_by.parse::<LaunchId>().is_ok() && task.fact(tags::ID, env::ID) == Some(started_by)
}

impl Inventory {
    /// Looks at everything of a cluster.
    ///
    /// # Errors
    /// Either side refuses: half a look is no ground to act on.
    pub async fn of_cluster(ecs: &Ecs, github: Option<&GitHub>, place: Place, stopped: Stopped) -> Result<Self, Error> {
        let mut arns = ecs.list_tasks(&Listing::Live).await?;
        if stopped == Stopped::Included {
            arns.extend(ecs.list_tasks(&Listing::Stopped).await?);
        }
        let tasks = ecs.describe_tasks(&arns).await?.into_iter().filter(is_ours).collect();
        let runners = runners(github, &place, None).await?;
        Ok(Self { place, tasks, runners })
    }

    /// Looks at one label.
    ///
    /// # Errors
    /// Either side refuses.
    pub async fn of_label(
        ecs: &Ecs,
        github: Option<&GitHub>,
        place: Place,
        id: LaunchId,
        stopped: Stopped,
    ) -> Result<Self, Error> {
        let mut arns = ecs.list_tasks(&Listing::StartedBy(id.to_string())).await?;
        if stopped == Stopped::Included {
            // ECS takes no second filter beside startedBy, so ended tasks are looked through.
            arns.extend(ecs.list_tasks(&Listing::Stopped).await?);
        }
        let started_by = id.to_string();
        let fits = |task: &Task| is_ours(task) && task.started_by.as_deref() == Some(started_by.as_str());
        let tasks = ecs.describe_tasks(&arns).await?.into_iter().filter(fits).collect();
        let runners = runners(github, &place, Some(id)).await?;
        Ok(Self { place, tasks, runners })
    }

    /// Both sides joined by the runner's name, oldest first.
    pub fn machines(&self) -> Vec<Machine<'_>> {
        let mut by_name: HashMap<String, Machine<'_>> = HashMap::new();
        for task in &self.tasks {
            let Some(name) = task.fact(tags::RUNNER_NAME, env::RUNNER_NAME) else { continue };
            let parts = RunnerName::parse(name);
            by_name.insert(name.to_owned(), Machine { name: name.to_owned(), parts, task: Some(task), runner: None });
        }
        for runner in self.runners.iter().flatten() {
            let parts = RunnerName::parse(&runner.name);
            let empty = || Machine { name: runner.name.clone(), parts, task: None, runner: None };
            by_name.entry(runner.name.clone()).or_insert_with(empty).runner = Some(runner);
        }
        let mut machines: Vec<_> = by_name.into_values().collect();
        machines.sort_by(|a, b| (a.created(), &a.name).cmp(&(b.created(), &b.name)));
        machines
    }
}

impl Inventory {
    /// What a pass decides about.
    pub fn sightings(&self) -> Vec<Sighting<TaskArn>> {
        self.machines().iter().map(Machine::sighting).collect()
    }
}

async fn runners(github: Option<&GitHub>, place: &Place, id: Option<LaunchId>) -> Result<Option<Vec<Runner>>, Error> {
    let Some(github) = github else { return Ok(None) };
    let ours = |runner: &Runner| {
        RunnerName::parse(&runner.name).is_some_and(|name| name.place == *place && id.is_none_or(|id| name.id == id))
    };
    Ok(Some(github.runners().await?.into_iter().filter(ours).collect()))
}

impl Machine<'_> {
    /// When it was asked for.
    pub fn created(&self) -> Option<SystemTime> {
        self.parts.as_ref().map(|parts| parts.created)
    }

    /// When it dies by itself at the latest, as its task says.
    pub fn expires(&self) -> Option<SystemTime> {
        let task = self.task?;
        if let Some(expires) = task.tags.get(tags::EXPIRES_AT).and_then(|text| stamp::parse(text)) {
            return Some(expires);
        }
        let lifetime = task.environment.get(env::MAX_LIFETIME).and_then(|text| contract::duration::parse(text).ok())?;
        let created = task.environment.get(env::CREATED_AT).and_then(|text| stamp::parse(text))?;
        Some(created + lifetime)
    }

    fn sighting(&self) -> Sighting<TaskArn> {
        let live = self.task.filter(|task| !task.status.is_over());
        Sighting {
            name: self.name.clone(),
            created: self.created(),
            runner: self.runner.map(|runner| runner.id),
            live: live.map(|task| Live { handle: task.arn.clone(), expires: self.expires(), stopping: task.stopping }),
        }
    }

    /// Whether a task of it is alive.
    pub fn is_alive(&self) -> bool {
        self.task.is_some_and(|task| !task.status.is_over())
    }

    /// A runner without a live task.
    pub fn is_ghost(&self) -> bool {
        self.runner.is_some() && !self.is_alive()
    }

    /// A running task whose runner GitHub does not know, where GitHub was asked.
    pub fn is_orphan(&self, asked_github: bool) -> bool {
        let running = self.task.is_some_and(|task| task.status == Status::Running && !task.stopping);
        asked_github && running && self.runner.is_none()
    }
}
