//! Brings a preview up: one task, a URL that answers, and the older one of its slot put away.
//!
//! Whatever is done may be broken off anywhere: who asks again adopts what is there, and a pass of `reap` removes it.

mod expose;
mod fault;
mod guard;
mod put_away;
mod report;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use uuid::Uuid;

use self::fault::{ended, not_started, too_slow};
pub use self::report::UpReport;
use super::hands::{Ended, Hands, Road};
use super::launch::{self, LaunchedPreview, PLACE_LIMIT, PreviewLaunch, Rung};
use super::lease::Lease;
use super::observed::Preview;
use super::plan::rank;
use super::shape::Shape;
use super::slot::{Sha, Slot};
use super::story::certificate::Asked;
use super::story::{Stage, Story, Subject};
use super::template::Size;
use super::{obituary, story};
use crate::alb::ListenerArn;
use crate::cancel::Cancel;
use crate::chat::Trust;
use crate::config::preview::LaunchConfig;
use crate::ecs::{Status, Task};
use crate::error::Error;
use crate::expose::Expose;
use crate::github::{GitHub, PullState};
use crate::http::Http;
use crate::model::{LaunchId, LaunchMode};
use crate::output::say;
use crate::phases::Phases;
use crate::price;
use crate::reachable::{Probe, until_reachable};
use crate::route::{Host, Room};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Reads are limited to 20 a second for the whole account (ECS developer guide: throttling).
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// GitHub kills a cancelled step ten seconds after its first signal; some of them are needed for the clean-up.
const FINISH_LAUNCH: Duration = Duration::from_secs(5);

/// What is asked for, by flags or by a comment.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Whose.
    pub slot: Slot,
    /// The commit that the image was built from.
    pub sha: Option<Sha>,
    /// How far the code is trusted.
    pub trust: Trust,
    /// Who asks.
    pub owner: Option<String>,
    /// The image, by its digest where that could be found out.
    pub image: String,
    /// Variables of the app, checked.
    pub env: Vec<(String, String)>,
    /// Stands over the settings' size and the template's.
    pub size: Size,
    /// The lease.
    pub lease: Lease,
    /// Leave what was started running when something fails.
    pub keep: bool,
}

/// A launch under way.
pub struct Up<'u> {
    /// What acts.
    pub hands: &'u Hands,
    /// The pull requests, where there is a credential.
    pub github: Option<&'u GitHub>,
    /// For the preview's own page.
    pub http: &'u Http,
    /// The settings.
    pub config: &'u LaunchConfig,
    /// What is asked for.
    pub wish: Wish,
    /// What the app is, ready to be registered.
    pub shape: Shape,
    /// How long each phase took.
    pub phases: Phases,
    /// When it was asked for.
    pub created: SystemTime,
    /// Which process asks.
    pub launcher: Uuid,
    /// How far it came: what a cancelled launch has to put away.
    pub progress: Progress,
}

/// How far a launch came.
#[derive(Debug, Default)]
pub struct Progress {
    /// RunTask is under way, or was.
    asked: AtomicBool,
    /// What it gave.
    started: OnceLock<Started>,
    /// It answers, and an older one is being taken off: to end it now would leave the slot without any.
    serves: AtomicBool,
}

/// What is there once a task was started or found.
#[derive(Clone, Debug)]
struct Started {
    preview: Preview,
    launched: LaunchedPreview,
}

