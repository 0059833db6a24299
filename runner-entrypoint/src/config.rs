//! The settings of a runner's machine: environment variables in, either a complete [`Config`] or every fault at once.

mod labels;

use std::path::PathBuf;
use std::time::Duration;

use contract::{Scope, duration, env};

use self::labels::read_labels;
use crate::secret_source::SecretSource;
use crate::task_role::TaskRole;

/// GitHub ends a job on a self-hosted runner after five days; two hours are left for the wait before it and the end after.
const DEFAULT_LIFETIME: Duration = Duration::from_secs((5 * 24 + 2) * 3600);
const DEFAULT_IDLE: Duration = Duration::from_secs(10 * 60);
/// ECS gives 30 s from SIGTERM to SIGKILL where the task definition says nothing.
const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_REGISTRATION: Duration = Duration::from_secs(2 * 60);
const DEFAULT_ONLINE: Duration = Duration::from_secs(2 * 60);
/// A Worker starts within a second; after its last step it uploads logs, for minutes where the network is slow.
const DEFAULT_WORKER: Duration = Duration::from_secs(5 * 60);
/// After its job an ephemeral Listener ends its session and removes its files.
const DEFAULT_EXIT: Duration = Duration::from_secs(60);
/// GitHub's limit for a runner's name.
const LONGEST_NAME: usize = 64;

/// Everything that a runner's machine must know; no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) runner_name: String,
    pub(crate) scope: Scope,
    pub(crate) api_url: String,
    pub(crate) server_url: String,
    pub(crate) labels: Vec<String>,
    pub(crate) group: Group,
    pub(crate) jobs: Jobs,
    pub(crate) limits: Limits,
    /// The GitHub App's id, where its key is in the vault.
    pub(crate) app_id: Option<String>,
    /// Name of the one-shot SSM parameter that holds the credential, where it is not in the vault yet.
    pub(crate) parameter: Option<String>,
    /// Where else the credential is.
    pub(crate) secret_from: Option<SecretSource>,
    pub(crate) runner_dir: PathBuf,
    pub(crate) runner_user: RunnerUser,
    pub(crate) state_dir: PathBuf,
    /// Names of further variables that may reach the job.
    pub(crate) job_environment: Vec<String>,
    pub(crate) task_role: TaskRole,
    pub(crate) job_hooks: JobHooks,
}

/// Whether the job's hooks tell us of its start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobHooks {
    Ours,
    LeftAlone,
}

/// The runner group that the runner joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Default,
    Number(u64),
    Named(String),
}

/// How many jobs a registration serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jobs {
    One,
    Several,
}

/// The user that the job runs as, where PID 1 is root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunnerUser {
    /// Asked for by name: it is a fault if it does not exist.
    Named(String),
    /// Not asked for: used if it exists.
    Preferred(&'static str),
}

/// When what ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) max_idle: Duration,
    pub(crate) max_lifetime: Duration,
    /// Time from SIGTERM to SIGKILL, as the outside gives it.
    pub(crate) stop_timeout: Duration,
    pub(crate) registration: Duration,
    pub(crate) online: Duration,
    /// How long the Worker may be missing, or linger after its last step.
    pub(crate) worker: Duration,
    /// How long the Listener may take to leave after its one job.
    pub(crate) exit: Duration,
}

