//! The last act: a preview that a comment asks for, that is extended once, warned of, and dies at its lease.

use std::cell::RefCell;
use std::process::{Output, Stdio};
use std::time::Instant;

use serde::Deserialize;
use tokio::process::Command;

use super::LIMIT;
use super::record::PreviewRecord;
use super::teller::Teller;
use crate::aws::fixture;
use crate::github::{Comment, CommentAction, IssueId, Level, PullSpec};
use crate::world::{REPO, Sandbox, WRITER, WorkflowRun};

/// Previews are below it; the sandbox's load balancer takes its names as an HTTP proxy does.
const BASE_DOMAIN: &str = "preview.example.test";
/// Long enough to be extended and warned of, short enough to watch.
const LEASE: &str = "6s";
const EXTENSION: &str = "3s";
/// What a workflow on `issue_comment` gives the job's token.
const PERMISSIONS: [(&str, Level); 5] = [
    ("issues", Level::Write),
    ("pull_requests", Level::Write),
    ("deployments", Level::Write),
    ("statuses", Level::Write),
    ("contents", Level::Read),
];

/// A pull request with a preview.
pub(super) struct PreviewAct<'a> {
    sandbox: &'a Sandbox,
    teller: Teller,
    pull: IssueId,
    /// The last run that a comment has begun.
    run: RefCell<Option<WorkflowRun>>,
}

/// The part of `mayfly`'s answers that the demo reads.
#[derive(Deserialize)]
struct Up {
    url: String,
    expires_at: String,
}

#[derive(Deserialize)]
struct Extended {
    expires_at: String,
}

#[derive(Deserialize)]
struct Waited {
    cause: String,
    uptime_s: Option<u64>,
    cost: Option<f64>,
}

impl<'a> PreviewAct<'a> {
    pub(super) fn begin(sandbox: &'a Sandbox, teller: Teller) -> Result<Self, String> {
        let file = sandbox.folder().join("mayfly.toml");
        std::fs::write(file, settings()).map_err(|fault| fault.to_string())?;
        let pull = sandbox.github.open_pull(PullSpec::of(REPO, WRITER));
        Ok(Self { sandbox, teller, pull, run: RefCell::new(None) })
    }

    pub(super) async fn play(self) -> Result<PreviewRecord, String> {
        self.teller.preview(self.pull.number, &self.sandbox.github.page());
        let began = Instant::now();
        let up: Up = self.comment(&format!("/preview up ttl={LEASE}")).await?;
        let up_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.teller.answers(&up.url, &self.title(&up.url).await?, up_ms, &up.expires_at);
        let extended: Extended = self.comment(&format!("/preview extend {EXTENSION}")).await?;
        self.teller.extended(&extended.expires_at);
        let waited: Waited = self.step(&["preview", "wait", "--until", "ended"]).await?;
        let certificate = self.certificate()?;
        self.teller.died(&waited.cause, waited.uptime_s.unwrap_or_default(), waited.cost, &certificate);
        self.sandbox.github.close(self.pull);
        self.teller.closes(self.pull.number);
        let _: serde_json::Value = self.step(&["reap", "--grace", "0s"]).await?;
        Ok(PreviewRecord {
            pr: self.pull.number,
            url: up.url,
            up_ms,
            cause: waited.cause,
            uptime_s: waited.uptime_s,
            cost: waited.cost,
            deployment: self.deployment(),
        })
    }

    /// Somebody comments, and the workflow on `issue_comment` runs `mayfly comment`.
    async fn comment<T: for<'d> Deserialize<'d>>(&self, body: &str) -> Result<T, String> {
        self.teller.comments(WRITER, body);
        let comment = self.sandbox.github.comment(self.pull, WRITER, body);
        let run = self.sandbox.begin_comment_run(comment, CommentAction::Created, &PERMISSIONS);
        let run = run.map_err(|fault| fault.to_string())?;
        let answer = self.mayfly(&["comment"], &run).await;
        self.run.replace(Some(run));
        answer
    }

    /// Another step of the workflow run that has commented: the pull request knows its words by their author.
    async fn step<T: for<'d> Deserialize<'d>>(&self, words: &[&str]) -> Result<T, String> {
        let run = self.run.borrow().clone().ok_or("nobody has commented yet")?;
        self.mayfly(words, &run).await
    }

