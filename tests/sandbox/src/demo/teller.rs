//! How the story is told to people; programs get its record at the end.

use super::act::Mode;
use super::record::{DemoRecord, Launch, MachineEnd, Phase, Started};
use crate::cli::{Output, say};
use crate::github::{Conclusion, Job};
use crate::world::{REPO, Sandbox};

/// Tells, or keeps quiet.
#[derive(Clone, Copy)]
pub(super) struct Teller(Output);

impl Teller {
    pub(super) fn new(output: Output) -> Self {
        Self(output)
    }

    fn line(self, text: &str) {
        if self.0 == Output::Text {
            say(text);
        }
    }

    pub(super) fn open(self, sandbox: &Sandbox) {
        self.line("Mayfly's sandbox. GitHub, AWS and the runner are stand-ins on this machine; mayfly and");
        self.line("runner-entrypoint are the real ones. Nothing leaves this machine.");
        self.line(&format!("\n  GitHub  {}\n  AWS     {}", sandbox.github.url(), sandbox.aws.url()));
    }

    pub(super) fn act(self, mode: Mode) {
        let scene = match mode {
            Mode::Fargate => format!("In a workflow of {REPO}: a runner on Fargate"),
            Mode::Ec2 => format!("In a workflow of {REPO}: a runner on an EC2 instance of the cluster"),
            Mode::Local => "On a laptop, without any AWS: a runner as a process of this machine".to_owned(),
        };
        self.line(&format!("\n━━ {scene}"));
        self.line(&format!("\n  $ mayfly runner start --launch-mode {}", mode.name()));
    }

    /// What mayfly said on stderr.
    pub(super) fn quote(self, said: &str) {
        said.lines().for_each(|line| self.line(&format!("    {line}")));
    }

    pub(super) fn started(self, started: &Started, launch: &Launch, online_ms: u64) {
        self.line(&format!("    label   {}", started.label));
        self.line(&format!("    runner  {}", launch.runner_name));
        if let Some(arn) = &launch.task_arn {
            self.line(&format!("    task    {}", arn.rsplit('/').next().unwrap_or(arn)));
        }
        let phases = started.phases.iter().chain(&launch.phases);
        let steps: Vec<String> = phases.map(|Phase { name, ms }| format!("{name} {ms} ms")).collect();
        self.line(&format!("    online after {online_ms} ms: {}", steps.join(" → ")));
    }

    pub(super) fn queued(self, runs_on: &[String]) {
        self.line(&format!("\n  job \"build\" is queued, runs-on: [{}]", runs_on.join(", ")));
    }

    pub(super) fn output(self, line: &str) {
        self.line(&format!("    │ {line}"));
    }

    pub(super) fn job_ended(self, job: &Job, ms: u64) {
        self.line(&format!("  job \"build\" ended after {ms} ms: {}", conclusion(job.conclusion)));
    }

    pub(super) fn deregistered(self, runner: &str) {
        self.line(&format!("  runner {runner} is gone from GitHub"));
    }

    pub(super) fn ended(self, end: &MachineEnd) {
        match &end.task {
            Some(words) => self.line(&format!("  task STOPPED, {words}, exit code {}", end.exit_code)),
            None => self.line(&format!("  process ended, exit code {}", end.exit_code)),
        }
        self.line(&format!("    {}", end.cause));
    }

    pub(super) fn preview(self, pull: u64, page: &str) {
        self.line(&format!("\n━━ At pull request #{pull} of {REPO}: a preview that dies on its own"));
        self.line(&format!("\n  watch it: {page}pulls/{pull}"));
    }

    pub(super) fn comments(self, who: &str, body: &str) {
        self.line(&format!("\n  {who} comments: {body}"));
    }

    pub(super) fn answers(self, url: &str, title: &str, ms: u64, until: &str) {
        self.line(&format!("  after {ms} ms {url} shows \"{title}\", until {until}"));
    }

    pub(super) fn extended(self, until: &str) {
        self.line(&format!("  its supervisor has taken it: until {until}"));
    }

    pub(super) fn died(self, cause: &str, seconds: u64, cost: Option<f64>, certificate: &str) {
        let cost = cost.map(|usd| format!(", {usd:.4} USD")).unwrap_or_default();
        self.line(&format!("  it ended after {seconds} s{cost}: {cause}"));
        self.line(&format!("  the pull request's one comment says: {certificate}"));
    }

    pub(super) fn closes(self, pull: u64) {
        self.line(&format!("\n  #{pull} is closed; mayfly reap takes what is left of it"));
    }

    pub(super) fn close(self, record: &DemoRecord) {
        if self.0 == Output::Json {
            say(&serde_json::to_string_pretty(record).unwrap_or_default());
            return;
        }
        self.line(&format!("\n━━ After {:.1} s\n", record.seconds));
        self.line("  launch mode   online after   job       took      exit code   cause");
        for act in &record.acts {
            let cause = act.machine.cause.split(':').next().unwrap_or_default();
            self.line(&format!(
                "  {:<13} {:>9} ms   {:<8} {:>5} ms   {:>9}   {cause}",
                act.mode,
                act.online_ms,
                conclusion(Some(act.job)),
                act.job_ms,
                act.machine.exit_code,
            ));
        }
        let preview = &record.preview;
        self.line(&format!(
            "\n  preview #{}: answered after {} ms, deployment shown as {}, ended: {}",
            preview.pr, preview.up_ms, preview.deployment, preview.cause
        ));
        let left = &record.left;
        self.line(&format!(
            "\n  left: {} runners, {} tasks, {} rules, {} target groups, {} task definitions of previews",
            left.runners, left.tasks, left.rules, left.target_groups, left.task_definitions
        ));
    }
}

fn conclusion(conclusion: Option<Conclusion>) -> &'static str {
    match conclusion {
        Some(Conclusion::Success) => "success",
        Some(Conclusion::Failure) => "failure",
        Some(Conclusion::Cancelled) => "cancelled",
        Some(Conclusion::TimedOut) => "timed out",
        None => "not ended",
    }
}
