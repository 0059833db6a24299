//! What a pass of `mayfly reap` does, decided purely: no client, no clock, no choice left for the executor.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::github::RunnerId;

/// What the pass goes by.
#[derive(Clone, Copy, Debug)]
pub struct ReapLimits {
    /// What is younger, or not yet so long past its end, is left alone.
    pub grace: Duration,
}

/// A machine as one look at both sides shows it. `H` is what ends it: a task's ARN, or a local machine.
#[derive(Clone, Debug)]
pub struct Sighting<H> {
    /// Its runner's name.
    pub name: String,
    /// When it was asked for, as its name says.
    pub created: Option<SystemTime>,
    /// Its runner, where GitHub knows one.
    pub runner: Option<RunnerId>,
    /// The machine itself, while it lives.
    pub live: Option<Live<H>>,
}

/// A machine that lives.
#[derive(Clone, Debug)]
pub struct Live<H> {
    /// What ends it.
    pub handle: H,
    /// When it dies by itself at the latest.
    pub expires: Option<SystemTime>,
    /// Whether it was told to end.
    pub stopping: bool,
}

/// One thing to do. Each is safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Action<H> {
    /// Delete a runner that has no machine. GitHub refuses while a job runs, and then it stays.
    DeleteGhost {
        /// Its number.
        #[serde(skip)]
        runner: RunnerId,
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// End a machine that outlived its own end: delete its runner, stop its task.
    EndMachine {
        /// What ends it.
        machine: H,
        /// Its runner, where GitHub knows one.
        #[serde(skip)]
        runner: Option<RunnerId>,
        /// Its runner's name.
        name: String,
        /// Why.
        why: String,
    },
}

impl<H> Action<H> {
    /// What it is about, for tables: kind, runner's name, reason.
    pub fn words(&self) -> (&'static str, &str, &str) {
        match self {
            Self::DeleteGhost { name, why, .. } => ("ghost", name, why),
            Self::EndMachine { name, why, .. } => ("overdue", name, why),
        }
    }
}

/// Decides what to do about what was seen. What carries no tag of ours was never sighted; a runner is never judged by `busy`
/// or `status`, which are wrong at times.
pub fn plan<H: Clone>(sightings: &[Sighting<H>], limits: ReapLimits, now: SystemTime) -> Vec<Action<H>> {
    sightings.iter().filter_map(|sighting| decide(sighting, limits, now)).collect()
}

