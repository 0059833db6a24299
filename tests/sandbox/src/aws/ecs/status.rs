//! The states of a task, as ECS names them.

use serde::Serialize;

/// `lastStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// ECS does what comes before the launch, such as attaching the network interface.
    Provisioning,
    /// Waiting for the container agent: the image is pulled.
    Pending,
    /// The container was made; what comes before RUNNING is done.
    Activating,
    /// The containers run.
    Running,
    /// ECS does what comes before the stop.
    Deactivating,
    /// The containers are being stopped.
    Stopping,
    /// The containers have ended; what comes after is done, such as detaching the network interface.
    Deprovisioning,
    /// The end.
    Stopped,
}

/// `stopCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum StopCode {
    /// It never came to run.
    TaskFailedToStart,
    /// A container that the task cannot do without ended.
    EssentialContainerExited,
    /// StopTask.
    UserInitiated,
    /// Fargate Spot took the capacity back.
    SpotInterruption,
    /// The host went away.
    TerminationNotice,
}

/// `healthStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Health {
    /// Not checked, or not yet decided.
    Unknown,
    /// The last check passed.
    Healthy,
    /// As many checks in a row as `retries` says have failed.
    Unhealthy,
}

/// Anything that is written as its serde name.
pub(crate) fn name<T: Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
