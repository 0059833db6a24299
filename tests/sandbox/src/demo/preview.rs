//! The last act: a pull request's preview, from the comment that asks for it to its death certificate.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

use contract::env;
use tokio::process::Command;

use super::LIMIT;
use super::record::{Ended, PreviewRecord, Reacted};
use super::teller::Teller;
use crate::aws::fixture;
use crate::github::{CommentAction, CommentId, IssueId, Level, PullSpec};
use crate::world::{REPO, Sandbox, WRITER, WorkflowRun};

/// What `permissions` gives to the job in a workflow file.
const PERMISSIONS: [(&str, Level); 4] = [
    ("pull_requests", Level::Write),
    ("deployments", Level::Write),
    ("statuses", Level::Write),
    ("contents", Level::Read),
];
const UP: &str = "/preview up ttl=6s FEATURE_BLUE=true";
const EXTEND: &str = "/preview extend 4s";
const BASE_DOMAIN: &str = "preview.example.test";

/// A pull request whose preview is asked for.
pub(super) struct PreviewAct<'a> {
    sandbox: &'a Sandbox,
    teller: Teller,
    pull: IssueId,
    /// Where the repository would be checked out.
    checkout: PathBuf,
    began: Instant,
}

impl<'a> PreviewAct<'a> {
    pub(super) fn begin(sandbox: &'a Sandbox, teller: Teller) -> Result<Self, String> {
        let checkout = sandbox.folder().join("checkout");
        let written = std::fs::create_dir_all(&checkout);
        written
            .and_then(|()| std::fs::write(checkout.join("mayfly.toml"), settings()))
            .map_err(|fault| format!("no room for mayfly.toml: {fault}"))?;
        let title = "Make the buttons blue".to_owned();
        let pull = sandbox.github.open_pull(PullSpec { title, ..PullSpec::of(REPO, WRITER) });
        Ok(Self { sandbox, teller, pull, checkout, began: Instant::now() })
    }

    pub(super) async fn play(self) -> Result<PreviewRecord, String> {
        self.teller.pull(self.pull.number);
        let (up, _) = self.obeyed(UP).await?;
        let ready_ms = super::act::millis(self.began);
        let url = self.url()?;
        let page = self.page(&url).await?;
        self.teller.page(&url, &page);
        let (extend, run) = self.obeyed(EXTEND).await?;
        let end = self.wait(&run).await?;
        let certificate = self.sticky("ended").ok_or("the pull request has no death certificate")?;
        self.teller.certificate(&certificate);
        self.sweep(&run).await?;
        let deployment = self.sandbox.github.deployments().pop().ok_or("nobody told of a deployment")?;
        Ok(PreviewRecord {
            pull: self.pull.number,
            url,
            page,
            ready_ms,
            comments: vec![up, extend],
            end,
            certificate,
            deployment: deployment.shown_state(),
        })
    }

    /// Somebody comments, the comment starts a workflow, and its step obeys.
    async fn obeyed(&self, body: &str) -> Result<(Reacted, WorkflowRun), String> {
        let comment = self.sandbox.github.comment(self.pull, WRITER, body);
        self.teller.comment(WRITER, body);
        let run = self.sandbox.begin_comment_run(comment, CommentAction::Created, &PERMISSIONS);
        let run = run.map_err(|fault| fault.to_string())?;
        let said = self.mayfly(&run, "comment", &["--image", &fixture::image("app:v1")]).await?.1;
        self.teller.quote(&said);
        let reactions = self.reactions(comment);
        self.teller.reactions(&reactions);
        Ok((Reacted { body: body.to_owned(), reactions }, run))
    }

    fn reactions(&self, comment: CommentId) -> Vec<crate::github::Emotion> {
        let comments = self.sandbox.github.comments(self.pull).into_iter().filter(|one| one.id == comment);
        comments.flat_map(|one| one.reactions).map(|reaction| reaction.content).collect()
    }

