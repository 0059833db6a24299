//! Everything that the stand-in of GitHub knows. No HTTP in here: routes ask and tell this model.

mod deployments;
mod jobs;
mod people;
mod registrations;
mod threads;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use time::OffsetDateTime;

pub(crate) use deployments::Hindrance;
pub(crate) use jobs::Rerun;
pub(crate) use registrations::NameTaken;
pub(crate) use threads::{Draft, MAIN_SHA, Reacted};

use super::app::App;
use super::deploy::{CommitStatus, Deployment, Environment};
use super::directory::{Directory, Place, Repo};
use super::issue::{Comment, CommentId, Commit, Issue, IssueId};
use super::people::People;
use super::run::{Conclusion, Job, JobId, Run, RunId};
use super::runner::{Misbehaviour, Runner, RunnerId};
use super::token::Tokens;

/// Time limits of GitHub's that tests like to shorten.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An ephemeral registration that never connected goes after this. GitHub documents one day; minutes were reported
    /// (actions/runner#4726).
    pub never_used: Duration,
    /// A runner that was not heard of for so long is called offline.
    pub offline_after: Duration,
    /// A job whose runner was not heard of for so long fails: "lost communication with the server".
    pub lost_after: Duration,
    /// The longest that a runner's question for a job is kept open.
    pub poll: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            never_used: Duration::from_hours(24),
            offline_after: Duration::from_secs(10),
            lost_after: Duration::from_mins(10),
            poll: Duration::from_secs(50),
        }
    }
}

/// The model.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) directory: Directory,
    pub(crate) tokens: Tokens,
    pub(crate) apps: Vec<App>,
    pub(crate) runners: BTreeMap<RunnerId, Runner>,
    pub(crate) runs: BTreeMap<RunId, Run>,
    pub(crate) jobs: BTreeMap<JobId, Job>,
    pub(crate) misbehaviours: HashMap<String, Misbehaviour>,
    pub(crate) people: People,
    pub(crate) issues: BTreeMap<IssueId, Issue>,
    pub(crate) comments: BTreeMap<CommentId, Comment>,
    pub(crate) commits: Vec<Commit>,
    pub(crate) deployments: BTreeMap<u64, Deployment>,
    pub(crate) environments: Vec<Environment>,
    pub(crate) statuses: Vec<CommitStatus>,
    last_id: u64,
}

impl State {
    /// A number that no other thing has.
    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The repository of a place, if the place is one.
    pub(crate) fn repo_at(&self, place: Place) -> Option<&Repo> {
        match place {
            Place::Repo(id) => self.directory.repo_by_id(id),
            Place::Org(_) | Place::Enterprise(_) => None,
        }
    }

    /// Lets time pass: registrations end, silent runners go offline, their jobs are lost.
    pub(crate) fn sweep(&mut self, now: OffsetDateTime, limits: &Limits) {
        self.runners.retain(|_, runner| {
            let unused = runner.ephemeral && runner.last_seen.is_none();
            !unused || now - runner.created_at < limits.never_used
        });
        let mut lost = Vec::new();
        for runner in self.runners.values_mut() {
            let silence = runner.last_seen.map(|seen| now - seen);
            let polling = runner.session.as_ref().is_some_and(|session| session.polls > 0);
            runner.online =
                runner.session.is_some() && (polling || silence.is_some_and(|since| since < limits.offline_after));
            if !polling && silence.is_some_and(|since| since >= limits.lost_after) {
                lost.extend(runner.job.take());
            }
        }
        for job in self.jobs.values_mut().filter(|job| lost.contains(&job.id)) {
            job.output.push("The self-hosted runner lost communication with the server.".to_owned());
            job.complete(Conclusion::Failure, now);
        }
        let queued = self.jobs.values_mut().filter(|job| job.is_queued());
        for job in queued.filter(|job| now - job.created_at >= Duration::from_hours(24)) {
            job.complete(Conclusion::TimedOut, now);
        }
    }
}
