//! How the story is told to people; programs get its record at the end.

use super::act::Mode;
use super::record::{DemoRecord, Launch, Left, MachineEnd, Phase, PreviewRecord, Started};
use crate::cli::{Output, say};
use crate::github::{Conclusion, Emotion, Job};
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

    pub(super) fn pull(self, number: u64) {
        self.line(&format!("\n━━ At pull request {number} of {REPO}: a preview behind the load balancer"));
    }

    pub(super) fn comment(self, login: &str, body: &str) {
        self.line(&format!("\n  {login} comments: {body}"));
        self.line("  $ mayfly comment");
    }

    pub(super) fn reactions(self, reactions: &[Emotion]) {
        let words: Vec<String> = reactions.iter().map(|one| format!("{one:?}").to_lowercase()).collect();
        self.line(&format!("    the comment has: {}", words.join(", ")));
    }

    pub(super) fn page(self, url: &str, page: &[String]) {
        self.line(&format!("\n  {url} shows:"));
        page.iter().for_each(|line| self.output(line));
    }

    pub(super) fn waits(self) {
        self.line("\n  $ mayfly preview wait");
    }

    pub(super) fn warned(self, comment: &str) {
        self.line("  the pull request is warned:");
        self.excerpt(comment);
    }

    pub(super) fn certificate(self, comment: &str) {
        self.line("  its one comment is now the death certificate:");
        self.excerpt(comment);
    }

    /// A comment without its marks and empty lines.
    fn excerpt(self, comment: &str) {
        let told = comment.lines().filter(|line| !line.is_empty() && !line.starts_with("<!--"));
        told.for_each(|line| self.output(line));
    }

    pub(super) fn swept(self, number: u64, said: &str) {
        self.line(&format!("\n  pull request {number} is merged\n  $ mayfly reap"));
        self.quote(said);
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
        self.close_preview(&record.preview);
        self.left(&record.left);
    }

    fn close_preview(self, preview: &PreviewRecord) {
        self.line("\n  pull request   ready after   lived   cost           deployment   cause");
        self.line(&format!(
            "  {:<13} {:>9} ms   {:>4} s   {:.4} USD     {:<10}   {}",
            preview.pull,
            preview.ready_ms,
            preview.end.uptime_s,
            preview.end.cost,
            preview.deployment,
            preview.end.cause,
        ));
    }

    fn left(self, left: &Left) {
        let counts = [
            ("GitHub", "runners", left.runners),
            ("ECS", "tasks", left.tasks),
            ("ECS", "previews", left.previews),
            ("ECS", "task definitions of previews", left.definitions),
            ("load balancer", "rules", left.rules),
            ("load balancer", "target groups", left.target_groups),
        ];
        self.line("\n  left");
        counts.iter().for_each(|(side, what, count)| self.line(&format!("  {count:>4}  {what:<30} {side}")));
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
