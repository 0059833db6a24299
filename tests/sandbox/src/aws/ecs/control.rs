//! How tasks are made to end: StopTask, and the disasters that a test can strike with.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::status::{Status, StopCode};
use super::task::{Place, Task};
use super::{Ecs, view, watch as watching};
use crate::aws::process::Kin;
use crate::aws::shared::Shared;
use crate::aws::wire::Refusal;

/// What can happen to a task that nobody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disaster {
    /// Fargate Spot takes the capacity back: SIGTERM, and SIGKILL after the container's `stopTimeout`.
    SpotInterruption,
    /// The host goes away: no signal that a process could see.
    HostLost,
    /// The kernel kills the container for its memory: exit code 137.
    OutOfMemory,
    /// The sandbox itself ends: everything is killed.
    SandboxEnds,
}

/// How the containers of a task are to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// SIGTERM, then SIGKILL after the `stopTimeout`.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// The live tasks: how to tell them to end, and which processes they have.
#[derive(Default)]
pub(crate) struct Endings {
    live: BTreeMap<String, Live>,
    /// No task is to start any more.
    closed: bool,
}

struct Live {
    ending: watch::Sender<Option<Ending>>,
    kin: Vec<Kin>,
}

impl Endings {
    /// Enters a new task.
    pub(crate) fn watch(&mut self, id: &str) -> watch::Receiver<Option<Ending>> {
        let (ending, told) = watch::channel(self.closed.then_some(Ending::Kill));
        self.live.insert(id.to_owned(), Live { ending, kin: Vec::new() });
        told
    }

    pub(crate) fn add_kin(&mut self, id: &str, kin: Kin) {
        if let Some(live) = self.live.get_mut(id) {
            live.kin.push(kin);
        }
    }

    /// Tells a task how to end. A gentler word after a harder one is not heard.
    pub(crate) fn tell(&self, id: &str, ending: Ending) {
        if let Some(live) = self.live.get(id) {
            live.ending.send_if_modified(|told| {
                let harder = told.is_none_or(|told| told < ending);
                *told = if harder { Some(ending) } else { *told };
                harder
            });
        }
    }

    pub(crate) fn forget(&mut self, id: &str) {
        self.live.remove(id);
    }

    fn kin(&self, id: &str) -> Vec<Kin> {
        self.live.get(id).map(|live| live.kin.clone()).unwrap_or_default()
    }
}

/// Waits until the task is told to end, and answers how.
pub(crate) async fn told(ending: &mut watch::Receiver<Option<Ending>>) -> Ending {
    let told = ending.wait_for(Option::is_some).await.ok().and_then(|told| *told);
    match told {
        Some(ending) => ending,
        // The sender is gone, and with it whoever could tell: it lives until the task has come to STOPPED.
        None => std::future::pending().await,
    }
}

/// Waits until the task is told to end without more ado.
pub(crate) async fn told_to_kill(ending: &mut watch::Receiver<Option<Ending>>) {
    let told = ending.wait_for(|told| *told == Some(Ending::Kill)).await.is_ok();
    if !told {
        std::future::pending::<()>().await;
    }
}

#[derive(Deserialize)]
pub(crate) struct StopTask {
    cluster: Option<String>,
    task: String,
    reason: Option<String>,
}

/// Answers at once; the containers end in their own time. The tags are gone from this moment on, as in ECS.
pub(crate) fn stop_task(shared: &Shared, input: &StopTask) -> Result<Value, Refusal> {
    let mut state = shared.state();
    let ecs = &mut state.ecs;
    let cluster = ecs.clusters.find(input.cluster.as_deref())?.name.clone();
    watching::check_id(&input.task)?;
    let missing = || Refusal::client("InvalidParameterException", "The referenced task was not found.");
    let task = ecs.tasks.find_mut(&input.task).filter(|task| task.cluster == cluster).ok_or_else(missing)?;
    task.tags.clear();
    if task.status != Status::Stopped {
        let reason: String = input.reason.as_deref().unwrap_or("Task stopped by user").chars().take(255).collect();
        task.end(StopCode::UserInitiated, &reason, shared.config.clock.now());
        let id = task.id.clone();
        ecs.endings.tell(&id, Ending::Terminate);
    }
    let described = ecs.tasks.find(&input.task).map(|task| view::task(task, true));
    drop(state);
    shared.announce();
    Ok(json!({ "task": described }))
}

/// Strikes a task, if it is there and not yet STOPPED.
pub(crate) fn strike(shared: &Arc<Shared>, given: &str, disaster: Disaster) -> bool {
    let mut state = shared.state();
    let ecs = &mut state.ecs;
    let instance = ecs.tasks.find(given).and_then(|task| instance_of(ecs, task));
    let Some(task) = ecs.tasks.find_mut(given).filter(|task| task.status != Status::Stopped) else { return false };
    let (id, now) = (task.id.clone(), shared.config.clock.now());
    match disaster {
        Disaster::SpotInterruption => task.end(StopCode::SpotInterruption, "Your Spot Task was interrupted.", now),
        Disaster::HostLost => {
            let host = instance.unwrap_or_else(|| "i-0fargate".to_owned());
            task.end(StopCode::TerminationNotice, &format!("Host EC2 (instance {host}) terminated."), now);
        }
        Disaster::SandboxEnds => task.end(StopCode::UserInitiated, "the sandbox ends", now),
        Disaster::OutOfMemory => {
            let running = task.containers.iter_mut().find(|container| container.status == Status::Running);
            let Some(container) = running else { return false };
            container.reason = Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
        }
    }
    match disaster {
        Disaster::SpotInterruption => ecs.endings.tell(&id, Ending::Terminate),
        Disaster::HostLost | Disaster::SandboxEnds => ecs.endings.tell(&id, Ending::Kill),
        Disaster::OutOfMemory => ecs.endings.kin(&id).iter().for_each(Kin::kill_all),
    }
    drop(state);
    shared.announce();
    true
}

fn instance_of(ecs: &Ecs, task: &Task) -> Option<String> {
    let Place::Ec2 { instance, .. } = &task.place else { return None };
    let cluster = ecs.clusters.find(Some(&task.cluster)).ok()?;
    cluster.instances.iter().find(|known| &known.arn == instance).map(|known| known.id.clone())
}

/// Kills the processes of all tasks, at once and without waiting, and lets none start after.
pub(crate) fn kill_all(shared: &Shared) {
    let kin: Vec<Kin> = {
        let endings = &mut shared.state().ecs.endings;
        endings.closed = true;
        endings.live.keys().for_each(|id| endings.tell(id, Ending::Kill));
        endings.live.values().flat_map(|live| live.kin.clone()).collect()
    };
    kin.iter().for_each(Kin::kill_all);
}
