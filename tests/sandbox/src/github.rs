//! A stateful stand-in of GitHub: runners, runs, jobs, Apps, tokens, OIDC, over HTTP on this machine.
//!
//! A model (`github/state.rs`) and routes that ask it. Tests build and inspect the model through [`GitHub`]; programs under test see
//! nothing but HTTP. It is strict where GitHub is, and keeps a log of everything that was asked.

mod app;
mod caller;
mod claims;
mod deploy;
mod directory;
mod event;
mod exchange;
mod fault;
mod hub;
mod issue;
mod jit;
mod job_message;
mod page;
mod paging;
mod people;
mod rate;
mod refusal;
mod render;
mod routes;
mod run;
mod runner;
mod setup;
mod state;
mod token;
mod traffic;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

pub use app::{App, Installation};
pub use deploy::{CommitStatus, Deployment, DeploymentState, DeploymentStatus, Environment, StatusState};
pub use directory::{Account, Group, Place, Repo, SubjectForm, Visibility};
pub use event::CommentAction;
pub use exchange::Exchange;
pub use fault::{Fault, FaultKind, IdTokenFault};
pub use issue::{Comment, CommentId, Commit, Emotion, Issue, IssueId, IssueState, Origin, Pull, Reaction, Standing};
pub use page::{AskTasks, TaskCard, TaskSource};
pub use people::{Access, Kind, Membership, Role, User};
pub use rate::Resource;
pub use run::{Conclusion, Event, Job, JobId, JobRunner, JobSpec, Run, RunId, Status, Step, StepResult};
pub use runner::{Misbehaviour, Runner, RunnerId};
pub use setup::{Pat, PullSpec, RunSpec};
pub use state::Limits;
pub use token::{Level, Permissions, Reach};

use crate::clock::Clock;
use crate::connection::{Cuttable, Scissors};
use crate::contract_check::{Checker, Contract, Violation};
use hub::{Hub, Shared};

/// How the stand-in is started.
#[derive(Clone, Debug)]
pub struct GitHubConfig {
    /// Where it listens. Port 0: any that is free.
    pub bind: SocketAddr,
    /// Its clock.
    pub clock: Clock,
    /// Time limits.
    pub limits: Limits,
    /// Checks all traffic against this description.
    pub contract: Option<Contract>,
    /// Folder of the binary `standin-listener`, for the downloads endpoint. None: the folder of the running program.
    pub bin_dir: Option<PathBuf>,
}

impl Default for GitHubConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::default(),
            limits: Limits::default(),
            contract: None,
            bin_dir: None,
        }
    }
}

/// A running stand-in of GitHub. Clones are handles of the same; the server ends with the last one.
#[derive(Clone)]
pub struct GitHub {
    hub: Hub,
    _server: Arc<Server>,
}

struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl GitHub {
    /// Starts the server. Needs a tokio runtime, which serves it.
    ///
    /// # Errors
    /// The address cannot be listened on, or is one that no client could be told (`0.0.0.0`).
    pub async fn start(config: GitHubConfig) -> io::Result<Self> {
        if config.bind.ip().is_unspecified() {
            let text = format!("{} is no address that a client can be told; bind the one they reach", config.bind.ip());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let listener = TcpListener::bind(config.bind).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let checker = config.contract.map(Checker::new);
        let hub = Arc::new(Shared::new(url, config.clock, config.limits, config.bin_dir, checker));
        let service = routes::router(hub.clone()).into_make_service_with_connect_info::<Scissors>();
        let server = tokio::spawn(async move { axum::serve(Cuttable(listener), service).await });
        Ok(Self { hub, _server: Arc::new(Server(server.abort_handle())) })
    }

    /// Base of the REST API. The same routes are below `/api/v3`, as on GitHub Enterprise Server.
    pub fn url(&self) -> &str {
        &self.hub.url
    }

    /// The OIDC issuer: `iss` of the tokens.
    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.hub.url)
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.hub.clock
    }

    /// The sandbox's page for people.
    pub fn page(&self) -> String {
        format!("{}/_sandbox/", self.hub.url)
    }

    /// Shows these tasks on the page, for as long as the source is kept.
    pub fn show_tasks(&self, source: &TaskSource) {
        self.hub.show_tasks(source);
    }

    /// All registered runners.
    pub fn runners(&self) -> Vec<Runner> {
        self.hub.read(|state| state.runners.values().cloned().collect())
    }

    /// All jobs of all attempts of all runs.
    pub fn jobs(&self) -> Vec<Job> {
        self.hub.read(|state| state.jobs.values().cloned().collect())
    }

    /// One job.
    pub fn job(&self, id: JobId) -> Option<Job> {
        self.hub.read(|state| state.jobs.get(&id).cloned())
    }

    /// All runs.
    pub fn runs(&self) -> Vec<Run> {
        self.hub.read(|state| state.runs.values().cloned().collect())
    }

    /// Everything that was asked and answered so far.
    pub fn log(&self) -> Vec<Exchange> {
        self.hub.log.all()
    }

    /// Breaches of the contract so far, each once. Empty where no contract was given.
    pub fn violations(&self) -> Vec<Violation> {
        self.hub.checker.as_ref().map(Checker::violations).unwrap_or_default()
    }

    /// Plans a fault.
    pub fn fault(&self, fault: Fault) {
        self.hub.faults.plan(fault);
    }

    /// Faults that still wait for a request.
    pub fn pending_faults(&self) -> Vec<Fault> {
        self.hub.faults.pending()
    }

    /// Drops all planned faults.
    pub fn clear_faults(&self) {
        self.hub.faults.clear();
    }

    /// Waits until `ask` has an answer; it is asked again after each change. `None`: the time was up.
    pub async fn wait_for<T>(&self, limit: Duration, mut ask: impl FnMut(&Self) -> Option<T>) -> Option<T> {
        self.hub.wait_for(limit, || ask(self)).await
    }

    /// Waits until a job is completed. `None`: the time was up.
    pub async fn wait_for_job(&self, id: JobId, limit: Duration) -> Option<Job> {
        let completed = |github: &Self| github.job(id).filter(|job| job.status == Status::Completed);
        self.wait_for(limit, completed).await
    }
}