    /// Runs mayfly as a step of a workflow run; what it answered and what it said.
    async fn mayfly(&self, run: &WorkflowRun, words: &str, flags: &[&str]) -> Result<(Vec<u8>, String), String> {
        let mut command = Command::from(self.sandbox.command("mayfly"));
        command.envs(&run.env).current_dir(&self.checkout).args(words.split(' ')).args(flags);
        // Names below the base domain lead to the load balancer, which takes requests as a proxy does.
        command.env("HTTP_PROXY", self.sandbox.aws.alb_url()).env("NO_PROXY", "localhost,127.0.0.0/8");
        command.env("MAYFLY_PREVIEW_LISTENER", &self.sandbox.aws.listeners()[1].arn);
        command.args(["--output", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let done = tokio::time::timeout(LIMIT, command.output()).await;
        let output = done.map_err(|_| format!("mayfly {words} took too long"))?.map_err(|fault| fault.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return Err(format!("mayfly {words} failed ({}):\n{said}", output.status));
        }
        Ok((output.stdout, said))
    }

    fn url(&self) -> Result<String, String> {
        let deployment = self.sandbox.github.deployments().pop();
        let url = deployment.as_ref().and_then(|deployment| deployment.url()).map(str::to_owned);
        url.ok_or_else(|| "no deployment tells where the preview is".to_owned())
    }

    /// The page as a browser would get it by that name.
    async fn page(&self, url: &str) -> Result<Vec<String>, String> {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let place = self.sandbox.aws.alb_url().to_owned();
        let asked = tokio::task::spawn_blocking(move || {
            let mut answer = ureq::get(place).header("host", host).call()?;
            answer.body_mut().read_to_string()
        });
        let text = asked.await.map_err(|fault| fault.to_string())?;
        let text = text.map_err(|fault| format!("{url} does not answer: {fault}"))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Follows the preview to its end.
    async fn wait(&self, run: &WorkflowRun) -> Result<Ended, String> {
        self.teller.waits();
        let warned = self.sandbox.github.wait_for(LIMIT, |_| self.sticky("warning"));
        let number = self.number();
        let flags = ["--pr", number.as_str()];
        let tell = async {
            let warned = warned.await;
            warned.iter().for_each(|text| self.teller.warned(text));
            warned
        };
        let (ended, warned) = tokio::join!(self.mayfly(run, "preview wait", &flags), tell);
        let (answer, _) = ended?;
        warned.ok_or("the pull request was not warned")?;
        serde_json::from_slice(&answer).map_err(|fault| format!("mayfly's answer was not understood: {fault}"))
    }

    /// The comment that is edited in place, where it tells of this stage.
    fn sticky(&self, stage: &str) -> Option<String> {
        let (own, stage) = (format!("<!-- mayfly:preview pr={} -->", self.number()), format!("mayfly:stage {stage} "));
        let comments = self.sandbox.github.comments(self.pull).into_iter().map(|comment| comment.body);
        comments.into_iter().find(|body| body.starts_with(&own) && body.contains(&stage))
    }

    /// What outlives previews for the next one of the pull request goes once that is closed.
    async fn sweep(&self, run: &WorkflowRun) -> Result<(), String> {
        self.sandbox.github.merge(self.pull);
        // It looks after runners as well, which a job's own token may not.
        let mut run = run.clone();
        run.env.insert(env::GITHUB_TOKEN.to_owned(), self.sandbox.github_token().to_owned());
        let (_, said) = self.mayfly(&run, "reap", &["--grace", "0s"]).await?;
        self.teller.swept(self.pull.number, &said);
        Ok(())
    }

    fn number(&self) -> String {
        self.pull.number.to_string()
    }
}

/// The repository's `mayfly.toml`.
fn settings() -> String {
    let role = |name: &str| format!("arn:aws:iam::{}:role/{name}", fixture::ACCOUNT);
    format!(
        r#"[preview]
command = ["standin-app", "serve"]
port = 8080
health_path = "/health"
cpu = 256
memory = 512
task_role = "{task}"
execution_role = "{execution}"
allow_env = ["FEATURE_*"]
# A supervisor looks for renewals every half minute; nobody wants to wait so long here.
env = {{ PORT = "8080", APP_VERSION = "blue", {renew} = "0.1s" }}

[preview.launch]
log_group = "{logs}"
supervisor_image = "{supervisor}"
base_domain = "{BASE_DOMAIN}"
"#,
        task = role(fixture::TASK_ROLE),
        execution = role(fixture::EXECUTION_ROLE),
        renew = env::RENEW_INTERVAL,
        logs = fixture::LOG_GROUP,
        supervisor = fixture::image("mayfly/entrypoint:latest"),
    )
}