impl Up<'_> {
    /// Does it.
    ///
    /// # Errors
    /// A guard, a refusal, an app that does not get ready. What was started is then put away, unless it was there before.
    pub async fn run(&self) -> Result<UpReport, Error> {
        self.look_for_room().await?;
        self.guard().await?;
        let (launch, rungs) = self.prepare().await?;
        self.tell(Stage::Starting(self.phases.list())).await;
        self.progress.asked.store(true, Ordering::Relaxed);
        let launched = match launch::launch(&self.hands.ecs, &launch, &rungs, &self.phases).await {
            Ok(launched) => launched,
            Err(fault) => {
                self.tell(Stage::Failed(not_started(&fault))).await;
                return Err(fault);
            }
        };
        let started = self.started(launched)?;
        let _ = self.progress.started.set(started.clone());
        match self.bring_up(&started).await {
            Ok(report) => Ok(report),
            Err(fault) => {
                self.put_away(&started, &fault).await;
                Err(fault)
            }
        }
    }

    /// The same until somebody cancels it. A RunTask on its way is then waited for: a task that nobody knows of could not be put
    /// away.
    ///
    /// # Errors
    /// As [`Up::run`], or that it was cancelled.
    pub async fn run_until(&self, cancel: &mut Cancel) -> Result<UpReport, Error> {
        let work = self.run();
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = cancel.requested() => {}
        }
        let asked = || self.progress.asked.load(Ordering::Relaxed) && self.progress.started.get().is_none();
        let begun = Instant::now();
        while asked() && begun.elapsed() < FINISH_LAUNCH {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(FIRST_PAUSE / 4) => {}
            }
        }
        match self.progress.started.get() {
            Some(started) => self.put_away(started, &Error::Cancelled).await,
            None => self.tell(Stage::Refused("the launch was cancelled".to_owned())).await,
        }
        Err(Error::Cancelled)
    }

    fn started(&self, launched: LaunchedPreview) -> Result<Started, Error> {
        let (found, task) = (if launched.adopted { "found" } else { "started" }, &launched.task);
        say(&format!(
            "mayfly: {found} task {} for {} on {}",
            task.arn.task_id(),
            self.wish.slot,
            launched.rung.machine.mode
        ));
        let preview = Preview::of(task).ok_or_else(|| {
            Error::Other(format!("task {} does not say which preview it is; stop it by hand", task.arn.task_id()))
        })?;
        Ok(Started { preview, launched })
    }

    /// The load balancer's hard limits are told before anything is started.
    async fn look_for_room(&self) -> Result<(), Error> {
        let Some((road, _)) = self.road()? else { return Ok(()) };
        let listener = road.alb.describe_listener(&road.listener).await?;
        let room = Room::of(&road.alb, &listener).await?;
        if let Some(warning) = room.warning() {
            say(&format!("mayfly: warning: {warning}"));
        }
        let has_route = crate::route::removal::find(&road.alb, &road.listener, &self.hands.place).await?;
        if has_route.contains_key(&self.wish.slot) {
            return Ok(());
        }
        Ok(room.check()?)
    }

    fn road(&self) -> Result<Option<(&Road, Host)>, Error> {
        if self.config.expose != Expose::Alb {
            return Ok(None);
        }
        let (Some(road), Some(domain)) = (&self.hands.road, &self.config.base_domain) else { return Ok(None) };
        let host = Host::of(self.wish.slot.pr, domain);
        let host = host.map_err(|fault| crate::config::ConfigError::one("--base-domain", fault))?;
        Ok(Some((road, host)))
    }

    async fn prepare(&self) -> Result<(PreviewLaunch, Vec<Rung>), Error> {
        let host = self.road()?.map(|(_, host)| host.as_str().to_owned());
        let wish = &self.wish;
        let launch = PreviewLaunch {
            id: self.id(),
            slot: wish.slot.clone(),
            sha: wish.sha.clone(),
            owner: wish.owner.clone(),
            image: wish.image.clone(),
            app: self.shape.app().to_owned(),
            port: self.shape.port(),
            host,
            lease: wish.lease,
            env: wish.env.clone(),
            launcher: self.launcher,
            created: self.created,
        };
        let rungs = self.shape.rungs(self.hands, self.config, wish, &self.phases).await?;
        Ok((launch, rungs))
    }

    async fn bring_up(&self, started: &Started) -> Result<UpReport, Error> {
        let preview = self.until_running(started).await?;
        let mode = started.launched.rung.machine.mode;
        let url = self.phases.measure("expose", self.expose(&preview, &started.launched.rung)).await?;
        let probe = Probe::of(&url, Some(self.shape.health_path()));
        self.phases.measure("answer", self.until_answers(&preview, &probe)).await?;
        self.still_wanted().await?;
        let tag = [(contract::tags::URL, url.clone())];
        self.hands.definitions.tag_task(&preview.task.arn, &tag).await?;
        let preview = Preview { url: Some(url), ..preview };
        let replaced = self.hand_over(&preview).await?;
        self.hands.tell_ready(&preview).await;
        Ok(self.report(&preview, mode, started.launched.adopted, replaced))
    }

    async fn until_running(&self, started: &Started) -> Result<Preview, Error> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let task = self.hands.look(&started.preview.task.arn).await?;
            match task.as_ref() {
                Some(task) if task.status.is_over() || task.stopping => return Err(ended(task, &started.preview)),
                Some(task) if task.status == Status::Running => {
                    self.note_boot(task);
                    return Ok(Preview { task: task.clone(), ..started.preview.clone() });
                }
                _ if begun.elapsed() >= PLACE_LIMIT => return Err(too_slow(&started.preview)),
                _ => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    fn note_boot(&self, task: &Task) {
        obituary::boot(task).into_iter().for_each(|phase| self.phases.note(phase.name, phase.took));
    }

    async fn until_answers(&self, preview: &Preview, probe: &Probe) -> Result<(), Error> {
        self.while_alive(preview, async {
            Ok(until_reachable(self.http, probe, preview_limit(&self.wish.lease)).await?)
        })
        .await
    }

    /// Work that makes sense only while the task lives; its end says more than the work's own fault would.
    async fn while_alive<T>(
        &self,
        preview: &Preview,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(LONGEST_PAUSE) => { self.look_at(preview).await?; }
            }
        }
    }

    /// The task as it is now.
    async fn look_at(&self, preview: &Preview) -> Result<Task, Error> {
        match self.hands.look(&preview.task.arn).await? {
            Some(task) if task.status.is_over() || task.stopping => Err(ended(&task, preview)),
            Some(task) => Ok(task),
            None => Ok(preview.task.clone()),
        }
    }

    /// A pull request may be closed while its preview starts; the event of that has come and gone.
    async fn still_wanted(&self) -> Result<(), Error> {
        let Some(github) = self.github else { return Ok(()) };
        let pull = github.pull(self.wish.slot.pr.get()).await?;
        match pull.state {
            PullState::Open => Ok(()),
            _ => Err(Error::NotFound(format!("{} was closed while its preview started", self.wish.slot))),
        }
    }

    /// Ends the older ones of the slot, now that this one answers.
    async fn hand_over(&self, preview: &Preview) -> Result<Vec<String>, Error> {
        let mut live = self.hands.of_slot(&preview.slot, Ended::Left).await?;
        // Lists lag behind: what is known first-hand is put in.
        live.retain(|other| other.id != preview.id);
        live.push(preview.clone());
        let rank = rank(preview.id, &live);
        if let Some(newer) = rank.gives_way_to {
            let text = format!("{} has a newer preview, {newer}, that is ready; this one gives way", preview.slot);
            return Err(Error::NotFound(text));
        }
        let sha = preview.sha.as_ref().map_or("a newer launch", Sha::short);
        for old in live.iter().filter(|old| rank.retires.contains(&old.id)) {
            self.progress.serves.store(true, Ordering::Relaxed);
            self.hands.retire(old, &Asked::Replaced(sha.to_owned())).await?;
            say(&format!(
                "mayfly: the preview of {} gives way",
                old.sha.as_ref().map_or("an older launch", Sha::short)
            ));
        }
        Ok(rank.retires.iter().map(ToString::to_string).collect())
    }

    async fn tell(&self, stage: Stage) {
        self.hands.tell(&Story { subject: self.subject(), stage }).await;
    }

    fn id(&self) -> LaunchId {
        let wish = &self.wish;
        let fingerprint = self.shape.fingerprint();
        launch::id(&self.hands.place, &wish.slot, wish.sha.as_ref(), &fingerprint, &wish.env)
    }

    fn subject(&self) -> Subject {
        let (wish, mode) = (&self.wish, self.config.modes.first().copied().unwrap_or(LaunchMode::Fargate));
        Subject {
            pull: wish.slot.pr.get(),
            launch: self.id(),
            created: self.created,
            sha: wish.sha.as_ref().map(ToString::to_string).unwrap_or_default(),
            image: Some(wish.image.clone()),
            mode,
            owner: wish.owner.clone(),
            price: self.shape.size().and_then(|size| price::of_size(size, mode, &self.hands.aws.region)),
            task: None,
        }
    }
}

/// The supervisor has the same limit and starts to count later: its own word comes first.
fn preview_limit(lease: &Lease) -> Duration {
    lease.ready + Duration::from_secs(15)
}

/// A listener's ARN as it was configured.
///
/// # Errors
/// It is none.
pub fn listener(text: &str) -> Result<ListenerArn, Error> {
    let listener = text.parse::<ListenerArn>();
    listener.map_err(|fault| crate::config::ConfigError::one("--listener", fault.to_string()).into())
}

/// The environment's name, for outputs.
fn environment_of(pull: u64) -> String {
    story::environment(pull)
}
