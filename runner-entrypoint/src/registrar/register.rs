//! Registers the runner: late, and exactly once.

use std::time::Duration;

use contract::exit::Cause;
use contract::{Credential, Secret};

use super::patience::{Heed, Patience};
use super::{Answer, Registrar, configure, credential, files};
use crate::config::{Group, Jobs};
use crate::github::{Api, Deleted, GitHub, Jit, JitRunner, Sent, Trouble};
use crate::http::{Http, Proxies};

/// `configure` does not say whether a failure will pass (its exit code is 1 for all), so it gets this many attempts.
const CONFIGURE_ATTEMPTS: u32 = 3;
const CONFIGURE_PAUSE: Duration = Duration::from_secs(2);
/// A name that is taken, freed and taken again belongs to somebody else.
const NAME_ATTEMPTS: u32 = 3;

/// Registers within a time.
pub(super) fn register(registrar: &mut Registrar, within: Duration) -> Answer {
    let mut attempt = Registration { patience: Patience::new(within, Heed::Stop), sent: Sent::No };
    let failure = match attempt.run(registrar) {
        Ok(answer) => return answer,
        Err(failure) => failure,
    };
    match attempt.sent {
        Sent::No => Answer::NotRegistered(failure.cause, failure.message),
        Sent::Maybe => Answer::Unclear(failure.cause, failure.message),
    }
}

struct Failure {
    cause: Cause,
    message: String,
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let cause = match &trouble {
            Trouble::Refused(_) => Cause::RegistrationRefused,
            Trouble::Throttled { .. } | Trouble::Unavailable { .. } => Cause::RegistrationUnavailable,
        };
        Self { cause, message: trouble.message().to_owned() }
    }
}

fn refused(message: String) -> Failure {
    Failure { cause: Cause::RegistrationRefused, message }
}

fn misconfigured(message: String) -> Failure {
    Failure { cause: Cause::BadConfiguration, message }
}

fn internal(message: String) -> Failure {
    Failure { cause: Cause::Internal, message }
}

struct Registration {
    patience: Patience,
    /// Whether GitHub may hold a runner that nobody has told us of.
    sent: Sent,
}

impl Registration {
    fn run(&mut self, registrar: &mut Registrar) -> Result<Answer, Failure> {
        let credential = credential::find(registrar, self.patience.until)?;
        if let Credential::RegistrationToken(token) = &credential {
            return self.by_registration_token(registrar, token);
        }
        let (url, scope) = (registrar.config.api_url.clone(), registrar.config.scope.clone());
        let http = Http::for_url(&url, Proxies::FromEnvironment).map_err(misconfigured)?;
        let api = |until| Api { http: &http, url: &url, until };
        let until = self.patience.until;
        let token = self.patience.retry(|| credential::rest_token(registrar, &api(until), &credential))?;
        let token = token.ok_or_else(|| internal("no token for the REST API".to_owned()))?;
        let github = GitHub { api: api(until), scope: &scope, token };
        match registrar.config.jobs {
            Jobs::One => self.by_jit(registrar, &github),
            Jobs::Several => self.for_several_jobs(registrar, &github),
        }
    }

    fn by_jit(&mut self, registrar: &Registrar, github: &GitHub<'_>) -> Result<Answer, Failure> {
        let config = &registrar.config;
        files::remove_stale(&config.runner_dir).map_err(|cause| folder_fault(registrar, &cause))?;
        let group = self.patience.retry(|| github.group_number(&config.group))?;
        let runner = self.create(registrar, github, group)?;
        // From here on GitHub holds a runner; whatever fails must lead to its removal.
        self.sent = Sent::Maybe;
        let files = files::decode(&runner.blob).map_err(internal)?;
        files::write(&config.runner_dir, &files, &registrar.account)
            .map_err(|cause| folder_fault(registrar, &cause))?;
        Ok(Answer::Registered(runner.id))
    }

    /// Gets a JIT configuration. A lost answer leaves a runner whose key nobody has: it shows by its name being taken, and
    /// is removed.
    fn create(&mut self, registrar: &Registrar, github: &GitHub<'_>, group: u64) -> Result<JitRunner, Failure> {
        let config = &registrar.config;
        for _ in 0..NAME_ATTEMPTS {
            let sent = &mut self.sent;
            let jit = self.patience.retry(|| {
                let jit = github.generate_jit(&config.runner_name, &config.labels, group);
                if let Err(Trouble::Unavailable { sent: Sent::Maybe, .. }) = &jit {
                    *sent = Sent::Maybe;
                }
                jit
            })?;
            match jit {
                Jit::Created(runner) => return Ok(runner),
                Jit::NameTaken => self.free_the_name(&config.runner_name, github)?,
            }
        }
        Err(refused(format!("the name \"{}\" is taken again and again", config.runner_name)))
    }

    fn free_the_name(&mut self, name: &str, github: &GitHub<'_>) -> Result<(), Failure> {
        let Some(id) = self.patience.retry(|| github.find_runner(name))? else {
            // The list lags behind; the pause gives it time.
            self.patience.rest(Duration::from_millis(500));
            return Ok(());
        };
        match self.patience.retry(|| github.delete_runner(id))? {
            Deleted::Gone => {
                self.sent = Sent::No;
                Ok(())
            }
            Deleted::Busy => {
                // It is not the one that we would have lost: that one never had a key to run a job with.
                self.sent = Sent::No;
                Err(refused(format!("the name \"{name}\" is taken by a runner that runs a job")))
            }
        }
    }

    fn for_several_jobs(&mut self, registrar: &Registrar, github: &GitHub<'_>) -> Result<Answer, Failure> {
        let group = self.patience.retry(|| github.group_name(&registrar.config.group))?;
        let token = self.patience.retry(|| github.registration_token())?;
        self.configure(registrar, &token, group.as_deref()).map(Answer::Registered)
    }

    fn by_registration_token(&mut self, registrar: &Registrar, token: &Secret) -> Result<Answer, Failure> {
        let group = match &registrar.config.group {
            Group::Default => None,
            Group::Named(name) => Some(name.as_str()),
            Group::Number(number) => {
                return Err(refused(format!(
                    "the runner group {number} must be given by its name: a registration token cannot look it up"
                )));
            }
        };
        self.configure(registrar, token, group).map(Answer::RegisteredByToken)
    }

    fn configure(&mut self, registrar: &Registrar, token: &Secret, group: Option<&str>) -> Result<u64, Failure> {
        let mut failure = String::new();
        for _ in 0..CONFIGURE_ATTEMPTS {
            match configure::configure(registrar, token, group) {
                Ok(id) => return Ok(id),
                Err(message) => failure = message,
            }
            if !self.patience.rest(CONFIGURE_PAUSE) {
                break;
            }
        }
        Err(refused(failure))
    }
}

fn folder_fault(registrar: &Registrar, cause: &std::io::Error) -> Failure {
    internal(format!("the runner's files in {} cannot be written: {cause}", registrar.config.runner_dir.display()))
}
