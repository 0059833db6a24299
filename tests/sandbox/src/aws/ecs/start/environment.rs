//! The environment of a container.

use std::collections::BTreeMap;
use std::path::Path;

use crate::aws::ecs::run_task;
use crate::aws::ecs::task::Task;
use crate::aws::shared::Shared;

/// Of the sandbox's own environment only PATH gets in: a container has the same one wherever it runs.
pub(super) fn base(task: &Task, dir: &Path) -> BTreeMap<String, String> {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    let host = format!("ip-{}", &task.id[..12]);
    let home = dir.to_string_lossy().into_owned();
    BTreeMap::from([("PATH", path), ("HOME", home), ("HOSTNAME", host)].map(|(name, value)| (name.to_owned(), value)))
}

/// What ECS sets in every container; `AWS_ENDPOINT_URL` besides, as this is not AWS.
pub(super) fn addresses(shared: &Shared, task: &Task, container: &str) -> BTreeMap<String, String> {
    let (url, key, region) = (&shared.url, task.container_key(container), &shared.config.region);
    let mut set = BTreeMap::from([
        ("AWS_ENDPOINT_URL".to_owned(), url.clone()),
        ("AWS_REGION".to_owned(), region.clone()),
        ("AWS_DEFAULT_REGION".to_owned(), region.clone()),
        ("ECS_CONTAINER_METADATA_URI_V4".to_owned(), format!("{url}/v4/{key}")),
    ]);
    if run_task::task_role(&task.definition, &task.read_overrides).is_some() {
        set.insert(CREDENTIALS_URI.to_owned(), format!("{url}/v2/credentials/{key}"));
    }
    set
}

/// Real ECS sets the relative form, which is bound to 169.254.170.2; SDKs accept this one on a loopback address.
const CREDENTIALS_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

pub(super) fn marks(ours: &BTreeMap<String, String>, env: &BTreeMap<String, String>, dir: &Path) -> Vec<String> {
    let unique = ours.iter().filter(|(_, value)| value.contains("/v2/credentials/") || value.contains("/v4/"));
    let home = env.iter().filter(|(name, value)| *name == "HOME" && Path::new(value).starts_with(dir));
    unique.chain(home).map(|(name, value)| format!("{name}={value}")).collect()
}