/// Looks a variable up. The seam by which tests give their own environment.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the settings. `holds` tells which secrets were found in the environment.
///
/// # Errors
/// One text for each fault, so that a task definition is mended in one go.
pub(crate) fn read(lookup: Lookup<'_>, holds: &dyn Fn(&str) -> bool) -> Result<Config, Vec<String>> {
    let mut reader = Reader { lookup, faults: Vec::new() };
    reader.check_kind();
    let parameter = reader.optional(env::SECRET_PARAMETER);
    let secret_from = reader.secret_from();
    let found = if parameter.is_some() || secret_from.is_some() { Found::Elsewhere } else { Found::NotYet };
    reader.check_credential(found, holds);
    let scope = reader.scope();
    let config = Config {
        runner_name: reader.runner_name(),
        labels: reader.labels(),
        group: reader.group(scope.as_ref()),
        scope: scope.unwrap_or_else(|| Scope::Org(String::new())),
        api_url: reader.url(env::GITHUB_API_URL, "https://api.github.com"),
        server_url: reader.url(env::GITHUB_SERVER_URL, "https://github.com"),
        jobs: reader.choice(env::MULTI_JOB, [("false", Jobs::One), ("true", Jobs::Several)]),
        limits: reader.limits(),
        app_id: reader.optional(env::GITHUB_APP_ID),
        parameter,
        secret_from,
        runner_dir: reader.optional(env::RUNNER_DIR).map_or_else(|| PathBuf::from("/home/runner"), PathBuf::from),
        runner_user: reader.optional(env::RUNNER_USER).map_or(RunnerUser::Preferred("runner"), RunnerUser::Named),
        state_dir: reader.optional(env::STATE_DIR).map_or_else(|| PathBuf::from("/run/mayfly"), PathBuf::from),
        job_environment: reader.job_environment(),
        task_role: reader.choice(env::TASK_ROLE, TaskRole::WORDS),
        job_hooks: reader.choice(env::JOB_HOOKS, [("true", JobHooks::Ours), ("false", JobHooks::LeftAlone)]),
    };
    if reader.faults.is_empty() { Ok(config) } else { Err(reader.faults) }
}

/// Whether a place outside of the environment has the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Elsewhere,
    NotYet,
}

struct Reader<'a> {
    lookup: Lookup<'a>,
    faults: Vec<String>,
}

