//! Waiting for machines: what has been reached is decided purely, the loop only looks and sleeps.

use std::time::{Duration, SystemTime};

use contract::exit::Cause;
use tokio::time::Instant;

use crate::aws::AwsErrorKind;
use crate::config::WaitFor;
use crate::ecs::client::DefinitionFacts;
use crate::ecs::stopped::{Explanation, explain};
use crate::ecs::{Ecs, Health, Status, Task};
use crate::error::Error;
use crate::github::{self, GitHub};
use crate::launch::Launched;

const FIRST_PAUSE: Duration = Duration::from_millis(150);
/// Reads are limited to 20 a second for the whole account (ECS developer guide: throttling).
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How online-ness can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// GitHub's runner list.
    GitHub,
    /// The container's health check: the Listener is connected.
    Health,
    /// Nothing: the task definition has no health check and we have no rights at GitHub.
    Nobody,
}

/// What a look at one machine tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// Not there yet; what it is doing.
    Pending(&'static str),
    /// As far as was asked for.
    Reached,
    /// It ended.
    Ended(Explanation),
}

/// Judges one look. `online` is GitHub's word, where GitHub is the witness.
pub fn judge(task: Option<&Task>, container: &str, want: WaitFor, witness: Witness, online: bool) -> Seen {
    let Some(task) = task else { return Seen::Pending("not shown by ECS yet") };
    if task.status.is_over() || task.stopping {
        return if has_served(task, container) { Seen::Reached } else { Seen::Ended(explain(task, container)) };
    }
    if want == WaitFor::None || (want == WaitFor::Online && online) {
        return Seen::Reached;
    }
    match task.status {
        Status::Provisioning => Seen::Pending("waiting for a place to run"),
        Status::Pending => Seen::Pending("pulling its image"),
        Status::Activating => Seen::Pending("starting its container"),
        _ if want == WaitFor::Running => Seen::Reached,
        _ => running(task, container, witness),
    }
}

/// Whether a job ran on it. One that was queued before its machine can be over before anybody has seen the runner online.
fn has_served(task: &Task, container: &str) -> bool {
    let code = task.container(container).and_then(|container| container.exit_code);
    code.and_then(Cause::from_code).is_some_and(Cause::has_served)
}

fn running(task: &Task, container: &str, witness: Witness) -> Seen {
    let health = task.container(container).map(|container| container.health).unwrap_or_default();
    match (witness, health) {
        (Witness::Nobody, _) | (Witness::Health, Health::Healthy) => Seen::Reached,
        // Unhealthy is no end: ECS ends the task if its definition says so, and then the status tells.
        _ => Seen::Pending("registering its runner"),
    }
}

/// Finds out who can tell that a runner is online. Cheap, and off the way of the launch.
pub async fn witness(ecs: &Ecs, github: Option<&GitHub>, launched: &[Launched], container: &str) -> Witness {
    if let Some(github) = github
        && matches!(github.can_read_runners().await, Ok(true))
    {
        return Witness::GitHub;
    }
    let Some(definition) = launched.first().and_then(|one| one.task.task_definition.as_deref()) else {
        return Witness::Nobody;
    };
    match ecs.definition_facts(definition, container).await {
        Ok(DefinitionFacts { health_check: true, .. }) => Witness::Health,
        Ok(_) => Witness::Nobody,
        Err(fault) => {
            tracing::warn!(%fault, "cannot see whether the task definition has a health check");
            // A health check is what our own task definitions have.
            Witness::Health
        }
    }
}

/// What is waited for, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// The state.
    pub want: WaitFor,
    /// The limit.
    pub limit: Duration,
    /// Who tells.
    pub witness: Witness,
    /// Our container.
    pub container: &'a str,
}

