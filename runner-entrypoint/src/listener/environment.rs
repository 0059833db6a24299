//! The Listener's environment, and so the job's: an allow-list. What is not named here stays with PID 1.

use std::ffi::OsString;

use contract::env;

use super::account::Identity;
use crate::task_role::TaskRole;

/// What a job expects of any machine, and settings of the Listener (`actions/runner src/Runner.Common/Constants.cs`).
const ALLOWED: [&str; 23] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "TERM",
    "ImageOS",
    "ImageVersion",
    "RUNNER_TOOL_CACHE",
    "AGENT_TOOLSDIRECTORY",
    "RUNNER_ALLOW_RUNASROOT",
    "ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT",
    "ACTIONS_RUNNER_HOOK_JOB_STARTED",
    "ACTIONS_RUNNER_HOOK_JOB_COMPLETED",
    "ACTIONS_RUNNER_CONTAINER_HOOKS",
    "ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER",
    "ACTIONS_RUNNER_ACTION_ARCHIVE_CACHE",
    "GITHUB_ACTIONS_RUNNER_CHANNEL_TIMEOUT",
    "GITHUB_ACTIONS_RUNNER_TLS_NO_VERIFY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "DOCKER_HOST",
];
const ALLOWED_PREFIXES: [&str; 2] = ["LC_", "DOTNET_"];
/// What no list of names can let through: our own settings, and arguments of the Listener in disguise.
const NEVER: [&str; 2] = ["MAYFLY_", "ACTIONS_RUNNER_INPUT_"];

/// Picks what may reach the job.
pub(super) fn allowed(
    all: impl Iterator<Item = (OsString, OsString)>,
    further: &[String],
    task_role: TaskRole,
    identity: Option<&Identity>,
) -> Vec<(OsString, OsString)> {
    let mut picked: Vec<_> =
        all.filter(|(name, _)| name.to_str().is_some_and(|name| is_allowed(name, further, task_role))).collect();
    if let Some(identity) = identity {
        let own = [
            ("HOME", identity.home.as_os_str()),
            ("USER", identity.name.as_ref()),
            ("LOGNAME", identity.name.as_ref()),
        ];
        picked.retain(|(name, _)| own.iter().all(|(own, _)| name != own));
        picked.extend(own.map(|(name, value)| (name.into(), value.into())));
    }
    picked
}

fn is_allowed(name: &str, further: &[String], task_role: TaskRole) -> bool {
    if NEVER.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    if env::TASK_ROLE_KEYS.contains(&name) {
        return task_role == TaskRole::Share;
    }
    ALLOWED.contains(&name)
        || env::PASSED_THROUGH.contains(&name)
        || ALLOWED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || further.iter().any(|further| further == name)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use nix::unistd::{Gid, Uid};

    use super::allowed;
    use crate::listener::account::Identity;
    use crate::task_role::TaskRole;

    fn picked(names: &[&str], further: &[&str], identity: Option<&Identity>) -> Vec<String> {
        let all = names.iter().map(|name| (OsString::from(name), OsString::from("root's")));
        let further: Vec<String> = further.iter().map(|name| (*name).to_owned()).collect();
        let shown = |(name, value): (OsString, OsString)| format!("{}={}", name.display(), value.display());
        allowed(all, &further, TaskRole::Share, identity).into_iter().map(shown).collect()
    }

    #[test]
    fn hidden_task_role_does_not_reach_the_job_even_when_asked_for() {
        let names = super::env::TASK_ROLE_KEYS;
        let all = || names.iter().map(|name| (OsString::from(name), OsString::new()));
        let asked_for: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(allowed(all(), &[], TaskRole::Share, None).len(), names.len());
        assert_eq!(allowed(all(), &asked_for, TaskRole::Hide, None), []);
    }

    #[test]
    fn only_what_is_listed_or_asked_for_reaches_the_job() {
        let names = ["PATH", "AWS_SECRET_ACCESS_KEY", "LC_ALL", "https_proxy", "RUNNER_TOKEN", "FOO", "BAR"];
        assert_eq!(
            picked(&names, &["FOO"], None),
            ["PATH=root's", "LC_ALL=root's", "https_proxy=root's", "FOO=root's"]
        );
    }

    #[test]
    fn our_own_settings_do_not_reach_the_job_even_when_asked_for() {
        let names = ["MAYFLY_ID", "MAYFLY_GITHUB_TOKEN", "ACTIONS_RUNNER_INPUT_TOKEN"];
        assert!(picked(&names, &names, None).is_empty());
    }

    #[test]
    fn another_user_gets_its_own_home_and_name() {
        let identity = Identity {
            name: "runner".to_owned(),
            uid: Uid::from_raw(1001),
            gid: Gid::from_raw(1001),
            groups: Vec::new(),
            home: PathBuf::from("/home/runner"),
        };
        let picked = picked(&["HOME", "PATH"], &[], Some(&identity));
        assert_eq!(picked, ["PATH=root's", "HOME=/home/runner", "USER=runner", "LOGNAME=runner"]);
    }
}
