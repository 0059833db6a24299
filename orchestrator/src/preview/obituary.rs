//! What is known of a preview that is gone: from its task, and from the end of its log.

use std::time::{Duration, SystemTime};

use contract::record::{AppEnd, END_PREFIX};

use super::observed::Preview;
use super::story::certificate::{Asked, Death, Facts, judge};
use crate::aws::Aws;
use crate::ecs::{Ecs, Task};
use crate::logs::LogStream;
use crate::phases::Phase;
use crate::price;

/// More than the certificate shows: the record and empty lines are left out of it.
const LINES: usize = 60;

/// Gathers what is known. A log that cannot be read leaves a certificate without one.
pub async fn of(preview: &Preview, asked: Option<Asked>, ecs: &Ecs, aws: &Aws) -> Death {
    let log = match last_lines(preview, ecs, aws).await {
        Ok(lines) => lines,
        Err(fault) => {
            tracing::warn!(fault = fault.paragraph(), "the log of a preview cannot be read");
            Vec::new()
        }
    };
    death(preview, asked, log, &aws.region)
}

async fn last_lines(preview: &Preview, ecs: &Ecs, aws: &Aws) -> Result<Vec<String>, crate::error::Error> {
    let stream = LogStream::of(ecs, &preview.task, &preview.app).await?;
    Ok(stream.tail(aws, LINES).await?.into_iter().map(|line| line.text).collect())
}

fn death(preview: &Preview, asked: Option<Asked>, log: Vec<String>, region: &str) -> Death {
    let task = &preview.task;
    let container = task.container(&preview.app);
    let record = record(&log);
    let cause = judge(&Facts {
        stop_code: task.stop_code.as_deref(),
        stopped_reason: task.stopped_reason.as_deref(),
        container_reason: container.and_then(|container| container.reason.as_deref()),
        exit_code: container.and_then(|container| container.exit_code),
        end: record.as_ref(),
        asked,
    });
    let ended = task.times.execution_stopped.or(task.times.stopped);
    let now = ended.unwrap_or_else(SystemTime::now);
    let ran = task.times.started.is_some();
    Death {
        cause,
        detail: detail(task, record.as_ref(), container.and_then(|container| container.reason.as_deref())),
        ended,
        uptime: ran.then(|| preview.uptime(now)),
        cost: price::so_far(task, region, now),
        boot: boot(task),
        log,
        revive: Some(revive(preview)),
    }
}

/// The supervisor's record among lines: the last that is one.
pub fn record(log: &[String]) -> Option<AppEnd> {
    log.iter().rev().filter(|line| line.starts_with(END_PREFIX)).find_map(|line| serde_json::from_str(line).ok())
}

fn detail(task: &Task, record: Option<&AppEnd>, container: Option<&str>) -> Option<String> {
    let ours = task.stopped_reason.as_deref().filter(|reason| Asked::of(reason).is_none());
    record.map(|record| record.message.clone()).or_else(|| container.or(ours).map(str::to_owned))
}

/// The phases of a start, as ECS has timed them.
pub fn boot(task: &Task) -> Vec<Phase> {
    let times = &task.times;
    let phase = |name, from: Option<SystemTime>, until: Option<SystemTime>| {
        let took: Duration = until?.duration_since(from?).unwrap_or_default();
        Some(Phase { name, took })
    };
    let phases = [
        phase("queue", times.created, times.pull_started),
        phase("pull", times.pull_started, times.pull_stopped),
        phase("start", times.pull_stopped, times.started),
    ];
    phases.into_iter().flatten().collect()
}

/// The command that brings the same image back.
fn revive(preview: &Preview) -> String {
    let mut command = format!("mayfly preview up --repo {} --pr {}", preview.slot.repo, preview.slot.pr);
    if let Some(image) = &preview.image {
        command += &format!(" --image {image}");
    }
    if let Some(sha) = &preview.sha {
        command += &format!(" --sha {sha}");
    }
    command
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{boot, record};
    use crate::ecs::task::Times;
    use crate::ecs::{Status, Task};

    #[test]
    fn phases_are_told_as_far_as_the_task_came() {
        let at = |second| Some(UNIX_EPOCH + Duration::from_secs(second));
        let times = Times { created: at(0), pull_started: at(2), pull_stopped: at(7), ..Times::default() };
        let task = Task { times, ..Task::in_state("a", Status::Stopped) };
        let phases: Vec<(&str, u64)> = boot(&task).iter().map(|phase| (phase.name, phase.took.as_secs())).collect();
        assert_eq!(phases, [("queue", 2), ("pull", 5)]);
    }

    #[test]
    fn last_record_of_a_log_counts_and_a_broken_one_does_not() {
        let line = |cause: &str| {
            format!(
                "{{\"mayfly\":\"end\",\"cause\":\"{cause}\",\"code\":124,\"renewals\":0,\"uptime_ms\":1,\"message\":\"\"}}"
            )
        };
        let log = [line("app_exit"), line("ttl"), "{\"mayfly\":\"end\",broken".to_owned(), "later".to_owned()];
        assert_eq!(record(&log).map(|end| end.cause), Some(contract::exit::AppCause::Ttl));
        assert_eq!(record(&["nothing".to_owned()]), None);
    }
}
