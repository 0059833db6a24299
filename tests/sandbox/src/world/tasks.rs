//! What GitHub's page shows of AWS: the two sides know each other by this only.

use std::sync::Arc;

use contract::tags;

use crate::aws::{Aws, Status, Task};
use crate::github::{TaskCard, TaskSource};

/// What the page shows of AWS.
pub(super) fn source(aws: &Aws) -> TaskSource {
    let aws = aws.clone();
    Arc::new(move || aws.tasks().iter().map(card).collect())
}

fn card(task: &Task) -> TaskCard {
    let tag = |key: &str| task.tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.clone());
    let containers = task.containers.iter().map(|one| (one.name.clone(), ecs_word(one.status)));
    TaskCard {
        id: task.id.clone(),
        kind: tag(tags::KIND).unwrap_or_else(|| "task".to_owned()),
        pull: tag(tags::PR).or_else(|| pull_in(&task.group)).and_then(|number| number.parse().ok()),
        repo: tag(tags::REPO),
        status: ecs_word(task.status),
        reason: task.stop.as_ref().map(|stop| stop.reason.clone()),
        containers: containers.collect(),
        created_at: task.times.created,
        tags: task.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
    }
}

/// StopTask deletes the tags; the name of the family is what then still tells of the pull request.
fn pull_in(group: &str) -> Option<String> {
    let number: String = group.rsplit_once("pr-")?.1.chars().take_while(char::is_ascii_digit).collect();
    (!number.is_empty()).then_some(number)
}

/// `RUNNING`, as ECS writes it.
fn ecs_word(status: Status) -> String {
    format!("{status:?}").to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::pull_in;

    #[test]
    fn family_still_tells_of_the_pull_request() {
        for (group, number) in [
            ("family:mayfly-preview-octo-demo-pr-12", Some("12")),
            ("family:pr-7-app", Some("7")),
            ("family:mayfly-runner-fargate", None),
            ("family:pr-x", None),
        ] {
            assert_eq!(pull_in(group).as_deref(), number, "{group}");
        }
    }
}
