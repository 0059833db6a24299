//! What is launched: the part that does not depend on where it runs.

use std::time::{Duration, SystemTime};

use contract::{Scope, duration, env, tags};
use uuid::Uuid;

use super::{LaunchId, Place, RunnerName, WorkflowRun};
use crate::stamp;

/// How long a machine may live. Held inside the machine; the orchestrator only tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Leaves when no job came for so long.
    pub max_idle: Duration,
    /// Leaves when so old, whatever runs.
    pub max_lifetime: Duration,
}

/// What a runner is to be, the same for each index of a launch group.
#[derive(Clone, Debug)]
pub struct RunnerSpec {
    /// Where the runner registers.
    pub scope: Scope,
    /// Runner group, by name or number.
    pub runner_group: Option<String>,
    /// Labels besides `self-hosted` and the id.
    pub extra_labels: Vec<String>,
    /// Several jobs on one registration.
    pub multi_job: bool,
    /// The limits.
    pub limits: Limits,
    /// The profile key.
    pub key: String,
    /// The run that asks for it.
    pub run: Option<WorkflowRun>,
    /// GitHub's REST API, as the machine reaches it.
    pub github_api_url: String,
    /// GitHub's pages.
    pub github_server_url: String,
    /// Variables for the job.
    pub job_env: Vec<(String, String)>,
    /// Proxy and certificate settings for PID 1 and the job.
    pub passed_through: Vec<(String, String)>,
}

impl RunnerSpec {
    /// All labels of the runner; GitHub adds none by itself to a JIT configuration.
    pub fn labels(&self, id: LaunchId) -> Vec<String> {
        let mut labels = vec!["self-hosted".to_owned(), id.to_string()];
        labels.extend(self.extra_labels.iter().cloned());
        labels
    }
}

/// One machine to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The group's id.
    pub id: LaunchId,
    /// Which of `--count`.
    pub index: u32,
    /// The run's attempt.
    pub attempt: u32,
    /// How often this index was launched before, within its attempt.
    pub generation: u32,
    /// Where it will live.
    pub place: Place,
    /// When it was asked for.
    pub created: SystemTime,
    /// Which process asked: what it started is its own to clean up, what it found is not.
    pub launcher: Uuid,
}

impl Launch {
    /// The runner's name.
    pub fn runner_name(&self) -> RunnerName {
        RunnerName {
            place: self.place.clone(),
            id: self.id,
            index: self.index,
            attempt: self.attempt,
            generation: self.generation,
            created: self.created,
        }
    }

    /// The environment that PID 1 reads. Nothing in it is secret: DescribeTasks shows it to whoever may read the cluster.
    pub fn environment(&self, spec: &RunnerSpec) -> Vec<(String, String)> {
        let mut variables = vec![
            (env::KIND, tags::KIND_RUNNER.to_owned()),
            (env::ID, self.id.to_string()),
            (env::RUNNER_NAME, self.runner_name().to_string()),
            (env::SCOPE, spec.scope.to_string()),
            (env::LABELS, spec.labels(self.id).join(",")),
            (env::GITHUB_API_URL, spec.github_api_url.clone()),
            (env::GITHUB_SERVER_URL, spec.github_server_url.clone()),
            (env::MAX_IDLE, duration::format(spec.limits.max_idle)),
            (env::MAX_LIFETIME, duration::format(spec.limits.max_lifetime)),
            (env::KEY, spec.key.clone()),
            (env::INDEX, self.index.to_string()),
            (env::GENERATION, self.generation.to_string()),
            (env::CREATED_AT, stamp::rfc3339(self.created)),
            (env::LAUNCHER, self.launcher.to_string()),
        ];
        variables.extend(spec.runner_group.iter().map(|group| (env::RUNNER_GROUP, group.clone())));
        if spec.multi_job {
            variables.push((env::MULTI_JOB, "true".to_owned()));
        }
        if let Some(run) = &spec.run {
            variables.push((env::REPO, run.repository.clone()));
            variables.push((env::RUN, run.run_id.to_string()));
            variables.push((env::ATTEMPT, run.attempt.to_string()));
        }
        if !spec.job_env.is_empty() {
            let names: Vec<&str> = spec.job_env.iter().map(|(name, _)| name.as_str()).collect();
            variables.push((env::JOB_ENV, names.join(",")));
        }
        let named = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
        named.chain(spec.passed_through.iter().cloned()).chain(spec.job_env.iter().cloned()).collect()
    }

    /// The ledger: what a later pass learns from the task alone.
    pub fn tags(&self, spec: &RunnerSpec) -> Vec<(&'static str, String)> {
        let expires = self.created + spec.limits.max_lifetime;
        let mut tags = vec![
            (tags::ID, self.id.to_string()),
            (tags::KIND, tags::KIND_RUNNER.to_owned()),
            (tags::KEY, spec.key.clone()),
            (tags::INDEX, self.index.to_string()),
            (tags::RUNNER_NAME, self.runner_name().to_string()),
            (tags::CREATED_AT, stamp::rfc3339(self.created)),
            (tags::EXPIRES_AT, stamp::rfc3339(expires)),
        ];
        if let Some(run) = &spec.run {
            tags.push((tags::REPO, run.repository.clone()));
            tags.push((tags::RUN, run.run_id.to_string()));
            tags.push((tags::ATTEMPT, run.attempt.to_string()));
        }
        tags
    }
}
