//! Previews as a user starts them, and as people look at them: by their URL.

use std::fs;
use std::io;
use std::time::Duration;

use contract::record::{AppEnd, END_PREFIX};
use sandbox::aws::{RoutingRule, Target, Task, fixture};
use sandbox::github::{Comment, IssueId, PullSpec};
use sandbox::world::{REPO, WRITER};

use crate::{Mayfly, Ran, World};

/// Previews behind the load balancer are below it.
pub const BASE_DOMAIN: &str = "preview.example.test";
/// An answer that takes longer is none.
const ANSWER: Duration = Duration::from_secs(5);

/// `mayfly.toml` of the stand-in application. A test adds to `[preview]` what it needs.
pub struct App {
    /// Lines of `[preview]`.
    pub lines: Vec<String>,
    /// Variables of the app.
    pub env: Vec<(String, String)>,
    /// Sections that follow.
    pub sections: String,
}

impl Default for App {
    fn default() -> Self {
        let account = fixture::ACCOUNT;
        let lines = [
            "command = [\"standin-app\", \"serve\"]".to_owned(),
            "port = 8080".to_owned(),
            "health_path = \"/health\"".to_owned(),
            "cpu = 256".to_owned(),
            "memory = 512".to_owned(),
            format!("task_role = \"arn:aws:iam::{account}:role/{}\"", fixture::TASK_ROLE),
            format!("execution_role = \"arn:aws:iam::{account}:role/{}\"", fixture::EXECUTION_ROLE),
            "allow_env = [\"FEATURE_*\", \"APP_*\"]".to_owned(),
        ];
        // A preview is asked for renewals each half minute; no test waits so long.
        let env = [("PORT", "8080"), (contract::env::RENEW_INTERVAL, "0.1s")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { lines: lines.to_vec(), env: env.to_vec(), sections: String::new() }
    }
}

impl App {
    /// Adds a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a line to `[preview]`.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Leaves out a line of `[preview]` that begins so.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.lines.retain(|line| !line.starts_with(key));
        self
    }

    /// Adds a section.
    #[must_use]
    pub fn section(mut self, text: &str) -> Self {
        self.sections += text;
        self
    }

    fn text(&self) -> String {
        let pairs: Vec<String> = self.env.iter().map(|(name, value)| format!("{name} = \"{value}\"")).collect();
        format!(
            "[preview]\n{}\nenv = {{ {} }}\n[preview.launch]\nlog_group = \"{}\"\nsupervisor_image = \"{}\"\n{}",
            self.lines.join("\n"),
            pairs.join(", "),
            fixture::LOG_GROUP,
            fixture::image("mayfly/entrypoint:latest"),
            self.sections
        )
    }
}

/// What a page answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// What it says.
    pub body: String,
}

impl World {
    /// A world with the stand-in application's `mayfly.toml`, and an open pull request of somebody who may push.
    pub fn with_app(app: &App) -> (Self, IssueId) {
        let world = Self::start();
        world.write_app(app);
        let pull = world.open_pull();
        (world, pull)
    }

    /// Writes `mayfly.toml`, where each `mayfly` of this world finds it.
    ///
    /// # Panics
    /// Where there is no room for it.
    pub fn write_app(&self, app: &App) {
        fs::write(self.home().join("mayfly.toml"), app.text()).expect("there is room for a file");
    }

    /// Opens a pull request.
    pub fn open_pull(&self) -> IssueId {
        self.sandbox.github.open_pull(PullSpec::of(REPO, WRITER))
    }

    /// A command on a pull request's preview, as a step of a workflow with a token.
    pub fn preview(&self, line: &str, pull: IssueId) -> Mayfly {
        let (command, flags) = line.split_once(' ').unwrap_or((line, ""));
        self.step(&format!("preview {command} --pr {} {flags}", pull.number)).with_token(self).reaching(self)
    }

    /// `mayfly preview up` of the first version, on Fargate unless the flags say otherwise.
    pub fn up(&self, pull: IssueId, flags: &str) -> Mayfly {
        let image = if flags.contains("--image") { String::new() } else { format!("--image {}", app("v1")) };
        self.preview(&format!("up {image} {flags}"), pull)
    }

    /// `mayfly reap` for previews, which nothing is too young for.
    pub fn reap(&self, flags: &str) -> Mayfly {
        self.step(&format!("reap --grace 0s {flags}")).with_token(self).reaching(self)
    }

    /// Flags for the load balancer: its HTTP listener, since nobody here has the certificate's key.
    pub fn by_alb(&self) -> String {
        format!("--expose alb {} --base-domain {BASE_DOMAIN}", self.listener())
    }

