//! A comment, the workflow run that it starts, and `mayfly comment` as its step.

use contract::env;
use e2e::preview::{App, app};
use e2e::{Mayfly, World};
use sandbox::github::{CommentAction, CommentId, Emotion, IssueId, Level};

/// What `permissions` gives to the job.
const PERMISSIONS: [(&str, Level); 4] = [
    ("pull_requests", Level::Write),
    ("deployments", Level::Write),
    ("statuses", Level::Write),
    ("contents", Level::Read),
];
/// Without a commit: the head is meant.
pub(crate) const UP: &str = "/preview up";

/// A world whose app takes feature flags of both dialects.
pub(crate) fn world() -> (World, IssueId) {
    let app = App::default().without("allow_env");
    World::with_app(&app.line(r#"allow_env = ["FEATURE_*", "SUPERSET_FEATURE_*", "APP_*"]"#))
}

/// A step of a job with the same permissions that no comment started.
pub(crate) fn job(world: &World, line: &str) -> Mayfly {
    let run = world.begin_run();
    let token = world.sandbox.github.job_token_with(run.job, &PERMISSIONS);
    world.step_of(&run, line).env(env::GITHUB_TOKEN, token).reaching(world)
}

/// A comment that was written.
pub(crate) struct Said<'w> {
    world: &'w World,
    pub(crate) id: CommentId,
}

/// Somebody writes a comment.
pub(crate) fn say<'w>(world: &'w World, pull: IssueId, login: &str, body: &str) -> Said<'w> {
    Said { world, id: world.sandbox.github.comment(pull, login, body) }
}

impl Said<'_> {
    /// The step of the run that it starts.
    pub(crate) fn heard(&self, flags: &str) -> Mayfly {
        self.happened(CommentAction::Created, flags)
    }

    /// The same for what else may become of a comment.
    pub(crate) fn happened(&self, action: CommentAction, flags: &str) -> Mayfly {
        let run = self.world.sandbox.begin_comment_run(self.id, action, &PERMISSIONS).expect("there is room");
        let image = app("v1");
        let image = if flags.contains("--image") { String::new() } else { format!("--image {image}") };
        let line = format!("comment {image} {flags}");
        self.world.step_of(&run, &line).reaching(self.world)
    }

    /// What was reacted with, oldest first.
    pub(crate) fn reactions(&self, pull: IssueId) -> Vec<Emotion> {
        let comments = self.world.sandbox.github.comments(pull).into_iter().filter(|one| one.id == self.id);
        comments.flat_map(|one| one.reactions).map(|reaction| reaction.content).collect()
    }

    /// The answer to it.
    #[track_caller]
    pub(crate) fn answer(&self, pull: IssueId) -> String {
        let marker = format!("<!-- mayfly:reply {} -->", self.id);
        let all = self.world.sandbox.github.comments(pull);
        let found: Vec<_> = all.iter().filter(|one| one.body.starts_with(&marker)).collect();
        let [answer] = found[..] else { panic!("there is not exactly one answer: {all:#?}") };
        answer.body.clone()
    }
}

/// Ends what a test brought up, as the same author.
#[track_caller]
pub(crate) fn put_away(world: World, pull: IssueId) {
    say(&world, pull, sandbox::world::WRITER, "/preview down").heard("").succeeds();
    world.finish();
}
