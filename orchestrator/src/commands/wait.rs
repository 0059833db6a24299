//! `mayfly runner wait`: until a runner is online, or until its machine has ended.

use std::time::Duration;

use contract::exit::Cause;
use contract::record::End;
use serde::Serialize;
use tokio::time::Instant;

use super::Context;
use super::context::{Cluster, no_aws};
use super::logs;
use crate::cli::{Until, WaitArgs};
use crate::commands::local;
use crate::config::{ConfigError, WaitFor};
use crate::ecs::stopped::{Explanation, explain};
use crate::ecs::{Status, StopClass, Task};
use crate::error::Error;
use crate::github::{self, GitHub};
use crate::inventory::{Inventory, Machine, Stopped};
use crate::model::LaunchId;
use crate::output::{answer_as, say};
use crate::phases::Phases;
use crate::wait::{Seen, Witness, judge};

const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How a machine ended.
#[derive(Debug, Serialize)]
pub struct WaitReport {
    /// Its runner's name.
    pub runner_name: String,
    /// `online` or `ended`.
    pub state: &'static str,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// The job's result, as the Listener said it.
    pub job_result: Option<String>,
    /// In words.
    pub text: String,
}

/// Waits, and tells by its exit code: 0 when what was waited for came about (for `done`: a job ran to its end).
///
/// # Errors
/// The machine ended otherwise, the limit passed, or there is no such machine.
pub async fn run(args: &WaitArgs, context: &Context<'_>) -> Result<(), Error> {
    let id: LaunchId = args.label.parse().map_err(|fault: String| ConfigError::one("--label", fault))?;
    let limit = contract::duration::parse(&args.timeout).map_err(|fault| ConfigError::one("--timeout", fault))?;
    if let Some(reports) = local::wait(id, args.until, limit, context).await? {
        return tell(reports, context);
    }
    let place = context.place(&args.place)?;
    let github = context.github(&place.github)?;
    let cluster = context.cluster(place.aws.as_ref().ok_or_else(no_aws)?, &Phases::default()).await?;
    let reports = watch(id, args.until, limit, &cluster, github.as_ref()).await?;
    tell(reports, context)
}

fn tell(reports: Vec<(WaitReport, Option<Error>)>, context: &Context<'_>) -> Result<(), Error> {
    let (reports, faults): (Vec<WaitReport>, Vec<Option<Error>>) = reports.into_iter().unzip();
    answer_as(context.output, &reports, || {
        reports.iter().map(|report| format!("{}: {}\n", report.runner_name, report.text)).collect()
    });
    faults.into_iter().flatten().next().map_or(Ok(()), Err)
}

async fn watch(
    id: LaunchId,
    until: Until,
    limit: Duration,
    cluster: &Cluster,
    github: Option<&GitHub>,
) -> Result<Vec<(WaitReport, Option<Error>)>, Error> {
    let begun = Instant::now();
    let mut pause = PAUSE;
    loop {
        let inventory = Inventory::of_label(&cluster.ecs, github, cluster.place.clone(), id, Stopped::Included).await?;
        let machines = inventory.machines();
        if machines.is_empty() && begun.elapsed() > LONGEST_PAUSE {
            return Err(Error::NotFound(format!(
                "ECS knows no machine of label {id}; ended ones are remembered for an hour"
            )));
        }
        if !machines.is_empty() && machines.iter().all(|machine| is_there(machine, until, github.is_some())) {
            return Ok(reports(&machines, cluster).await);
        }
        if begun.elapsed() >= limit {
            let what = format!("label {id} was not {}", if until == Until::Online { "online" } else { "done" });
            return Err(Error::TimedOut {
                what,
                limit,
                fix: "look at it: mayfly runner list, mayfly runner logs".to_owned(),
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn is_there(machine: &Machine<'_>, until: Until, asked_github: bool) -> bool {
    let over = machine.task.is_none_or(|task| task.status.is_over());
    if until == Until::Done || over {
        return over;
    }
    let online = machine.runner.is_some_and(|runner| runner.status == github::Status::Online);
    let witness = if asked_github { Witness::GitHub } else { Witness::Health };
    let container = machine.task.map(our_container).unwrap_or_default();
    judge(machine.task, &container, WaitFor::Online, witness, online) == Seen::Reached
}

fn our_container(task: &Task) -> String {
    task.runner_container().map(|container| container.name.clone()).unwrap_or_default()
}

async fn reports(machines: &[Machine<'_>], cluster: &Cluster) -> Vec<(WaitReport, Option<Error>)> {
    let mut reports = Vec::new();
    for machine in machines {
        let Some(task) = machine.task else { continue };
        if task.status != Status::Stopped {
            let text = "online".to_owned();
            let report =
                WaitReport { runner_name: machine.name.clone(), state: "online", cause: None, job_result: None, text };
            reports.push((report, None));
            continue;
        }
        let container = our_container(task);
        let end = match logs::last_record(cluster, task, &container).await {
            Ok(end) => end,
            Err(fault) => {
                say(&format!("mayfly: the log of task {} cannot be read: {}", task.arn.task_id(), fault.paragraph()));
                None
            }
        };
        reports.push(ended(&machine.name, explain(task, &container), exit_cause(task, &container), end));
    }
    reports
}

fn exit_cause(task: &Task, container: &str) -> Option<Cause> {
    task.container(container)?.exit_code.and_then(Cause::from_code)
}

/// The report on an ended machine: the record's word where there is one, else ECS's.
pub fn ended(
    name: &str,
    explained: Explanation,
    cause: Option<Cause>,
    end: Option<End>,
) -> (WaitReport, Option<Error>) {
    let cause = end.as_ref().map(|end| end.cause).or(cause);
    let job_result = end.as_ref().and_then(|end| end.job_result.clone());
    let result = job_result.as_deref().map(|result| format!(", job {result}")).unwrap_or_default();
    let text = format!("ended: {}{result}", end.as_ref().map_or(explained.text.as_str(), |end| end.message.as_str()));
    let report = WaitReport { runner_name: name.to_owned(), state: "ended", cause, job_result, text };
    // `runner stop` deletes the runner first, and the Listener often hears of it before PID 1 is told to stop.
    let removed = cause == Some(Cause::RegistrationLost) && end.is_some_and(|end| end.jobs == 0);
    let fault = match (cause, explained.class) {
        (Some(Cause::JobDone | Cause::Drained), _) => None,
        _ if removed => Some(Error::NotFound(format!("no job ran: {}", explained.text))),
        (Some(Cause::Idle | Cause::Stopped | Cause::NothingRan), _) | (None, StopClass::Ended) => {
            Some(Error::NotFound(format!("no job ran: {}", explained.text)))
        }
        _ => Some(Error::Ended(explained)),
    };
    (report, fault)
}
