//! What PID 1 of a preview is told: the lease of one launch, and what it watches. The definition holds neither.

use std::time::Duration;

use contract::duration;

/// The container that brings the supervisor to an image without it.
pub const INSTALLER: &str = "mayfly-supervisor";
/// The volume that it is brought in.
pub const VOLUME: &str = "mayfly";
/// Where the volume is.
pub const FOLDER: &str = "/mayfly";
/// The supervisor there.
pub const PROGRAM: &str = "/mayfly/runner-entrypoint";

/// How long a preview may live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Without a renewal.
    pub ttl: Duration,
    /// With all renewals.
    pub max_ttl: Duration,
    /// How long before the end it is told; none: never.
    pub warn: Option<Duration>,
}

impl Default for Lease {
    /// What a definition that somebody runs by hand says.
    fn default() -> Self {
        let hours = |count: u64| Duration::from_secs(count * 3_600);
        Self { ttl: hours(2), max_ttl: hours(48), warn: Some(Duration::from_secs(300)) }
    }
}

/// Where renewals of a lease are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RenewFrom {
    /// The task metadata endpoint's tags, else the ECS API.
    #[default]
    Metadata,
    /// The ECS API.
    Tags,
    /// A file in the state folder: off ECS.
    File,
    /// Nowhere.
    Nowhere,
}

/// Whether the app can use the task's role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskRoleFor {
    /// It can.
    #[default]
    App,
    /// The supervisor alone can.
    Supervisor,
}

/// What the supervisor watches besides the lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Renewals.
    pub renew_from: RenewFrom,
    /// The task's role.
    pub task_role: TaskRoleFor,
    /// The port that it can see; none: neither readiness nor traffic is watched.
    pub entrance: Option<WatchedEntrance>,
}

/// The port that the supervisor watches, in its own network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedEntrance {
    /// On 127.0.0.1.
    pub port: u16,
    /// The page that must answer.
    pub health_path: String,
    /// How long it may take until it does; none: the supervisor's own default.
    pub ready_timeout: Option<Duration>,
    /// The app ends after so long without traffic; none: never.
    pub idle: Option<Duration>,
    /// Peers that are no traffic, such as a load balancer's subnets.
    pub idle_ignore: Vec<String>,
}

/// The options behind `runner-entrypoint supervise`, before `--` and the app's own command.
pub fn supervise_arguments(lease: &Lease, watch: &Watch) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    option("--ttl", written(lease.ttl));
    option("--max-ttl", written(lease.max_ttl));
    if let Some(warn) = lease.warn {
        option("--warn", written(warn));
    }
    match watch.renew_from {
        RenewFrom::Metadata => option("--renew-from", "metadata".to_owned()),
        RenewFrom::Tags => option("--renew-from", "tags".to_owned()),
        RenewFrom::File => option("--renew-from", "file".to_owned()),
        RenewFrom::Nowhere => {}
    }
    if watch.task_role == TaskRoleFor::Supervisor {
        option("--task-role", "hide".to_owned());
    }
    if let Some(entrance) = &watch.entrance {
        watch_entrance(entrance, &mut option);
    }
    arguments
}

fn watch_entrance(entrance: &WatchedEntrance, option: &mut dyn FnMut(&str, String)) {
    option("--ready-url", format!("http://127.0.0.1:{}{}", entrance.port, entrance.health_path));
    if let Some(timeout) = entrance.ready_timeout {
        option("--ready-timeout", written(timeout));
    }
    let Some(idle) = entrance.idle else { return };
    option("--idle", written(idle));
    option("--port", entrance.port.to_string());
    for peers in &entrance.idle_ignore {
        option("--idle-ignore", peers.clone());
    }
}

/// In whole seconds and at least one: to the supervisor zero is no limit.
fn written(time: Duration) -> String {
    duration::format(Duration::from_secs(time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).max(1)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Lease, RenewFrom, TaskRoleFor, Watch, WatchedEntrance, supervise_arguments};

    #[test]
    fn lease_and_watch_become_options_of_the_supervisor() {
        let entrance = WatchedEntrance {
            port: 8080,
            health_path: "/health".to_owned(),
            ready_timeout: Some(Duration::from_secs(600)),
            idle: Some(Duration::from_secs(2_700)),
            idle_ignore: vec!["10.0.0.0/16".to_owned()],
        };
        let watch = Watch { entrance: Some(entrance), task_role: TaskRoleFor::Supervisor, ..Watch::default() };
        let expected = "--ttl 2h --max-ttl 2d --warn 5m --renew-from metadata --task-role hide \
                        --ready-url http://127.0.0.1:8080/health --ready-timeout 10m \
                        --idle 45m --port 8080 --idle-ignore 10.0.0.0/16";
        assert_eq!(supervise_arguments(&Lease::default(), &watch).join(" "), expected);
    }

    #[test]
    fn no_limit_is_ever_written_as_none() {
        let lease = Lease { ttl: Duration::from_millis(1), max_ttl: Duration::ZERO, warn: None };
        let watch = Watch { renew_from: RenewFrom::Nowhere, ..Watch::default() };
        assert_eq!(supervise_arguments(&lease, &watch).join(" "), "--ttl 1s --max-ttl 1s");
        assert!(supervise_arguments(&Lease { ttl: Duration::MAX, ..lease }, &watch)[1].ends_with('s'));
    }
}
