//! `mayfly preview up`.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::super::Context;
use super::order::Order;
use super::{local_up, scene};
use crate::cancel::Cancel;
use crate::chat::Trust;
use crate::cli::preview::UpArgs;
use crate::config::{ConfigError, Faults, preview};
use crate::ecr::{Ecr, ImageRef};
use crate::error::Error;
use crate::github::{GitHub, PullState};
use crate::model::Place;
use crate::output::{answer, answer_as, say};
use crate::phases::Phases;
use crate::preview::launch::{self, PreviewLaunch};
use crate::preview::lease::Lease;
use crate::preview::overrides::check_overrides;
use crate::preview::publish::Publisher;
use crate::preview::shape::Shape;
use crate::preview::slot::{Sha, Slot};
use crate::preview::template::Size;
use crate::preview::up::{Progress, Up, UpReport, Wish};

/// What is asked for in particular.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Whose.
    pub slot: Slot,
    /// The commit, where it was named; else the head.
    pub sha: Option<Sha>,
    /// Whether another head than the commit is a reason to stop.
    pub bound: Bound,
    /// Who asks.
    pub owner: Option<String>,
    /// Variables of the app.
    pub env: Vec<(String, String)>,
    /// Stands over the settings' size and the template's.
    pub size: Size,
    /// Stands over the settings' lease.
    pub ttl: Option<Duration>,
    /// Leave what was started running when something fails.
    pub keep: bool,
}

/// Whether what is asked for stands for one head of the pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Whoever asks knows what they name.
    No,
    /// A person has consented to this commit as the head, and to nothing that came after.
    ToTheCommit,
}

/// Does it.
///
/// # Errors
/// Bad settings, a guard, a refusal, or an app that does not get ready; then what was started is put away.
pub async fn run(args: &UpArgs, context: &Context<'_>) -> Result<(), Error> {
    let mut cancel = Cancel::listen()?;
    let (order, mut faults) = Order::resolve(&args.place, &args.launch, &args.image, &args.command, context)?;
    let slot = preview::slot(args.pr.as_deref(), &order.place, context.vars, &mut faults);
    let sha = args.sha.as_ref().and_then(|text| faults.take("--sha", text.parse()));
    let env = args.env.iter().filter_map(|pair| faults.take("--env", variable(pair))).collect();
    if order.image.is_none() && order.config.is_ecs() {
        faults.add("--image", "is missing; name the app's image, for example --image REPOSITORY:pr-{pr}");
    }
    let ask = slot.map(|slot| Ask {
        slot,
        sha,
        bound: Bound::No,
        owner: context.actor(),
        env,
        size: Size::default(),
        ttl: None,
        keep: args.keep,
    });
    let ask = faults.into_result(ask)?;
    if args.dry_run {
        return foresee(&order, ask, context).await;
    }
    let report = if order.config.is_ecs() {
        on_ecs(&order, ask, context, &mut cancel).await?
    } else {
        local_up::run(&order, ask, context, &mut cancel).await?
    };
    tell(&report, context)
}

/// Outputs, summary and answer.
///
/// # Errors
/// A file of the workflow cannot be written.
pub fn tell(report: &UpReport, context: &Context<'_>) -> Result<(), Error> {
    let written = |result: std::io::Result<()>| result.map_err(|cause| Error::Other(cause.to_string()));
    written(context.workflow.outputs(&report.outputs()))?;
    written(context.workflow.summary(&report.markdown()))?;
    answer_as(context.output, report, || report.text());
    Ok(())
}

fn variable(pair: &str) -> Result<(String, String), String> {
    let split = pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    split.ok_or_else(|| format!("\"{pair}\" has no value; write NAME=VALUE"))
}

/// What an order and what is asked for come to.
struct Resolved {
    wish: Wish,
    shape: Shape,
}

/// Launches on ECS.
///
/// # Errors
/// As [`run`].
pub async fn on_ecs(order: &Order, ask: Ask, context: &Context<'_>, cancel: &mut Cancel) -> Result<UpReport, Error> {
    let phases = Phases::default();
    let github = scene::github(&order.place, context)?;
    let aws = order.place.aws.as_ref().ok_or_else(super::super::context::no_aws)?;
    let publisher = github.clone().map(|github| Publisher::new(github, order.config.publish));
    if publisher.is_none() {
        context.warn("no GitHub credential here: the pull request is told nothing, and nobody looks whether it comes from a fork");
    }
    // Everything that is wrong with the app is told before anything is called.
    resolve(order, &ask, None, Trust::Own, order.image.clone().unwrap_or_default(), &aws.region)?;
    let (head, trust) = look_at_pull(github.as_ref(), &ask.slot).await?;
    if let (Bound::ToTheCommit, Some(named), Some(head)) = (ask.bound, &ask.sha, &head)
        && named != head
    {
        let text = format!("the head of {} moved to {head}", ask.slot);
        return Err(Error::Refused { text, fix: format!("if that is the one: /preview up {head}") });
    }
    let sha = ask.sha.clone().or(head);
    let hands = scene::hands(aws, order.config.road(), publisher, context, &phases).await?;
    let image = pinned(order, &ask.slot, sha.as_ref(), &hands.aws).await?;
    let Resolved { wish, shape } = resolve(order, &ask, sha, trust, image, &aws.region)?;
    shape.notes().iter().for_each(|note| say(&format!("mayfly: note: {note}")));
    let up = Up {
        hands: &hands,
        github: github.as_ref(),
        http: &context.http,
        config: &order.config,
        wish,
        shape,
        phases,
        created: SystemTime::now(),
        launcher: Uuid::new_v4(),
        progress: Progress::default(),
    };
    up.run_until(cancel).await
}

