//! Container health checks.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::start::{Probe, Spec};
use super::status::Health;
use crate::aws::shared::Shared;

/// Checks a container again and again. Ends by being aborted with the container.
pub(crate) async fn watch(shared: Arc<Shared>, task: String, spec: Spec) {
    let Some(probe) = &spec.health else { return };
    let interval = shared.pace().health_interval.unwrap_or(Duration::from_secs(probe.check.interval));
    let grace = Instant::now() + Duration::from_secs(probe.check.start_period);
    let mut failed = 0;
    loop {
        tokio::time::sleep(interval).await;
        let passed = passes(&spec, probe).await;
        // Failures within the start period do not count.
        failed = if passed || Instant::now() < grace { 0 } else { failed + 1 };
        let health = match (passed, failed >= probe.check.retries) {
            (true, _) => Some(Health::Healthy),
            (false, true) => Some(Health::Unhealthy),
            (false, false) => None,
        };
        if let Some(health) = health {
            note(&shared, &task, &spec.name, health);
        }
    }
}

async fn passes(spec: &Spec, probe: &Probe) -> bool {
    let mut command = Command::new(&probe.program);
    command.args(&probe.args).env_clear().envs(&spec.env).current_dir(&spec.dir);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(Duration::from_secs(probe.check.timeout), command.status()).await;
    matches!(ended, Ok(Ok(status)) if status.success())
}

fn note(shared: &Shared, task: &str, container: &str, health: Health) {
    let mut state = shared.state();
    let container = state.ecs.tasks.find_mut(task).and_then(|task| task.container_mut(container));
    let Some(container) = container.filter(|container| container.health != health) else { return };
    container.health = health;
    drop(state);
    shared.announce();
}
