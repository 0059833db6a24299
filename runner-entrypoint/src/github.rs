//! GitHub's REST API, as far as a runner needs it. Used by the registrar's children only.

mod answer;
pub(crate) mod app;

use std::time::{Duration, Instant};

use contract::{Scope, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::http::{Method, Request};

use crate::config::Group;
use crate::http::{Http, Reply};

pub(crate) use self::answer::{Sent, Trouble};

/// One request with its answer. GitHub ends its own after 10 s.
const LONGEST_CALL: Duration = Duration::from_secs(15);
/// The API version that the facts here are about.
const API_VERSION: &str = "2022-11-28";

/// A base address and when to give up.
pub(crate) struct Api<'a> {
    pub(crate) http: &'a Http,
    pub(crate) url: &'a str,
    pub(crate) until: Instant,
}

impl Api<'_> {
    /// Sends one request; an answer of any status is an answer.
    fn call(&self, method: Method, path: &str, bearer: &Secret, body: Option<&Value>) -> Result<Reply, Trouble> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.url))
            .header("authorization", format!("Bearer {}", bearer.expose()))
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION)
            .header("content-type", "application/json")
            .body(body.map(|body| body.to_string().into_bytes()).unwrap_or_default())
            .map_err(|cause| Trouble::Refused(format!("the request to {} cannot be built: {cause}", self.url)))?;
        let within = self.until.saturating_duration_since(Instant::now()).min(LONGEST_CALL);
        self.http.send(request, within).map_err(|cause| answer::from_transport(self.url, &cause))
    }
}

/// The runner endpoints of one scope.
pub(crate) struct GitHub<'a> {
    pub(crate) api: Api<'a>,
    pub(crate) scope: &'a Scope,
    pub(crate) token: Secret,
}

/// A runner that was just registered.
#[derive(Debug)]
pub(crate) struct JitRunner {
    pub(crate) id: u64,
    pub(crate) blob: Secret,
}

/// What became of a request for a JIT configuration.
#[derive(Debug)]
pub(crate) enum Jit {
    Created(JitRunner),
    /// A runner of that name exists.
    NameTaken,
}

/// What became of a DELETE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deleted {
    Gone,
    Busy,
}

impl GitHub<'_> {
    /// Registers a runner for one job.
    pub(crate) fn generate_jit(&self, name: &str, labels: &[String], group: u64) -> Result<Jit, Trouble> {
        #[derive(Deserialize)]
        struct Answer {
            runner: Runner,
            encoded_jit_config: Secret,
        }
        let body = json!({ "name": name, "runner_group_id": group, "labels": labels, "work_folder": "_work" });
        let reply = self.call(Method::POST, "actions/runners/generate-jitconfig", Some(&body))?;
        match reply.status {
            201 => read(&reply).map(|answer: Answer| {
                Jit::Created(JitRunner { id: answer.runner.id, blob: answer.encoded_jit_config })
            }),
            409 => Ok(Jit::NameTaken),
            _ => Err(self.trouble(&reply, "the registration of the runner")),
        }
    }

    /// Mints a registration token, for registrations that serve several jobs.
    pub(crate) fn registration_token(&self) -> Result<Secret, Trouble> {
        #[derive(Deserialize)]
        struct Answer {
            token: Secret,
        }
        let reply = self.call(Method::POST, "actions/runners/registration-token", None)?;
        match reply.status {
            201 => read(&reply).map(|answer: Answer| answer.token),
            _ => Err(self.trouble(&reply, "a registration token")),
        }
    }

    /// Finds a runner by its exact name.
    pub(crate) fn find_runner(&self, name: &str) -> Result<Option<u64>, Trouble> {
        #[derive(Deserialize)]
        struct Answer {
            runners: Vec<Runner>,
        }
        let reply = self.call(Method::GET, &format!("actions/runners?per_page=100&name={name}"), None)?;
        match reply.status {
            200 => read(&reply).map(|answer: Answer| {
                answer.runners.into_iter().find(|runner| runner.name == name).map(|runner| runner.id)
            }),
            _ => Err(self.trouble(&reply, "the list of runners")),
        }
    }

    /// Removes a runner, if it is idle. 404 means that GitHub has removed it by itself.
    pub(crate) fn delete_runner(&self, id: u64) -> Result<Deleted, Trouble> {
        let reply = self.call(Method::DELETE, &format!("actions/runners/{id}"), None)?;
        match reply.status {
            204 | 404 => Ok(Deleted::Gone),
            422 => Ok(Deleted::Busy),
            _ => Err(self.trouble(&reply, "the removal of the runner")),
        }
    }

    /// The group's number, as `generate-jitconfig` wants it.
    pub(crate) fn group_number(&self, group: &Group) -> Result<u64, Trouble> {
        match group {
            Group::Default => Ok(1),
            Group::Number(number) => Ok(*number),
            Group::Named(name) => Ok(self.find_group(|group| group.name.eq_ignore_ascii_case(name), name)?.id),
        }
    }

    /// The group's name, as `configure --runnergroup` wants it.
    pub(crate) fn group_name(&self, group: &Group) -> Result<Option<String>, Trouble> {
        match group {
            Group::Default => Ok(None),
            Group::Named(name) => Ok(Some(name.clone())),
            Group::Number(number) => {
                self.find_group(|group| group.id == *number, &number.to_string()).map(|group| Some(group.name))
            }
        }
    }

    fn find_group(&self, wanted: impl Fn(&RunnerGroup) -> bool, shown: &str) -> Result<RunnerGroup, Trouble> {
        #[derive(Deserialize)]
        struct Answer {
            runner_groups: Vec<RunnerGroup>,
        }
        for page in 1.. {
            let reply = self.call(Method::GET, &format!("actions/runner-groups?per_page=100&page={page}"), None)?;
            if reply.status != 200 {
                return Err(self.trouble(&reply, "the list of runner groups"));
            }
            let groups = read::<Answer>(&reply)?.runner_groups;
            let last = groups.len() < 100;
            if let Some(group) = groups.into_iter().find(&wanted) {
                return Ok(group);
            }
            if last {
                break;
            }
        }
        Err(Trouble::Refused(format!("{} has no runner group \"{shown}\" that this credential can see", self.scope)))
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply, Trouble> {
        self.api.call(method, &format!("{}/{path}", self.scope), &self.token, body)
    }

    fn trouble(&self, reply: &Reply, what: &str) -> Trouble {
        answer::from_reply(reply, &format!("{what} in {}", self.scope), answer::fix(self.scope, reply.status))
    }
}

#[derive(Deserialize)]
struct Runner {
    id: u64,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct RunnerGroup {
    id: u64,
    name: String,
}

/// Reads an answer's body. One that cannot be read says nothing about what happened at GitHub.
fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, Trouble> {
    // serde's message may quote the body, which may hold a secret.
    serde_json::from_slice(&reply.body).map_err(|_| Trouble::Unavailable {
        message: format!(
            "GitHub answered {} with a body that cannot be read{}",
            reply.status,
            answer::request_id(reply)
        ),
        sent: Sent::Maybe,
    })
}
