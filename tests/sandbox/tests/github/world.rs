//! A GitHub with one repository, one organisation and one enterprise, and a client for it.

use std::path::Path;

use contract::Secret;
use contract::github_app::AppKey;
use sandbox::contract_check::Contract;
use sandbox::github::{
    Access, Account, App, GitHub, GitHubConfig, Installation, IssueId, Level, Membership, Pat, PullSpec, Reach, Repo,
    RunSpec, SubjectForm,
};
use sandbox::keys::{APP_PRIVATE_KEY, PublicKey};
use serde_json::Value;
use tokio::runtime::Runtime;
use ureq::Agent;
use ureq::http::{HeaderMap, Response};

pub(crate) const RUNNERS: &str = "/repos/octo/demo/actions/runners";

pub(crate) struct World {
    pub(crate) github: GitHub,
    judged: bool,
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
        Self { github, judged: false, _runtime: runtime }
    }

    /// A world with people and an App in it. Where GitHub's description is there, everything is judged by it in the end.
    pub(crate) fn of_people() -> Self {
        let contract = std::env::var_os("MAYFLY_TEST_CONTRACT").map(|file| Contract::read(Path::new(&file)).unwrap());
        let mut world = Self::with(GitHubConfig { contract, ..GitHubConfig::default() });
        world.judged = true;
        for login in ["mona", "hubot", "stranger"] {
            world.github.add_user(login);
        }
        world.github.set_role("octo/demo", "mona", Access::Write);
        world.github.set_role("octo/demo", "hubot", Access::Read);
        world.github.set_member("octo", "mona", Membership::Private);
        world.github.set_member("octo", "hubot", Membership::Public);
        world
    }

    pub(crate) fn pull(&self) -> IssueId {
        self.github.open_pull(PullSpec::of("octo/demo", "mona"))
    }

    /// A client with a classic PAT of this user.
    pub(crate) fn user(&self, login: &str) -> Client {
        self.client(&self.github.add_pat_of(login, Pat::classic(&["repo", "read:org"]), None))
    }

    /// A client with the `GITHUB_TOKEN` of a job.
    pub(crate) fn job(&self, permissions: &[(&str, Level)]) -> Client {
        let (job, _) = self.github.start_hosted_job(self.run(), "preview", None);
        self.client(&self.github.job_token_with(job, permissions))
    }

    /// A client with a token of an App that was given these permissions.
    pub(crate) fn app(&self, permissions: &[(&str, Level)]) -> Client {
        self.github.add_app(App {
            id: 12,
            client_id: "Iv1.standin".to_owned(),
            slug: "previewer".to_owned(),
            key: PublicKey::of_private(APP_PRIVATE_KEY).unwrap(),
            installation: Installation {
                id: 31,
                account: Account { id: 77, login: "octo".to_owned() },
                permissions: permissions.iter().map(|&(name, level)| (name.to_owned(), level)).collect(),
                reach: Reach::All,
            },
        });
        let key = AppKey::parse(&Secret::new(APP_PRIVATE_KEY)).unwrap();
        let token = key.sign("12", std::time::SystemTime::now()).unwrap().expose().to_owned();
        let given = self.client(&token).post("/app/installations/31/access_tokens", &Value::Null);
        self.client(given.body["token"].as_str().unwrap())
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
        let agent =
            Agent::config_builder().http_status_as_error(false).user_agent("test").max_redirects(0).build().into();
        Client { agent, url: self.github.url().to_owned(), token: token.to_owned() }
    }

    pub(crate) fn run(&self) -> u64 {
        self.github.add_run(RunSpec::of("octo/demo"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.judged && !std::thread::panicking() {
            assert_eq!(self.github.violations(), [], "breaches of GitHub's description");
        }
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

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        let call = self.agent.patch(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        reply(call.send_json(body)).unwrap()
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