fn decide<H: Clone>(sighting: &Sighting<H>, limits: ReapLimits, now: SystemTime) -> Option<Action<H>> {
    let Sighting { name, created, runner, live } = sighting;
    let since = |moment: SystemTime| now.duration_since(moment).ok().filter(|age| *age > limits.grace);
    match (live, runner) {
        (Some(Live { stopping: true, .. }), _) | (None, None) => None,
        (Some(Live { handle, expires, .. }), _) => {
            let over = since((*expires)?)?;
            let why = format!("{} past its lifetime", contract::duration::format(over));
            Some(Action::EndMachine { machine: handle.clone(), runner: *runner, name: name.clone(), why })
        }
        (None, Some(runner)) => {
            let old = since((*created)?)?;
            let why = format!("no machine, {} old", contract::duration::format(old));
            Some(Action::DeleteGhost { runner: *runner, name: name.clone(), why })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use contract::{env, tags};
    use uuid::Uuid;

    use super::{Action, ReapLimits, plan};
    use crate::ecs::{Status, Task, TaskArn};
    use crate::github::Runner;
    use crate::inventory::{Inventory, is_ours};
    use crate::model::{Launch, LaunchId, Place};
    use crate::stamp;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_000_000)
    }

    fn place() -> Place {
        Place::cluster("1", "eu-central-1", "mayfly")
    }

    fn launch(age: Duration) -> Launch {
        let created = now() - age;
        Launch {
            id: LaunchId::random(),
            index: 0,
            attempt: 1,
            generation: 0,
            place: place(),
            created,
            launcher: Uuid::nil(),
        }
    }

    fn task(launch: &Launch, lifetime: Duration, status: Status) -> Task {
        let tags = [
            (tags::ID, launch.id.to_string()),
            (tags::RUNNER_NAME, launch.runner_name().to_string()),
            (tags::EXPIRES_AT, stamp::rfc3339(launch.created + lifetime)),
        ];
        Task {
            started_by: Some(launch.id.to_string()),
            tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            ..Task::in_state(&launch.id.digits(), status)
        }
    }

    fn runner(launch: &Launch, busy: bool) -> Runner {
        let json = serde_json::json!({
            "id": 7, "name": launch.runner_name().to_string(), "os": "linux", "status": "offline", "busy": busy, "labels": [],
        });
        serde_json::from_value(json).expect("a runner")
    }

    fn planned(tasks: Vec<Task>, runners: Option<Vec<Runner>>) -> Vec<Action<TaskArn>> {
        let inventory = Inventory { place: place(), tasks, runners };
        plan(&inventory.sightings(), ReapLimits { grace: Duration::from_secs(600) }, now())
    }

    #[test]
    fn live_machine_within_its_lifetime_is_left_alone_whatever_github_says_of_it() {
        let launch = launch(2 * HOUR);
        for busy in [true, false] {
            assert_eq!(planned(vec![task(&launch, 3 * HOUR, Status::Running)], Some(vec![runner(&launch, busy)])), []);
        }
    }

    #[test]
    fn runner_without_a_task_is_a_ghost_once_it_is_old_enough() {
        let old = launch(HOUR);
        assert!(matches!(
            planned(Vec::new(), Some(vec![runner(&old, false)])).as_slice(),
            [Action::DeleteGhost { .. }]
        ));
        let ended = task(&old, 3 * HOUR, Status::Stopped);
        assert!(matches!(
            planned(vec![ended], Some(vec![runner(&old, false)])).as_slice(),
            [Action::DeleteGhost { .. }]
        ));
        let young = launch(Duration::from_secs(60));
        assert_eq!(planned(Vec::new(), Some(vec![runner(&young, false)])), []);
    }

    #[test]
    fn ghost_that_github_calls_busy_is_still_planned_because_delete_is_the_arbiter() {
        let old = launch(HOUR);
        assert_eq!(planned(Vec::new(), Some(vec![runner(&old, true)])).len(), 1);
    }

    #[test]
    fn machine_past_its_lifetime_and_grace_is_ended_with_its_runner() {
        let launch = launch(3 * HOUR);
        let actions = planned(vec![task(&launch, HOUR, Status::Running)], Some(vec![runner(&launch, true)]));
        assert!(matches!(actions.as_slice(), [Action::EndMachine { runner: Some(_), .. }]), "{actions:?}");
        let within_grace = task(&launch, 3 * HOUR - Duration::from_secs(60), Status::Running);
        assert_eq!(planned(vec![within_grace], None), []);
    }

    #[test]
    fn machine_on_its_way_down_is_not_stopped_again() {
        let launch = launch(3 * HOUR);
        let mut dying = task(&launch, HOUR, Status::Running);
        dying.stopping = true;
        assert_eq!(planned(vec![dying], None), []);
    }

    #[test]
    fn task_without_our_tag_is_not_ours_and_one_that_lost_its_tags_is_known_by_its_overrides() {
        let launch = launch(HOUR);
        let mut task = task(&launch, HOUR, Status::Running);
        assert!(is_ours(&task));
        task.tags.clear();
        assert!(!is_ours(&task));
        task.environment.insert(env::ID.to_owned(), launch.id.to_string());
        assert!(is_ours(&task));
        task.started_by = Some("ecs-svc/1".to_owned());
        assert!(!is_ours(&task));
    }
}
