//! Building the model: what tests and the sandbox put into it before, and change in it while programs run.

mod deployments;
mod people;
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::GitHub;
use super::app::{App, Installation};
use super::directory::{Account, Group, Place, Repo};
use super::job_message;
use super::people::{OCTOCAT, Speaker};
use super::rate::Resource;
use super::run::{Event, Job, JobId, JobSpec, Run, RunId, Step};
use super::runner::{Misbehaviour, Registration, RunnerId};
use super::state::{MAIN_SHA, Rerun, State};
pub(crate) use people::FIRST_USER;
pub use threads::PullSpec;

use super::token::{Actor, Grant, Level, Permissions, Purpose, Reach};
use contract::Scope;

/// A personal access token to be made.
#[derive(Clone, Debug)]
pub enum Pat {
    /// A classic one with these scopes.
    Classic(Vec<String>),
    /// A fine-grained one.
    FineGrained {
        /// Number of the owner whose things it reaches.
        owner_id: u64,
        /// What it may do.
        permissions: Permissions,
        /// For which repositories.
        reach: Reach,
    },
}

impl Pat {
    /// A classic PAT.
    pub fn classic(scopes: &[&str]) -> Self {
        Self::Classic(scopes.iter().map(|&scope| scope.to_owned()).collect())
    }

    /// A fine-grained PAT for all repositories of an owner.
    pub fn fine_grained(owner_id: u64, permissions: &[(&str, Level)]) -> Self {
        Self::FineGrained { owner_id, permissions: permission_map(permissions), reach: Reach::All }
    }
}

/// Permissions from pairs.
fn permission_map(pairs: &[(&str, Level)]) -> Permissions {
    pairs.iter().map(|&(name, level)| (name.to_owned(), level)).collect()
}

/// A workflow run to be made.
#[derive(Clone, Debug)]
pub struct RunSpec {
    /// `OWNER/REPO`.
    pub repo: String,
    /// GitHub's number; none: the next free one.
    pub id: Option<RunId>,
    /// The workflow's name.
    pub workflow: String,
    /// What started it.
    pub event: Event,
    /// Branch.
    pub branch: String,
    /// Login of who started it.
    pub actor: String,
}

impl RunSpec {
    /// A run of the workflow `build`, started by hand on `main`.
    pub fn of(repo: &str) -> Self {
        Self {
            repo: repo.to_owned(),
            id: None,
            workflow: "build".to_owned(),
            event: Event::WorkflowDispatch,
            branch: "main".to_owned(),
            actor: OCTOCAT.to_owned(),
        }
    }
}

