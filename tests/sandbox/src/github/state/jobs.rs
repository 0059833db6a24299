//! Runs and jobs: queued, taken, finished, cancelled, run again.

use time::OffsetDateTime;

use super::State;
use crate::github::directory::Repo;
use crate::github::run::{Conclusion, Job, JobId, JobRunner, JobSpec, Run, RunId, Status};
use crate::github::runner::{Runner, RunnerId};

/// Numbers of GitHub's own machines begin here, far above those of self-hosted runners.
const HOSTED_RUNNER: RunnerId = 1_000_000_000;

impl JobRunner {
    /// Whether it is one of GitHub's own machines.
    pub fn is_hosted(&self) -> bool {
        self.id >= HOSTED_RUNNER
    }
}

/// Which jobs of a run are run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rerun {
    /// All of them.
    All,
    /// Those that did not succeed.
    Failed,
    /// This one.
    Only(JobId),
}

impl State {
    /// Puts a job into the queue of its run's latest attempt.
    pub(crate) fn queue_job(&mut self, run: RunId, spec: JobSpec, now: OffsetDateTime) -> Option<JobId> {
        let id = self.fresh_id();
        let job = Job::queued(id, self.runs.get(&run)?, spec, now);
        self.jobs.insert(id, job);
        Some(id)
    }

    /// Puts a job on one of GitHub's own machines, at once.
    pub(crate) fn start_hosted(&mut self, run: RunId, spec: JobSpec, now: OffsetDateTime) -> Option<JobId> {
        let id = self.queue_job(run, spec, now)?;
        let job = self.jobs.get_mut(&id)?;
        let number = HOSTED_RUNNER + id;
        let runner = JobRunner {
            id: number,
            name: format!("GitHub Actions {number}"),
            group: 0,
            group_name: "GitHub Actions".to_owned(),
        };
        job.take(runner, now);
        Some(id)
    }

    /// Gives the oldest queued job that fits to a runner, if there is one.
    pub(crate) fn assign(&mut self, runner: RunnerId, now: OffsetDateTime) -> Option<JobId> {
        let taker = self.runners.get(&runner).filter(|runner| !runner.busy())?;
        let job = self.jobs.values().find(|job| job.is_queued() && self.fits(taker, job))?.id;
        let group = self.directory.group(taker.place, taker.group);
        let taken_by = JobRunner {
            id: taker.id,
            name: taker.name.clone(),
            group: taker.group,
            group_name: group.map_or_else(String::new, |group| group.name),
        };
        self.jobs.get_mut(&job)?.take(taken_by, now);
        self.runners.get_mut(&runner)?.job = Some(job);
        Some(job)
    }

    fn fits(&self, runner: &Runner, job: &Job) -> bool {
        let may_use = |repo| self.directory.may_use(repo, runner.place, runner.group);
        runner.has_labels(&job.spec.labels) && self.repo_of(job).is_some_and(may_use)
    }

    pub(crate) fn repo_of(&self, job: &Job) -> Option<&Repo> {
        self.directory.repo_by_id(self.runs.get(&job.run_id)?.repo)
    }

    /// Ends a job. An ephemeral runner goes with it.
    pub(crate) fn finish_job(&mut self, id: JobId, conclusion: Conclusion, now: OffsetDateTime) {
        if let Some(job) = self.jobs.get_mut(&id).filter(|job| job.status != Status::Completed) {
            job.complete(conclusion, now);
        }
        self.runners.retain(|_, runner| !(runner.ephemeral && runner.job == Some(id)));
        for runner in self.runners.values_mut().filter(|runner| runner.job == Some(id)) {
            runner.job = None;
        }
    }

    /// Cancels what is not done: queued jobs at once, running ones when their runner says so. False: nothing was left to.
    pub(crate) fn cancel_run(&mut self, run: RunId, now: OffsetDateTime) -> bool {
        let mut any = false;
        for job in self.jobs.values_mut().filter(|job| job.run_id == run) {
            any |= job.status != Status::Completed;
            match job.status {
                Status::Queued => job.complete(Conclusion::Cancelled, now),
                Status::InProgress => job.cancel_requested = true,
                Status::Completed => {}
            }
        }
        any
    }

    /// Begins the next attempt of a run. `None`: there is no such run.
    pub(crate) fn rerun(&mut self, run: RunId, which: Rerun, now: OffsetDateTime) -> Option<u32> {
        let run = self.runs.get_mut(&run)?;
        let earlier = run.attempt;
        run.attempt += 1;
        let run = run.clone();
        let before: Vec<Job> = self.attempt_jobs(run.id, earlier).into_iter().cloned().collect();
        for job in before {
            let id = self.fresh_id();
            let next = next_attempt(&job, id, &run, which, now);
            self.jobs.insert(id, next);
        }
        Some(run.attempt)
    }

    /// The jobs of one attempt of a run.
    pub(crate) fn attempt_jobs(&self, run: RunId, attempt: u32) -> Vec<&Job> {
        self.jobs.values().filter(|job| job.run_id == run && job.attempt == attempt).collect()
    }
}

fn next_attempt(job: &Job, id: JobId, run: &Run, which: Rerun, now: OffsetDateTime) -> Job {
    let again = match which {
        Rerun::All => true,
        Rerun::Failed => !job.succeeded(),
        Rerun::Only(only) => job.id == only,
    };
    if again { Job::queued(id, run, job.spec.clone(), now) } else { job.kept(id, run.attempt) }
}

impl Job {
    pub(crate) fn is_queued(&self) -> bool {
        self.status == Status::Queued
    }

    fn take(&mut self, runner: JobRunner, now: OffsetDateTime) {
        self.status = Status::InProgress;
        self.runner = Some(runner);
        self.started_at = Some(now);
    }
}
