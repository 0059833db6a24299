//! `mayfly comment`: reads the event of a comment at a pull request, and does what the comment says.
//!
//! Who may not command is answered by a reaction alone, so that nobody can make the project write.

use std::time::{Duration, SystemTime};

use super::Context;
use super::context::no_aws;
use super::preview::down::{DownReport, take_down};
use super::preview::extend::extend_on_ecs;
use super::preview::list::table;
use super::preview::order::Order;
use super::preview::up::{self, Ask, Bound};
use super::preview::{scene, validate};
use crate::cancel::Cancel;
use crate::chat::who::may;
use crate::chat::{Allow, Command, CommentEvent, Dialect, Event, Heard, Up, Verdict, consent, event, grammar, help};
use crate::cli::preview::CommentArgs;
use crate::config::{ConfigError, Faults};
use crate::error::Error;
use crate::github::{GitHub, Reaction};
use crate::output::{answer_as, say};
use crate::phases::Phases;
use crate::preview::hands::{Ended, Hands};
use crate::preview::publish::Publisher;
use crate::preview::slot::{PullNumber, Slot};
use crate::preview::story::markdown::fence;
use crate::preview::template::Size;

/// What `/preview extend` without a number asks for.
const EXTENSION: Duration = Duration::from_secs(2 * 3_600);
/// The supervisor looks every half minute, and a comment is answered once.
const CONFIRM: Duration = Duration::from_secs(120);

/// A comment that may be obeyed, and what obeys it.
struct Obedience<'c> {
    event: CommentEvent,
    slot: Slot,
    order: Order,
    github: GitHub,
    context: &'c Context<'c>,
}

/// Does what the comment says. What is none of our business is no fault.
///
/// # Errors
/// Bad settings, somebody who may not, or what was asked for failed; then the comment is told why.
pub async fn run(args: &CommentArgs, context: &Context<'_>) -> Result<(), Error> {
    let mut cancel = Cancel::listen()?;
    let event = match read_event(args, context)? {
        Event::Comment(event) => event,
        Event::Ignored(why) => return ignored(&why.to_string(), context),
    };
    let dialect = Dialect::default();
    let heard = grammar::read(&event.body, &dialect);
    if heard == Heard::Nothing {
        return ignored("it is no command", context);
    }
    let (obedience, allow) = prepare(args, event, context)?;
    if args.dry_run {
        say(&format!("mayfly: dry run: {} asks at {}: {heard:?}", obedience.event.author, obedience.slot));
        return Ok(());
    }
    obedience.check(&allow).await?;
    let command = match heard {
        Heard::Command(command) => command,
        Heard::Malformed(fault) => {
            obedience.refuse(&help::malformed(&fault, &dialect)).await;
            return Err(ConfigError::one("comment", fault.why).into());
        }
        Heard::Nothing => return Ok(()),
    };
    obedience.react(Reaction::Eyes).await;
    match obedience.obey(command, &dialect, &mut cancel).await {
        Ok(()) => {
            obedience.react(Reaction::Rocket).await;
            Ok(())
        }
        Err(fault) => {
            obedience.refuse(&words(&fault)).await;
            Err(fault)
        }
    }
}

fn ignored(why: &str, context: &Context<'_>) -> Result<(), Error> {
    answer_as(context.output, &serde_json::json!({ "ignored": why }), || format!("ignored: {why}"));
    Ok(())
}

fn read_event(args: &CommentArgs, context: &Context<'_>) -> Result<Event, Error> {
    let path = args.event.clone().or_else(|| (context.vars)("GITHUB_EVENT_PATH").filter(|path| !path.is_empty()));
    let missing =
        || ConfigError::one("--event", "is missing; run this in a workflow on issue_comment, or name the event's file");
    let path = path.ok_or_else(missing)?;
    let text =
        std::fs::read_to_string(&path).map_err(|cause| ConfigError::one(&path, format!("cannot be read: {cause}")))?;
    Ok(event::read(&text).map_err(|fault| ConfigError::one(&path, fault))?)
}

fn prepare<'c>(
    args: &CommentArgs,
    event: CommentEvent,
    context: &'c Context<'c>,
) -> Result<(Obedience<'c>, Allow), Error> {
    let (order, mut faults) = Order::resolve(&args.place, &args.launch, &args.image, &[], context)?;
    let owner = event.repository.split('/').next().unwrap_or_default().to_owned();
    let allow = args.allow.clone().or_else(|| order.settings.text("allow"));
    let allow = faults.take("--allow", Allow::read(allow.as_deref().unwrap_or("write"), &owner));
    let slot = slot(&event, &order, &mut faults);
    let github = scene::github(&order.place, context)?;
    if github.is_none() {
        faults.add(
            contract::env::GITHUB_TOKEN,
            "is missing; without a credential nobody can tell who may command: pass the job's token as GITHUB_TOKEN",
        );
    }
    if !order.config.is_ecs() {
        faults
            .add("--launch-mode", "local is this machine, which comments do not start things on; name an ECS cluster");
    }
    let ready = slot.zip(github).zip(allow);
    let ready = ready.map(|((slot, github), allow)| (Obedience { event, slot, order, github, context }, allow));
    Ok(faults.into_result(ready)?)
}