/// Waits until all machines are as far as was asked for; brings the tasks up to date meanwhile.
///
/// # Errors
/// A machine ended, the limit passed, or AWS refuses.
pub async fn until_reached(
    ecs: &Ecs,
    github: Option<&GitHub>,
    launched: &mut [Launched],
    wait: Wait<'_>,
) -> Result<(), Error> {
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut open: Vec<usize> = (0..launched.len()).collect();
    loop {
        refresh(ecs, launched, &open).await?;
        let mut pending = Vec::new();
        let mut doing = "";
        for index in open {
            let one = &launched[index];
            let online = wait.witness == Witness::GitHub && is_online(github, one).await;
            match judge(Some(&one.task), wait.container, wait.want, wait.witness, online) {
                Seen::Reached => reached(one, wait.want),
                Seen::Ended(explained) => return Err(Error::Ended(explained)),
                Seen::Pending(what) => {
                    doing = what;
                    pending.push(index);
                }
            }
        }
        if pending.is_empty() {
            return Ok(());
        }
        if begun.elapsed() >= wait.limit {
            return Err(timed_out(&launched[pending[0]], wait, doing));
        }
        open = pending;
        tokio::time::sleep(pause.min(wait.limit.saturating_sub(begun.elapsed()))).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// Brings the tasks up to date. A look that fails in passing is only a look less: a machine that is well must not be ended
/// because AWS was asked too often.
async fn refresh(ecs: &Ecs, launched: &mut [Launched], open: &[usize]) -> Result<(), Error> {
    let arns: Vec<_> = open.iter().map(|index| launched[*index].task.arn.clone()).collect();
    let tasks = match ecs.describe_tasks(&arns).await {
        Ok(tasks) => tasks,
        Err(fault) if matches!(fault.kind, AwsErrorKind::Throttled | AwsErrorKind::Unavailable) => {
            tracing::warn!(%fault, "could not look at the tasks, looking again");
            return Ok(());
        }
        Err(fault) => return Err(fault.into()),
    };
    for task in tasks {
        if let Some(one) = launched.iter_mut().find(|one| one.task.arn == task.arn) {
            one.task = task;
        }
    }
    Ok(())
}

/// A task that does not run yet has no runner: GitHub is asked only when it can have something to say. What it refuses here
/// is told and waited out: the limit of the wait decides.
async fn is_online(github: Option<&GitHub>, one: &Launched) -> bool {
    let Some(github) = github.filter(|_| one.task.status == Status::Running) else { return false };
    match github.runner_by_name(&one.runner_name).await {
        Ok(runner) => runner.is_some_and(|runner| runner.status == github::Status::Online),
        Err(fault) => {
            tracing::warn!(%fault, "could not ask GitHub for the runner, asking again");
            false
        }
    }
}

fn reached(one: &Launched, want: WaitFor) {
    let times = &one.task.times;
    let between = |from: Option<SystemTime>, to: Option<SystemTime>| to?.duration_since(from?).ok();
    let phases = [
        ("provisioning", between(times.created, times.pull_started.or(times.started))),
        ("pull", between(times.pull_started, times.pull_stopped)),
        ("start", between(times.pull_stopped, times.started)),
        ("registered", if want == WaitFor::Online { between(times.started, Some(SystemTime::now())) } else { None }),
    ];
    for (name, took) in phases {
        let _ = took.map(|took| one.phases.note(name, took));
    }
}

fn timed_out(one: &Launched, wait: Wait<'_>, doing: &str) -> Error {
    let state = if wait.want == WaitFor::Running { "running" } else { "online" };
    Error::TimedOut {
        what: format!("task {} was not {state} (it was {doing})", one.task.arn.task_id()),
        limit: wait.limit,
        fix: format!("read its log: mayfly runner logs --label {}; wait longer with --wait-timeout", one.launch.id),
    }
}

#[cfg(test)]
mod tests {
    use super::{Seen, Witness, judge};
    use crate::config::WaitFor;
    use crate::ecs::{Container, Health, Status, Task};

    fn task(status: Status, health: Health) -> Task {
        let container = Container { name: "runner".to_owned(), health, ..Container::default() };
        Task { containers: vec![container], ..Task::in_state("abc", status) }
    }

    fn reached(status: Status, health: Health, want: WaitFor, witness: Witness, online: bool) -> bool {
        judge(Some(&task(status, health)), "runner", want, witness, online) == Seen::Reached
    }

    #[test]
    fn running_is_enough_only_for_who_asked_for_running() {
        assert!(reached(Status::Running, Health::Unknown, WaitFor::Running, Witness::Health, false));
        assert!(!reached(Status::Pending, Health::Unknown, WaitFor::Running, Witness::Health, false));
        assert!(!reached(Status::Running, Health::Unknown, WaitFor::Online, Witness::Health, false));
    }

    #[test]
    fn online_is_told_by_github_or_else_by_the_health_check() {
        assert!(reached(Status::Running, Health::Healthy, WaitFor::Online, Witness::Health, false));
        assert!(!reached(Status::Running, Health::Unhealthy, WaitFor::Online, Witness::Health, false));
        assert!(reached(Status::Running, Health::Unknown, WaitFor::Online, Witness::GitHub, true));
        assert!(!reached(Status::Running, Health::Healthy, WaitFor::Online, Witness::GitHub, false));
        assert!(reached(Status::Running, Health::Unknown, WaitFor::Online, Witness::Nobody, false));
    }

    #[test]
    fn machine_whose_job_is_over_before_anybody_looked_has_been_online() {
        let mut task = task(Status::Stopped, Health::Unknown);
        for (code, reached) in [(Some(0), true), (Some(204), true), (Some(201), false), (Some(1), false), (None, false)]
        {
            task.containers[0].exit_code = code;
            let seen = judge(Some(&task), "runner", WaitFor::Online, Witness::Health, false);
            assert_eq!(seen == Seen::Reached, reached, "exit code {code:?}");
        }
    }

    #[test]
    fn task_that_ecs_does_not_show_is_pending_and_an_ended_one_is_explained() {
        assert!(matches!(judge(None, "runner", WaitFor::Running, Witness::Health, false), Seen::Pending(_)));
        let ended =
            judge(Some(&task(Status::Stopped, Health::Unknown)), "runner", WaitFor::Online, Witness::GitHub, true);
        assert!(matches!(ended, Seen::Ended(_)));
    }
}