/// The head of a pull request and how far it is trusted; nobody launches what is closed.
async fn look_at_pull(github: Option<&GitHub>, slot: &Slot) -> Result<(Option<Sha>, Trust), Error> {
    let Some(github) = github else { return Ok((None, Trust::Own)) };
    let pull = github.pull(slot.pr.get()).await?;
    let refused = |text: String| Err(Error::Refused { text, fix: "reopen it, or name another one".to_owned() });
    match pull.state {
        PullState::Open => {}
        PullState::Merged => return refused(format!("{slot} is merged")),
        PullState::Closed => return refused(format!("{slot} is closed")),
    }
    if pull.head_repo.is_none() {
        return refused(format!("the fork that {slot} comes from was deleted"));
    }
    Ok((pull.head_sha.parse().ok(), if pull.is_fork { Trust::Fork } else { Trust::Own }))
}

fn resolve(
    order: &Order,
    ask: &Ask,
    sha: Option<Sha>,
    trust: Trust,
    image: String,
    region: &str,
) -> Result<Resolved, Error> {
    let mut faults = Faults::default();
    let wish = wish(order, ask, sha, trust, image, &mut faults);
    let shape = match Shape::of(&order.template, &wish, &order.config, region) {
        Ok(shape) => Some(shape),
        Err(fault) => {
            faults.absorb(fault);
            None
        }
    };
    Ok(faults.into_result(shape.map(|shape| Resolved { wish, shape }))?)
}

/// What an order and what is asked for come to, before it is known where it runs.
pub(super) fn wish(
    order: &Order,
    ask: &Ask,
    sha: Option<Sha>,
    trust: Trust,
    image: String,
    faults: &mut Faults,
) -> Wish {
    let env = check_overrides(&ask.env, &order.template.allow_env).unwrap_or_else(|found| {
        found.into_iter().for_each(|fault| faults.add(fault.place, fault.text));
        Vec::new()
    });
    if trust == Trust::Fork {
        check_fork(order, ask, faults);
    }
    Wish {
        slot: ask.slot.clone(),
        sha,
        trust,
        owner: ask.owner.clone(),
        image,
        env,
        size: ask.size,
        lease: lease(order.config.lease, order.config.fork_ttl, ask.ttl, trust),
        keep: ask.keep,
    }
}

fn check_fork(order: &Order, ask: &Ask, faults: &mut Faults) {
    if order.config.fork_security_groups.is_empty() {
        let text =
            format!("is missing; {} comes from a fork, whose code gets a network of its own or none at all", ask.slot);
        faults.add("--fork-security-groups", text);
    } else if order.config.network.is_none() {
        faults.add("--network", "bridge has no network of a task's own, which code from a fork must have; use awsvpc");
    }
}

/// The lease that is granted: `asked` for in particular, within what the settings allow.
fn lease(allowed: Lease, fork_ttl: Duration, asked: Option<Duration>, trust: Trust) -> Lease {
    let Lease { ttl, max_ttl, warn, idle, ready } = allowed;
    let most = if trust == Trust::Fork { max_ttl.min(fork_ttl) } else { max_ttl };
    let ttl = asked.unwrap_or(ttl).min(most);
    Lease { ttl, max_ttl: most, warn: warn.min(ttl / 2), idle, ready }
}

/// The image with its placeholders filled in, by its digest where that can be found out.
async fn pinned(order: &Order, slot: &Slot, sha: Option<&Sha>, aws: &crate::aws::Aws) -> Result<String, Error> {
    let unnamed = || ConfigError::one("--image", "is missing; name the app's image, or set MAYFLY_PREVIEW_IMAGE");
    let text = filled(order.image.as_deref().ok_or_else(unnamed)?, slot, sha)?;
    let image: ImageRef = text.parse().map_err(|fault: String| ConfigError::one("--image", fault))?;
    let Some(registry) = Ecr::of(aws, &image) else {
        if image.digest.is_none() {
            say(&format!(
                "mayfly: warning: {image} is no image of ECR: its tag may move, and nobody looks whether it is there"
            ));
        }
        return Ok(text);
    };
    match (&image.digest, image.tag_or_default()) {
        (Some(digest), _) => registry.check_digest(digest).await?,
        (None, tag) => return Ok(image.at(&registry.digest(tag.unwrap_or("latest")).await?).to_string()),
    }
    Ok(text)
}

