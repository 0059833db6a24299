//! A GitHub with one repository, one organisation and one enterprise, and a client for it.

use sandbox::github::{GitHub, GitHubConfig, Level, Pat, Repo, RunSpec, SubjectForm};
use serde_json::Value;
use tokio::runtime::Runtime;
use ureq::Agent;
use ureq::http::{HeaderMap, Response};

pub(crate) const RUNNERS: &str = "/repos/octo/demo/actions/runners";

pub(crate) struct World {
    pub(crate) github: GitHub,
    /// Serves the stand-in as long as the world is there.
    _runtime: Runtime,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(GitHubConfig::default())
    }

    pub(crate) fn with(config: GitHubConfig) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let github = runtime.block_on(GitHub::start(config)).unwrap();
        github.add_org(77, "octo");
        github.add_enterprise(9, "big-co");
        github.add_repo(repo(4242, "demo"));
        Self { github, _runtime: runtime }
    }

    /// A client with a token that may do everything at all three scopes.
    pub(crate) fn admin(&self) -> Client {
        let pat = Pat::classic(&["repo", "admin:org", "manage_runners:enterprise"]);
        self.client(&self.github.add_pat(pat, None))
    }

    /// A client with a fine-grained PAT of the organisation.
    pub(crate) fn holding(&self, permissions: &[(&str, Level)]) -> Client {
        self.client(&self.github.add_pat(Pat::fine_grained(77, permissions), None))
    }

    pub(crate) fn client(&self, token: &str) -> Client {
        let agent = Agent::config_builder().http_status_as_error(false).user_agent("test").build().into();
        Client { agent, url: self.github.url().to_owned(), token: token.to_owned() }
    }

    pub(crate) fn run(&self) -> u64 {
        self.github.add_run(RunSpec::of("octo/demo"))
    }
}

pub(crate) fn repo(id: u64, name: &str) -> Repo {
    Repo {
        id,
        owner: "octo".to_owned(),
        owner_id: 77,
        name: name.to_owned(),
        public: false,
        subject: SubjectForm::Classic,
    }
}

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) agent: Agent,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.get_with(path, &[])
    }

    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut call = self.agent.get(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        reply(call.call()).unwrap()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.try_post(path, body).unwrap()
    }

    pub(crate) fn try_post(&self, path: &str, body: &Value) -> Result<Reply, ureq::Error> {
        let call = self.agent.post(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        reply(if body.is_null() { call.send_empty() } else { call.send_json(body) })
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        reply(self.agent.delete(format!("{}{path}", self.url)).header("Authorization", self.bearer()).call()).unwrap()
    }

    pub(crate) fn jit(&self, scope: &str, name: &str) -> Reply {
        let body = serde_json::json!({ "name": name, "runner_group_id": 1, "labels": ["self-hosted", "x"] });
        self.post(&format!("/{scope}/actions/runners/generate-jitconfig"), &body)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

fn reply(answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Reply, ureq::Error> {
    let mut answer = answer?;
    Ok(Reply {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.body_mut().read_json().unwrap_or_default(),
    })
}