impl Reader<'_> {
    /// A variable that is set to nothing counts as not set: that is how workflows and task definitions leave things out.
    fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    fn check_kind(&mut self) {
        if let Some(kind) = self.optional(env::KIND).filter(|kind| kind != contract::tags::KIND_RUNNER) {
            self.fault(format!("{} is \"{kind}\", but this machine runs runners only", env::KIND));
        }
    }

    fn check_credential(&mut self, found: Found, holds: &dyn Fn(&str) -> bool) {
        let has_app_id = self.optional(env::GITHUB_APP_ID).is_some();
        let has_key = holds(env::GITHUB_APP_PRIVATE_KEY);
        if found == Found::Elsewhere
            || [env::CREDENTIAL_FD, env::GITHUB_TOKEN, env::REGISTRATION_TOKEN].iter().any(|n| holds(n))
        {
            return;
        }
        match (has_app_id, has_key) {
            (true, true) => {}
            (true, false) => self.fault(half_an_app(env::GITHUB_APP_ID, env::GITHUB_APP_PRIVATE_KEY)),
            (false, true) => self.fault(half_an_app(env::GITHUB_APP_PRIVATE_KEY, env::GITHUB_APP_ID)),
            (false, false) => self.fault(format!(
                "no credential for GitHub: set {} (a PAT or an installation token), or {} and {} (an App), by the task \
                 definition's \"secrets\"",
                env::GITHUB_TOKEN,
                env::GITHUB_APP_ID,
                env::GITHUB_APP_PRIVATE_KEY
            )),
        }
    }

    fn secret_from(&mut self) -> Option<SecretSource> {
        match SecretSource::parse(&self.optional(env::SECRET_FROM)?) {
            Ok(source) => Some(source),
            Err(fault) => {
                self.fault(format!("{}: {fault}", env::SECRET_FROM));
                None
            }
        }
    }

    fn scope(&mut self) -> Option<Scope> {
        let Some(text) = self.optional(env::SCOPE) else {
            self.fault(format!(
                "{} is missing; write repos/OWNER/REPO, orgs/ORG or enterprises/ENTERPRISE",
                env::SCOPE
            ));
            return None;
        };
        text.parse().map_err(|fault| self.fault(format!("{}: {fault}", env::SCOPE))).ok()
    }

    fn runner_name(&mut self) -> String {
        let name = self.optional(env::RUNNER_NAME).unwrap_or_default();
        if name.is_empty() {
            self.fault(format!("{} is missing; give the runner's name at GitHub", env::RUNNER_NAME));
        } else if name.len() > LONGEST_NAME || !name.chars().all(|c| c.is_ascii_graphic()) {
            self.fault(format!(
                "{} is \"{name}\"; a runner's name has at most {LONGEST_NAME} printable ASCII characters without spaces",
                env::RUNNER_NAME
            ));
        }
        name
    }

    fn labels(&mut self) -> Vec<String> {
        let id = self.optional(env::ID);
        let text = self.optional(env::LABELS).or_else(|| id.map(|id| format!("self-hosted,{id}")));
        read_labels(text.as_deref()).unwrap_or_else(|fault| {
            self.fault(fault);
            Vec::new()
        })
    }

    fn group(&mut self, scope: Option<&Scope>) -> Group {
        let Some(text) = self.optional(env::RUNNER_GROUP) else { return Group::Default };
        let group = match text.parse() {
            Ok(1) => Group::Default,
            Ok(number) => Group::Number(number),
            Err(_) if text.eq_ignore_ascii_case("default") => Group::Default,
            Err(_) => Group::Named(text.clone()),
        };
        if group != Group::Default && matches!(scope, Some(Scope::Repo { .. })) {
            self.fault(format!(
                "{} is \"{text}\", but runner groups belong to organisations and enterprises; leave it out, or register at \
                 orgs/ORG",
                env::RUNNER_GROUP
            ));
        }
        group
    }

    fn url(&mut self, name: &str, default: &str) -> String {
        let text = self.optional(name).unwrap_or_else(|| default.to_owned());
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        if !host.is_some_and(|host| !host.is_empty() && !host.starts_with('/')) {
            self.fault(format!("{name} is \"{text}\"; it must begin with https://, for example {default}"));
        }
        text.trim_end_matches('/').to_owned()
    }

    /// One of two words; the first is the default.
    fn choice<T: Copy>(&mut self, name: &str, words: [(&str, T); 2]) -> T {
        let [(default_word, default), (other_word, other)] = words;
        match self.optional(name).as_deref() {
            None => default,
            Some(word) if word == default_word => default,
            Some(word) if word == other_word => other,
            Some(word) => {
                self.fault(format!("{name} is \"{word}\"; write {default_word} or {other_word}"));
                default
            }
        }
    }

    fn limits(&mut self) -> Limits {
        Limits {
            max_idle: self.limit(env::MAX_IDLE, DEFAULT_IDLE),
            max_lifetime: self.limit(env::MAX_LIFETIME, DEFAULT_LIFETIME),
            stop_timeout: self.limit(env::STOP_TIMEOUT, DEFAULT_STOP_TIMEOUT),
            registration: self.limit(env::REGISTRATION_LIMIT, DEFAULT_REGISTRATION),
            online: self.limit(env::ONLINE_LIMIT, DEFAULT_ONLINE),
            worker: self.limit(env::WORKER_LIMIT, DEFAULT_WORKER),
            exit: self.limit(env::EXIT_LIMIT, DEFAULT_EXIT),
        }
    }

    /// Zero is refused: every machine carries its own limits, and one of nothing would end it before it began.
    fn limit(&mut self, name: &str, default: Duration) -> Duration {
        let Some(text) = self.optional(name) else { return default };
        match duration::parse(&text) {
            Ok(limit) if limit.is_zero() => self.fault(format!("{name} is zero; write for example 10m")),
            Ok(limit) => return limit,
            Err(fault) => self.fault(format!("{name}: {fault}")),
        }
        default
    }

    fn job_environment(&self) -> Vec<String> {
        let names = self.optional(env::JOB_ENV).unwrap_or_default();
        names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    }
}

fn half_an_app(present: &str, absent: &str) -> String {
    format!("{present} is set, but {absent} is missing; a GitHub App needs both")
}

#[cfg(test)]
mod tests;