/// Fills `{pr}` and `{sha}` in.
///
/// # Errors
/// A commit is needed and not known.
pub(super) fn filled(pattern: &str, slot: &Slot, sha: Option<&Sha>) -> Result<String, Error> {
    let text = pattern.replace("{pr}", &slot.pr.to_string());
    match sha {
        Some(sha) => Ok(text.replace("{sha}", sha.as_str())),
        None if text.contains("{sha}") => Err(ConfigError::one(
            "--sha",
            "is missing; the image's name needs it, and there is no GitHub credential to ask",
        )
        .into()),
        None => Ok(text),
    }
}

/// `--dry-run`: definitions and the request as they would be sent. Nothing is called that changes anything.
async fn foresee(order: &Order, ask: Ask, context: &Context<'_>) -> Result<(), Error> {
    if !order.config.is_ecs() {
        return local_up::foresee(order, &ask);
    }
    let aws = order.place.aws.as_ref().ok_or_else(super::super::context::no_aws)?;
    let github = scene::github(&order.place, context)?;
    let (head, trust) = look_at_pull(github.as_ref(), &ask.slot).await?;
    let sha = ask.sha.clone().or(head);
    let image = filled(&order.image.clone().unwrap_or_default(), &ask.slot, sha.as_ref())?;
    let Resolved { wish, shape } = resolve(order, &ask, sha, trust, image, &aws.region)?;
    let place = Place::cluster("dry-run", &aws.region, &aws.cluster);
    let rung = shape.first_rung(&order.config, &wish).ok_or_else(|| Error::Other("no launch mode".to_owned()))?;
    let launch = PreviewLaunch {
        id: launch::id(&place, &wish.slot, wish.sha.as_ref(), &shape.fingerprint(), &wish.env),
        slot: wish.slot.clone(),
        sha: wish.sha.clone(),
        owner: wish.owner.clone(),
        image: wish.image.clone(),
        app: shape.app().to_owned(),
        port: shape.port(),
        host: None,
        lease: wish.lease,
        env: wish.env.clone(),
        launcher: Uuid::new_v4(),
        created: SystemTime::now(),
    };
    let request = launch.request(&aws.cluster, &rung, 0);
    say("mayfly: dry run, nothing was started; an image of ECR would be pinned to its digest first");
    let both = serde_json::json!({ "registerTaskDefinition": shape.requests(&wish), "runTask": request });
    answer(&serde_json::to_string_pretty(&both).map_err(|cause| Error::Other(cause.to_string()))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Lease, Sha, Slot, Trust, filled, lease, variable};
    use crate::preview::slot::PullNumber;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn lease_stays_within_its_cap_and_a_forks_within_its_own() {
        let allowed = Lease { ttl: 2 * HOUR, max_ttl: 48 * HOUR, warn: HOUR, idle: None, ready: HOUR };
        let cases = [
            ("as the settings say", None, Trust::Own, (2, 48)),
            ("as somebody asks", Some(10 * HOUR), Trust::Own, (10, 48)),
            ("beyond the cap", Some(100 * HOUR), Trust::Own, (48, 48)),
            ("a fork", None, Trust::Fork, (1, 1)),
            ("a fork that asks for more", Some(10 * HOUR), Trust::Fork, (1, 1)),
        ];
        for (situation, asked, trust, (ttl, most)) in cases {
            let granted = lease(allowed, HOUR, asked, trust);
            assert_eq!((granted.ttl, granted.max_ttl), (ttl * HOUR, most * HOUR), "{situation}");
            assert!(granted.warn * 2 <= granted.ttl, "{situation}");
        }
        let short = lease(Lease { max_ttl: HOUR / 2, ..allowed }, HOUR, None, Trust::Fork);
        assert_eq!(short.max_ttl, HOUR / 2, "a fork gets no more than others");
    }

    #[test]
    fn placeholders_are_filled_in_and_a_commit_that_is_needed_is_asked_for() {
        let slot = Slot { repo: "octo/demo".to_owned(), pr: PullNumber::new(42).expect("not 0") };
        let sha: Sha = "0123456789abcdef0123456789abcdef01234567".parse().expect("a commit");
        let fill = |pattern: &str, sha: Option<&Sha>| filled(pattern, &slot, sha).map_err(|fault| fault.to_string());
        assert_eq!(fill("demo:pr-{pr}", None).as_deref(), Ok("demo:pr-42"));
        assert_eq!(fill("demo:{pr}-{sha}", Some(&sha)), Ok(format!("demo:42-{sha}")));
        assert_eq!(fill("demo:v1", Some(&sha)).as_deref(), Ok("demo:v1"));
        let fault = fill("demo:{sha}", None).expect_err("no commit");
        assert!(fault.contains("--sha"), "{fault}");
    }

    #[test]
    fn variable_without_a_value_is_refused_and_an_empty_one_is_none() {
        assert_eq!(variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(variable("A="), Ok(("A".to_owned(), String::new())));
        assert!(variable("A").is_err_and(|fault| fault.contains("NAME=VALUE")));
    }
}
