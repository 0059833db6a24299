//! The life of a task, from PROVISIONING to STOPPED.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::container::{self, Exit};
use super::control::{Ending, told};
use super::start::{self, Failure};
use super::status::{Status, StopCode};
use super::task::{Place, Task};
use crate::aws::shared::Shared;

/// What is to become of a task that has not started yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It starts as it should: for a place in the queue.
    Starts,
    /// The image cannot be pulled; the text follows `CannotPullContainerError: `.
    PullFails(String),
    /// It fails before RUNNING, with this `stoppedReason`.
    FailsToStart(String),
    /// It stays PENDING until it is stopped.
    NeverRuns,
}

struct Life {
    shared: Arc<Shared>,
    id: String,
    ending: watch::Receiver<Option<Ending>>,
}

/// Lives a task's life. Ends when it is STOPPED.
pub(crate) async fn live(shared: Arc<Shared>, ending: watch::Receiver<Option<Ending>>, id: String, fate: Fate) {
    let mut life = Life { shared, id, ending };
    let mut told_early = life.ending.clone();
    let begun = tokio::select! {
        biased;
        _ = told(&mut told_early) => Ok(JoinSet::new()),
        begun = life.begin(fate) => begun,
    };
    match begun {
        Ok(containers) => life.run(containers).await,
        Err(failure) => life.update(|task, now| fail(task, &failure, now)),
    }
    life.wind_down().await;
}

/// Fargate tells the cause in the task's reason; on EC2 the agent tells a container's fault in the container's reason
/// only.
fn fail(task: &mut Task, failure: &Failure, now: OffsetDateTime) {
    if let (true, Some(container)) = (is_containers(&failure.0), task.containers.first_mut()) {
        container.reason = Some(failure.0.clone());
    }
    task.end(StopCode::TaskFailedToStart, reason(task, &failure.0), now);
}

fn is_containers(fault: &str) -> bool {
    fault.starts_with("Cannot")
}

fn reason<'a>(task: &Task, fault: &'a str) -> &'a str {
    let on_instance = matches!(task.place, Place::Ec2 { .. });
    if is_containers(fault) && on_instance { "Task failed to start" } else { fault }
}

impl Life {
    fn update(&self, change: impl FnOnce(&mut Task, OffsetDateTime)) {
        let now = self.shared.config.clock.now();
        if let Some(task) = self.shared.state().ecs.tasks.find_mut(&self.id) {
            task.version += 1;
            change(task, now);
        }
        self.shared.announce();
    }

    async fn enter(&self, status: Status) {
        tokio::time::sleep(self.shared.pace().step).await;
        self.update(|task, _| task.status = status);
    }

    /// Comes to RUNNING. It may be given up at each await: nothing runs before the last one.
    async fn begin(&self, fate: Fate) -> Result<JoinSet<Exit>, Failure> {
        self.enter(Status::Pending).await;
        self.update(|task, now| task.times.pull_started = Some(now));
        self.meet(fate).await?;
        tokio::time::sleep(self.shared.pace().step).await;
        self.update(|task, now| task.times.pull_stopped = Some(now));
        let (shared, id) = (Arc::clone(&self.shared), self.id.clone());
        let prepared = tokio::task::spawn_blocking(move || start::prepare(&shared, &id)).await;
        let specs = prepared.map_err(|fault| Failure(format!("ResourceInitializationError: {fault}")))??;
        self.enter(Status::Activating).await;
        tokio::time::sleep(self.shared.pace().step).await;
        Ok(container::start_all(&self.shared, &self.id, specs, &self.ending))
    }

    async fn meet(&self, fate: Fate) -> Result<(), Failure> {
        match fate {
            Fate::Starts => Ok(()),
            Fate::PullFails(text) => Err(Failure(format!("CannotPullContainerError: {text}"))),
            Fate::FailsToStart(reason) => Err(Failure(reason)),
            Fate::NeverRuns => std::future::pending().await,
        }
    }

    /// Watches the containers until the last one has ended. The end of an essential one ends the others.
    async fn run(&mut self, mut containers: JoinSet<Exit>) {
        let mut stopping = false;
        while !containers.is_empty() {
            tokio::select! {
                joined = containers.join_next() => if let Some(Ok(exit)) = joined {
                    self.note(&exit);
                },
                _ = told(&mut self.ending), if !stopping => {
                    stopping = true;
                    self.update(|task, _| task.status = Status::Deactivating);
                    self.enter(Status::Stopping).await;
                }
            }
        }
        self.update(|task, now| task.times.execution_stopped = Some(now));
    }

    fn note(&self, exit: &Exit) {
        self.update(|task, now| {
            if let Some(container) = task.container_mut(&exit.container) {
                container.status = Status::Stopped;
                container.exit_code = exit.code;
                container.pid = None;
                container.reason = exit.fault.clone().or(container.reason.take());
            }
            let essential = task.definition.container(&exit.container).is_some_and(|definition| definition.essential);
            match &exit.fault {
                _ if !essential => {}
                None => task.end(StopCode::EssentialContainerExited, "Essential container in task exited", now),
                Some(text) => {
                    let cause = exit.code.map_or(text.as_str(), |_| "Task failed to start");
                    task.end(StopCode::TaskFailedToStart, reason(task, cause), now);
                }
            }
            task.run_if_all_do(now);
        });
        let state = self.shared.state();
        if state.ecs.tasks.find(&self.id).is_some_and(|task| task.is_to_stop) {
            state.ecs.endings.tell(&self.id, Ending::Terminate);
        }
    }

    async fn wind_down(&self) {
        let status = self.shared.state().ecs.tasks.find(&self.id).map_or(Status::Stopped, |task| task.status);
        for next in [Status::Deactivating, Status::Stopping, Status::Deprovisioning] {
            if status < next {
                self.enter(next).await;
            }
        }
        tokio::time::sleep(self.shared.pace().step).await;
        self.give_back();
        self.update(|task, now| {
            task.status = Status::Stopped;
            task.times.stopped = Some(now);
            task.containers.iter_mut().for_each(|container| container.status = Status::Stopped);
        });
    }

    /// Gives the reservation on an instance back, and forgets how to tell the task to end.
    fn give_back(&self) {
        let mut state = self.shared.state();
        let ecs = &mut state.ecs;
        ecs.endings.forget(&self.id);
        let Some(task) = ecs.tasks.find(&self.id) else { return };
        let Place::Ec2 { instance, .. } = &task.place else { return };
        let cluster = ecs.clusters.get_mut(&task.cluster);
        let held = cluster.and_then(|cluster| cluster.instances.iter_mut().find(|known| &known.arn == instance));
        if let Some(held) = held {
            held.release(task.need);
        }
    }
}