    /// Runs `mayfly` as a step of a workflow, and reads its answer.
    async fn mayfly<T: for<'d> Deserialize<'d>>(&self, words: &[&str], run: &WorkflowRun) -> Result<T, String> {
        let mut command = Command::from(self.sandbox.command("mayfly"));
        let number = self.pull.number.to_string();
        command.args(words).args(["--output", "json", "--listener", &self.sandbox.aws.listeners()[1].arn]);
        if words[0] == "preview" {
            command.args(["--pr", &number]);
        }
        // The job's own token does for pull requests; it has no say about runners.
        command.envs(&run.env).env_remove(contract::env::GITHUB_TOKEN);
        command.env("MAYFLY_PREVIEW_BASE_DOMAIN", BASE_DOMAIN).env("MAYFLY_PREVIEW_IMAGE", fixture::image("app:v1"));
        command.env("HTTP_PROXY", self.sandbox.aws.alb_url()).env("NO_PROXY", "localhost,127.0.0.0/8");
        command.current_dir(self.sandbox.folder()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let done = tokio::time::timeout(LIMIT, command.output()).await;
        let Output { status, stdout, stderr } = done
            .map_err(|_| format!("mayfly {} took too long", words.join(" ")))?
            .map_err(|fault| fault.to_string())?;
        let said = String::from_utf8_lossy(&stderr);
        if !status.success() {
            return Err(format!("mayfly {} failed ({status}):\n{said}", words.join(" ")));
        }
        self.teller.quote(&said);
        serde_json::from_slice(&stdout).map_err(|fault| format!("mayfly's answer was not understood: {fault}"))
    }

    /// The page's title, asked for as a browser behind the load balancer would.
    async fn title(&self, url: &str) -> Result<String, String> {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let place = self.sandbox.aws.alb_url().to_owned();
        let ask = move || ureq::get(&place).header("host", &host).call()?.body_mut().read_to_string();
        let page = tokio::task::spawn_blocking(ask).await.map_err(|fault| fault.to_string())?;
        let page = page.map_err(|fault| format!("{url} does not answer: {fault}"))?;
        let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        title.map(|(title, _)| title.to_owned()).ok_or_else(|| format!("{url} shows no page:\n{page}"))
    }

    /// The first words of the one comment, which by now is the death certificate.
    fn certificate(&self) -> Result<String, String> {
        let marker = format!("<!-- mayfly:preview pr={} -->", self.pull.number);
        let all = self.sandbox.github.comments(self.pull);
        let ours: Vec<&Comment> = all.iter().filter(|comment| comment.body.starts_with(&marker)).collect();
        let [comment] = ours[..] else { return Err(format!("{} comments are the preview's", ours.len())) };
        let line = comment.body.lines().find(|line| line.starts_with("###"));
        line.map(|line| line.trim_start_matches('#').trim().to_owned()).ok_or_else(|| "it says nothing".to_owned())
    }

    fn deployment(&self) -> String {
        let deployments = self.sandbox.github.deployments();
        deployments.last().map(|deployment| deployment.shown_state().to_owned()).unwrap_or_default()
    }
}

/// What the demo's repository has as `mayfly.toml`.
fn settings() -> String {
    let role = |name: &str| format!("arn:aws:iam::{}:role/{name}", fixture::ACCOUNT);
    format!(
        "[preview]\n\
         command = [\"standin-app\", \"serve\"]\n\
         port = 8080\n\
         health_path = \"/health\"\n\
         cpu = 256\n\
         memory = 512\n\
         task_role = \"{}\"\n\
         execution_role = \"{}\"\n\
         env = {{ PORT = \"8080\", APP_VERSION = \"blue buttons\", MAYFLY_RENEW_INTERVAL = \"0.2s\" }}\n\
         [preview.launch]\n\
         log_group = \"{}\"\n\
         supervisor_image = \"{}\"\n",
        role(fixture::TASK_ROLE),
        role(fixture::EXECUTION_ROLE),
        fixture::LOG_GROUP,
        fixture::image("mayfly/entrypoint:latest"),
    )
}
