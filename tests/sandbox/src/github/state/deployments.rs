//! Deployments, environments and commit statuses: made, told, deleted.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::State;
use crate::github::deploy::{CommitStatus, Deployment, DeploymentState, DeploymentStatus, Environment, StatusState};
use crate::github::directory::Repo;
use crate::github::issue::Standing;
use crate::github::run::Status;

/// GitHub takes no more statuses for one commit and context.
const MOST_STATUSES: usize = 1000;

/// Why a deployment is not made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// The base was merged into the branch first: the deployment is to be asked for again.
    Merged(String),
    /// The base cannot be merged into the branch.
    Conflict(String),
    /// A check of the commit has not succeeded.
    Checks(String),
}

impl State {
    /// Adds a deployment, and its environment where it is new.
    pub(crate) fn add_deployment(&mut self, deployment: Deployment) {
        let known = |one: &&Environment| one.repo == deployment.repo && one.name == deployment.environment;
        if self.environments.iter().find(known).is_none() {
            let environment = Environment {
                id: self.fresh_id(),
                repo: deployment.repo,
                name: deployment.environment.clone(),
                created_at: deployment.created_at,
            };
            self.environments.push(environment);
        }
        self.deployments.insert(deployment.id, deployment);
    }

    /// `auto_merge`: brings the branch of a pull request up to its base first.
    pub(crate) fn auto_merge(
        &mut self,
        repo: &Repo,
        reference: &str,
        sha: &str,
        now: OffsetDateTime,
    ) -> Option<Hindrance> {
        let heads = self.issues.values().filter(|issue| issue.id.repo == repo.id);
        let (id, pull) =
            heads.filter_map(|issue| Some((issue.id, issue.pull.as_ref()?))).find(|(_, pull)| pull.head() == sha)?;
        let base = pull.base.clone();
        match pull.standing {
            Standing::UpToDate => None,
            Standing::Conflicting => Some(Hindrance::Conflict(format!("Conflict merging {base} into {reference}."))),
            Standing::Behind => {
                let merged = self.add_commit(repo.id, None, "web-flow", now);
                self.push(id, &merged, now);
                if let Some(pull) = self.issues.get_mut(&id).and_then(|issue| issue.pull.as_mut()) {
                    pull.standing = Standing::UpToDate;
                }
                Some(Hindrance::Merged(format!("Auto-merged {base} into {reference} on deployment.")))
            }
        }
    }

    /// `required_contexts`: none given asks for all that there are, jobs of workflows included.
    pub(crate) fn check_contexts(
        &self,
        repo: u64,
        reference: &str,
        sha: &str,
        wanted: Option<&[String]>,
    ) -> Option<Hindrance> {
        let latest = self.latest_statuses(repo, sha);
        let green = |context: &String| {
            latest.iter().any(|status| status.context == *context && status.state == StatusState::Success)
        };
        let all_green = match wanted {
            Some(contexts) => contexts.iter().all(green),
            None => latest.iter().all(|status| status.state == StatusState::Success) && self.jobs_succeeded(repo, sha),
        };
        (!all_green).then(|| Hindrance::Checks(format!("Conflict: Commit status checks failed for {reference}.")))
    }

    fn jobs_succeeded(&self, repo: u64, sha: &str) -> bool {
        let runs = self.runs.values().filter(|run| run.repo == repo && run.sha == sha);
        let jobs = runs.flat_map(|run| self.attempt_jobs(run.id, run.attempt));
        jobs.into_iter().all(|job| job.status == Status::Completed && job.succeeded())
    }

    /// The latest status of each context of a commit, by context.
    pub(crate) fn latest_statuses(&self, repo: u64, sha: &str) -> Vec<&CommitStatus> {
        let mut latest: BTreeMap<&str, &CommitStatus> = BTreeMap::new();
        for status in self.statuses.iter().filter(|status| status.repo == repo && status.sha == sha) {
            latest.insert(&status.context, status);
        }
        latest.into_values().collect()
    }

    /// Adds a status to a commit. False: there are too many already.
    pub(crate) fn add_status(&mut self, status: CommitStatus) -> bool {
        let same =
            |one: &&CommitStatus| one.repo == status.repo && one.sha == status.sha && one.context == status.context;
        if self.statuses.iter().filter(same).count() >= MOST_STATUSES {
            return false;
        }
        self.statuses.push(status);
        true
    }

    /// Adds a status to a deployment. `auto_inactive` ends what it took the place of.
    pub(crate) fn tell_deployment(&mut self, id: u64, status: DeploymentStatus, auto_inactive: bool) {
        let (now, succeeded) = (status.created_at, status.state == DeploymentState::Success);
        let Some(deployment) = self.deployments.get_mut(&id) else { return };
        deployment.statuses.push(status.clone());
        deployment.updated_at = now;
        if auto_inactive && succeeded {
            let (repo, environment) = (deployment.repo, deployment.environment.clone());
            self.end_earlier(id, repo, &environment, &status);
        }
    }

    /// GitHub: only prior ones that had succeeded, neither transient nor production, of the same environment.
    fn end_earlier(&mut self, than: u64, repo: u64, environment: &str, by: &DeploymentStatus) {
        let ids: Vec<u64> = self
            .deployments
            .values()
            .filter(|one| {
                one.id < than
                    && one.repo == repo
                    && one.environment == environment
                    && !one.transient
                    && !one.production
                    && one.state() == Some(DeploymentState::Success)
            })
            .map(|one| one.id)
            .collect();
        for id in ids {
            let end = DeploymentStatus { id: self.fresh_id(), state: DeploymentState::Inactive, ..by.clone() };
            if let Some(one) = self.deployments.get_mut(&id) {
                one.updated_at = end.created_at;
                one.statuses.push(end);
            }
        }
    }
}
