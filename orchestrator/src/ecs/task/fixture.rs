//! A task for tests of decisions: nothing in it but what the test is about.

use super::{Status, Task, TaskArn, Times};

impl Task {
    /// A task in a state; one that is stopped was meant to stop.
    pub(crate) fn in_state(id: &str, status: Status) -> Self {
        Self {
            arn: TaskArn::new(format!("arn:aws:ecs:r:1:task/mayfly/{id}")),
            status,
            stopping: status == Status::Stopped,
            started_by: None,
            stop_code: None,
            stopped_reason: None,
            containers: Vec::new(),
            times: Times::default(),
            tags: Default::default(),
            environment: Default::default(),
            cpu: None,
            memory: None,
            ephemeral_storage: None,
            launch_type: None,
            capacity_provider: None,
            task_definition: None,
            attached: None,
            container_instance: None,
        }
    }
}