fn slot(event: &CommentEvent, order: &Order, faults: &mut Faults) -> Option<Slot> {
    let asked = order.place.github.scope.as_ref().map(ToString::to_string);
    let own = format!("repos/{}", event.repository);
    if asked.is_some_and(|asked| !asked.eq_ignore_ascii_case(&own)) {
        faults.add("--repo", format!("is another repository than the comment's, {}", event.repository));
    }
    let pr = faults.take("the event", PullNumber::new(event.pull).ok_or_else(|| "has no pull request".to_owned()))?;
    Some(Slot { repo: event.repository.clone(), pr })
}

/// An error as the pull request is told of it.
fn words(fault: &Error) -> String {
    let fix = fault.fix().map(|fix| format!("\n\nFix: {fix}")).unwrap_or_default();
    format!("{}{fix}", fault.paragraph())
}

impl Obedience<'_> {
    async fn check(&self, allow: &Allow) -> Result<(), Error> {
        let login = &self.event.author;
        let fix = "who may is set by --allow; GitHub shows collaborators in the repository's settings".to_owned();
        match may(&self.github, allow, login).await {
            Verdict::Allowed => Ok(()),
            Verdict::Refused(why) | Verdict::CannotTell(why) => {
                self.react(Reaction::Confused).await;
                Err(Error::Refused { text: format!("{login} may not command previews of {}: {why}", self.slot), fix })
            }
        }
    }

    async fn react(&self, reaction: Reaction) {
        if let Err(fault) = self.github.react(self.event.comment, reaction).await {
            say(&format!("mayfly: warning: the comment gets no reaction: {fault}"));
        }
    }

    /// Tells the commenter why not.
    async fn refuse(&self, text: &str) {
        self.react(Reaction::Confused).await;
        self.reply(text).await;
    }

    async fn reply(&self, text: &str) {
        let publisher = Publisher::new(self.github.clone(), self.order.config.publish);
        if let Err(fault) = publisher.reply(self.slot.pr.get(), self.event.comment, text).await {
            say(&format!("mayfly: warning: the comment gets no answer: {fault}"));
        }
    }

    async fn obey(&self, command: Command, dialect: &Dialect, cancel: &mut Cancel) -> Result<(), Error> {
        match command {
            Command::Up(wanted) => self.up(wanted, cancel).await,
            Command::Down => self.down().await,
            Command::Extend(by) => self.extend(by.unwrap_or(EXTENSION)).await,
            Command::Status => self.status().await,
            Command::Validate => self.validate().await,
            Command::Help => {
                self.reply(&help::text(dialect)).await;
                Ok(())
            }
        }
    }

    async fn hands(&self) -> Result<Hands, Error> {
        let aws = self.order.place.aws.as_ref().ok_or_else(no_aws)?;
        let publisher = Publisher::new(self.github.clone(), self.order.config.publish);
        scene::hands(aws, self.order.config.road(), Some(publisher), self.context, &Phases::default()).await
    }

    async fn up(&self, wanted: Up, cancel: &mut Cancel) -> Result<(), Error> {
        let pull = self.github.pull(self.slot.pr.get()).await?;
        let consent = consent::judge(wanted.sha.as_ref(), &pull, self.event.created);
        let consent = consent.map_err(|denied| Error::Refused {
            text: denied.to_string(),
            fix: "look at the commit, and name it".to_owned(),
        })?;
        let units = wanted.size.map(|size| size.units());
        let ask = Ask {
            slot: self.slot.clone(),
            sha: consent.sha.parse().ok(),
            bound: Bound::ToTheCommit,
            owner: Some(self.event.author.clone()),
            env: wanted.env.into_iter().collect(),
            size: Size { cpu: units.map(|(cpu, _)| cpu), memory: units.map(|(_, memory)| memory) },
            ttl: wanted.ttl,
            keep: false,
        };
        let report = up::on_ecs(&self.order, ask, self.context, cancel).await?;
        up::tell(&report, self.context)
    }

    async fn down(&self) -> Result<(), Error> {
        let mut report = DownReport::default();
        take_down(&self.hands().await?, &self.slot, Some(self.event.author.clone()), &mut report).await?;
        answer_as(self.context.output, &report, || report.text(&self.slot));
        Ok(())
    }

    async fn extend(&self, by: Duration) -> Result<(), Error> {
        let report = extend_on_ecs(&self.hands().await?, &self.slot, by, CONFIRM, false).await?;
        self.reply(&format!("{}.", report.text())).await;
        answer_as(self.context.output, &report, || report.text());
        Ok(())
    }

    async fn status(&self) -> Result<(), Error> {
        let hands = self.hands().await?;
        let previews = hands.of_slot(&self.slot, Ended::Included).await?;
        let text = table(&previews, &hands.aws.region, SystemTime::now());
        self.reply(&fence(&text.lines().collect::<Vec<_>>())).await;
        answer_as(self.context.output, &serde_json::json!({ "status": text }), || text.clone());
        Ok(())
    }

    async fn validate(&self) -> Result<(), Error> {
        let checks = validate::look(&self.order, self.context).await?;
        self.reply(&validate::markdown(&checks)).await;
        validate::answer(&checks, self.context)
    }
}