    /// The flag that names the load balancer's HTTP listener.
    pub fn listener(&self) -> String {
        format!("--listener {}", self.sandbox.aws.listeners()[1].arn)
    }

    /// Asks for a page as a browser does; `None` where nobody answers. Names below [`BASE_DOMAIN`] lead to the load balancer.
    pub fn page(&self, url: &str) -> Option<Page> {
        let (place, host) = match url.strip_prefix("http://").and_then(|rest| rest.split_once(BASE_DOMAIN)) {
            Some((name, path)) => {
                (format!("{}{path}", self.sandbox.aws.alb_url()), Some(format!("{name}{BASE_DOMAIN}")))
            }
            None => (url.to_owned(), None),
        };
        let request = ureq::get(&place);
        let request = host.iter().fold(request, |request, host| request.header("host", host));
        let call = request.config().http_status_as_error(false).timeout_global(Some(ANSWER)).build().call();
        let mut answer = call.ok()?;
        let body = answer.body_mut().read_to_string().ok()?;
        Some(Page { status: answer.status().as_u16(), body })
    }

    /// Asserts that a page is the stand-in application's.
    #[track_caller]
    pub fn assert_serves(&self, url: &str, words: &str) {
        let page = self.page(url);
        let good = page.as_ref().is_some_and(|page| page.status == 200 && page.body.contains(words));
        assert!(good, "{url} does not show \"{words}\": {page:?}");
    }

    /// Tasks of previews that live and were not told to stop.
    pub fn live_previews(&self) -> Vec<Task> {
        let tasks = self.sandbox.aws.tasks().into_iter();
        tasks.filter(|task| task.status != sandbox::aws::Status::Stopped && !task.is_to_stop).collect()
    }

    /// The only one.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    #[track_caller]
    pub fn only_preview(&self) -> Task {
        let live = self.live_previews();
        let [task] = live.as_slice() else { panic!("there is not exactly one live preview: {live:#?}") };
        task.clone()
    }

    /// The last words of a preview's supervisor.
    ///
    /// # Panics
    /// Where it left none.
    #[track_caller]
    pub fn app_end(&self, task: &Task) -> AppEnd {
        let lines = self.sandbox.aws.output(&task.id);
        let last = lines.iter().rev().find(|line| line.starts_with(END_PREFIX));
        let last = last.unwrap_or_else(|| panic!("the log has no record:\n{}", lines.join("\n")));
        serde_json::from_str(last).unwrap_or_else(|fault| panic!("{last} is no record: {fault}"))
    }

    /// Mayfly's comments on a pull request, oldest first.
    pub fn comments(&self, pull: IssueId) -> Vec<Comment> {
        self.sandbox.github.comments(pull).into_iter().filter(|comment| comment.body.contains("<!-- mayfly")).collect()
    }

    /// The one comment that is edited in place.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    #[track_caller]
    pub fn sticky(&self, pull: IssueId) -> String {
        let marker = format!("<!-- mayfly:preview pr={} -->", pull.number);
        let all = self.sandbox.github.comments(pull);
        let found: Vec<&Comment> = all.iter().filter(|comment| comment.body.contains(&marker)).collect();
        let [comment] = found[..] else { panic!("there is not exactly one comment with {marker}: {all:#?}") };
        comment.body.clone()
    }

    /// The only rule of the load balancer.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    #[track_caller]
    pub fn only_rule(&self) -> RoutingRule {
        let rules = self.sandbox.aws.rules();
        let [rule] = rules.as_slice() else { panic!("there is not exactly one rule: {rules:#?}") };
        rule.clone()
    }

    /// All targets of all target groups that are not on their way out.
    pub fn targets(&self) -> Vec<Target> {
        self.sandbox.aws.target_groups().into_iter().flat_map(|group| group.targets).collect()
    }

    /// Takes a preview down, and asserts that nothing of it is left.
    #[track_caller]
    pub fn down(&self, pull: IssueId) -> Ran {
        self.preview(&format!("down {}", self.listener()), pull).succeeds()
    }
}

impl Mayfly {
    /// Lets it reach names behind the load balancer, which takes requests as a proxy does.
    #[must_use]
    pub fn reaching(self, world: &World) -> Self {
        self.env("HTTP_PROXY", world.sandbox.aws.alb_url()).env("NO_PROXY", "localhost,127.0.0.0/8")
    }
}

/// A version of the stand-in application's image.
pub fn app(version: &str) -> String {
    fixture::image(&format!("app:{version}"))
}

/// A port of this machine that nobody listens on.
///
/// # Panics
/// Where there is none.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0));
    let port = listener.and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.unwrap_or_else(|fault: io::Error| panic!("there is no free port: {fault}"))
}
