//! Why a preview did not come up, in the words of whoever knows best.

use super::super::launch::PLACE_LIMIT;
use super::super::observed::Preview;
use super::super::story::certificate::{Cause, Death, Facts, judge};
use super::expose::ADDRESS_LIMIT;
use crate::ecs::Task;
use crate::ecs::stopped::{Explanation, explain};
use crate::error::Error;
use crate::expose::Expose;

/// The platform's word where it has one, else the supervisor's.
pub(super) fn ended(task: &Task, preview: &Preview) -> Error {
    let explained = explain(task, &preview.app);
    let code = task.container(&preview.app).and_then(|container| container.exit_code);
    let by_itself = task.stop_code.as_deref() == Some("EssentialContainerExited");
    let read = format!("read its log: mayfly preview logs --pr {}", preview.slot.pr);
    let Some(code) = code.filter(|_| by_itself) else {
        // What is explained is a runner's end; its log is read by another command.
        let fix = explained.fix.map(|fix| if fix.contains("mayfly runner") { read } else { fix });
        return Error::Ended(Explanation { fix, ..explained });
    };
    let cause = judge(&Facts { exit_code: Some(code), ..Facts::default() });
    let text = format!("task {}: {}", task.arn.task_id(), cause.words());
    Error::Ended(Explanation { text, fix: Some(read), ..explained })
}

pub(super) fn not_started(fault: &Error) -> Death {
    Death {
        cause: Cause::Other,
        detail: Some(fault.paragraph()),
        ended: None,
        uptime: None,
        cost: None,
        boot: Vec::new(),
        log: Vec::new(),
        revive: None,
    }
}

pub(super) fn too_slow(preview: &Preview) -> Error {
    let what = format!("task {} did not come to run", preview.task.arn.task_id());
    let fix = "look at it: aws ecs describe-tasks; a large image or a full cluster takes its time".to_owned();
    Error::TimedOut { what, limit: PLACE_LIMIT, fix }
}

pub(super) fn no_address(preview: &Preview, way: Expose) -> Error {
    let what = format!("task {} got no address for {way}", preview.task.arn.task_id());
    let fix = match way {
        Expose::PublicIp => {
            "name public subnets and leave --assign-public-ip on; on EC2 the instance needs a public address"
        }
        _ => "look at its network: aws ecs describe-tasks",
    };
    Error::TimedOut { what, limit: ADDRESS_LIMIT, fix: fix.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::ended;
    use crate::ecs::{Status, Task};
    use crate::model::LaunchId;
    use crate::preview::observed::Preview;
    use crate::preview::slot::{PullNumber, Slot};

    fn preview(task: &Task) -> Preview {
        Preview {
            id: LaunchId::of_preview(&uuid::Uuid::nil(), "a"),
            slot: Slot { repo: "octo/demo".to_owned(), pr: PullNumber::new(42).expect("not 0") },
            sha: None,
            owner: None,
            image: None,
            app: "app".to_owned(),
            port: 80,
            host: None,
            url: None,
            created: UNIX_EPOCH,
            expires: UNIX_EPOCH,
            max_ttl: Duration::ZERO,
            task: task.clone(),
        }
    }

    #[test]
    fn end_of_a_preview_never_sends_people_to_the_log_of_a_runner() {
        for reason in ["Task failed container health checks", "something new", ""] {
            let reason = Some(reason.to_owned());
            let task = Task { stopped_reason: reason.clone(), ..Task::in_state("a", Status::Stopped) };
            let fix = ended(&task, &preview(&task)).fix();
            assert_eq!(fix.as_deref(), Some("read its log: mayfly preview logs --pr 42"), "{reason:?}");
        }
    }
}