impl GitHub {
    fn model<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.hub.change(|state, _| change(state))
    }

    /// Adds an organisation.
    pub fn add_org(&self, id: u64, login: &str) {
        self.model(|state| state.directory.orgs.push(Account { id, login: login.to_owned() }));
    }

    /// Adds an enterprise. All organisations belong to it.
    pub fn add_enterprise(&self, id: u64, slug: &str) {
        self.model(|state| state.directory.enterprises.push(Account { id, login: slug.to_owned() }));
    }

    /// Adds a repository.
    pub fn add_repo(&self, repo: Repo) {
        self.model(|state| state.directory.repos.push(repo));
    }

    /// Adds a runner group.
    pub fn add_group(&self, place: Place, group: Group) {
        self.model(|state| state.directory.add_group(place, group));
    }

    /// Adds a GitHub App with its installation.
    pub fn add_app(&self, app: App) {
        self.model(|state| state.apps.push(app));
    }

    /// Changes what an App's installation was given.
    pub fn set_installation(&self, app: u64, change: impl FnOnce(&mut Installation)) {
        self.model(|state| {
            if let Some(app) = state.apps.iter_mut().find(|known| known.id == app) {
                change(&mut app.installation);
            }
        });
    }

    /// Makes a PAT of somebody who may do everything, that ends after `life`; `None`: it does not end.
    pub fn add_pat(&self, pat: Pat, life: Option<Duration>) -> String {
        self.add_pat_of(OCTOCAT, pat, life)
    }

    /// Makes a PAT of a user, which does no more than its user may.
    pub fn add_pat_of(&self, login: &str, pat: Pat, life: Option<Duration>) -> String {
        let (prefix, actor) = match pat {
            Pat::Classic(scopes) => ("ghp_", Actor::Classic(BTreeSet::from_iter(scopes))),
            Pat::FineGrained { owner_id, permissions, reach } => {
                ("github_pat_", Actor::FineGrained(Grant { owner_id, permissions, reach }))
            }
        };
        let purpose = Purpose::Api(actor, Speaker::User(login.to_owned()));
        self.hub.change(|state, now| state.tokens.mint(prefix, purpose, life.map(|life| now + life)))
    }

    /// Makes a workflow run.
    ///
    /// # Panics
    /// Where there is no such repository.
    pub fn add_run(&self, spec: RunSpec) -> RunId {
        self.hub.change(|state, now| {
            let (owner, name) = spec.repo.split_once('/').expect("a repository is written OWNER/REPO");
            let repo = state.directory.repo(owner, name).expect("the repository of a run was added before").id;
            let id = spec.id.unwrap_or_else(|| state.fresh_id());
            let number = state.runs.len() as u64 + 1;
            let run = Run {
                id,
                repo,
                attempt: 1,
                number,
                workflow: spec.workflow,
                event: spec.event,
                branch: spec.branch,
                sha: MAIN_SHA.to_owned(),
                actor: spec.actor,
                created_at: now,
            };
            state.runs.insert(id, run);
            id
        })
    }

    /// Queues a job in a run's latest attempt.
    ///
    /// # Panics
    /// Where there is no such run.
    pub fn queue_job(&self, run: RunId, name: &str, labels: &[&str], steps: Vec<Step>) -> JobId {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.queue(run, JobSpec { name: name.to_owned(), labels, steps, environment: None })
    }

    /// Queues a job in a run's latest attempt.
    ///
    /// # Panics
    /// Where there is no such run.
    pub fn queue(&self, run: RunId, spec: JobSpec) -> JobId {
        let queued = self.hub.change(|state, now| state.queue_job(run, spec, now));
        queued.expect("the run of a job was added before")
    }

    /// Puts a job on one of GitHub's own machines, at once: such as the job that starts a runner for the next one.
    /// Answers with its number and the variables of its steps.
    ///
    /// # Panics
    /// Where there is no such run.
    pub fn start_hosted_job(
        &self,
        run: RunId,
        name: &str,
        environment: Option<&str>,
    ) -> (JobId, BTreeMap<String, String>) {
        let spec = JobSpec {
            name: name.to_owned(),
            labels: vec!["ubuntu-latest".to_owned()],
            steps: Vec::new(),
            environment: environment.map(str::to_owned),
        };
        let started = self.hub.change(|state, now| {
            let id = state.start_hosted(run, spec, now)?;
            let job = state.jobs.get(&id)?.clone();
            Some((id, job_message::variables(state, &job, &self.hub.url)?))
        });
        started.expect("the run of a job was added before")
    }

    /// The `GITHUB_TOKEN` of a job under way, with the permissions `actions: write` and `contents: write`.
    ///
    /// # Panics
    /// Where the job is not under way.
    pub fn job_token(&self, job: JobId) -> String {
        self.job_token_with(job, &[("actions", Level::Write), ("contents", Level::Write)])
    }

    /// The `GITHUB_TOKEN` of a job under way, with what `permissions:` of its workflow file says.
    ///
    /// # Panics
    /// Where the job is not under way.
    pub fn job_token_with(&self, job: JobId, permissions: &[(&str, Level)]) -> String {
        let permissions = permission_map(permissions);
        self.model(|state| job_message::github_token(state, job, permissions)).expect("the job is under way")
    }

    /// Ends a job, as its machine would.
    pub fn finish_job(&self, job: JobId, conclusion: super::run::Conclusion) {
        self.hub.change(|state, now| state.finish_job(job, conclusion, now));
    }

    /// Cancels a run, as the button does.
    pub fn cancel_run(&self, run: RunId) {
        self.hub.change(|state, now| state.cancel_run(run, now));
    }

    /// "Re-run failed jobs", as the button does. Answers with the jobs of the new attempt.
    pub fn rerun_failed(&self, run: RunId) -> Vec<Job> {
        self.hub.change(|state, now| {
            let attempt = state.rerun(run, Rerun::Failed, now).unwrap_or_default();
            state.attempt_jobs(run, attempt).into_iter().cloned().collect()
        })
    }

    /// Registers a runner without a client, such as a ghost that somebody left.
    ///
    /// # Panics
    /// Where there is no such place, or the name is taken.
    pub fn add_runner(&self, scope: &Scope, name: &str, labels: &[&str]) -> RunnerId {
        self.hub.change(|state, now| {
            let place = state.directory.place(scope).expect("the place of a runner was added before");
            let wanted = Registration {
                name: name.to_owned(),
                scope: scope.clone(),
                place,
                group: super::directory::DEFAULT_GROUP,
                labels: labels.iter().map(|&label| label.to_owned()).collect(),
                fixed_labels: Vec::new(),
                ephemeral: true,
                work_folder: "_work".to_owned(),
            };
            state.register(wanted, now).expect("the name is not taken")
        })
    }

    /// Removes a runner whatever it does, as the service itself does with registrations that ended.
    pub fn forget_runner(&self, id: RunnerId) {
        self.model(|state| state.runners.remove(&id));
    }

    /// Gives a runner a job that never ends, without a machine: `busy`, as seen from outside.
    pub fn make_busy(&self, runner: RunnerId, job: JobId) {
        self.model(|state| {
            if let Some(runner) = state.runners.get_mut(&runner) {
                runner.job = Some(job);
            }
        });
    }

    /// Tells the stand-in runner of a name how to misbehave when it starts.
    pub fn misbehave(&self, runner: &str, how: Misbehaviour) {
        self.model(|state| state.misbehaviours.insert(runner.to_owned(), how));
    }

    /// Sets a rate limit (requests in an hour, for each token); counts begin anew.
    pub fn set_rate_limit(&self, resource: Resource, limit: u64) {
        self.hub.rates.set_limit(resource, limit);
    }
}
