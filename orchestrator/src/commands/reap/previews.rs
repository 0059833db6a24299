//! The part of a pass that looks at previews: tasks, what they made at AWS, and their pull requests.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use contract::{Scope, tags};
use serde::Serialize;

use super::super::Context;
use super::super::preview::scene;
use crate::cli::ReapArgs;
use crate::config::settings::{Flags, given};
use crate::config::{Faults, Kind, PlaceConfig, Settings};
use crate::ecr::{Ecr, ImageRef};
use crate::error::Error;
use crate::github::GitHub;
use crate::model::LaunchId;
use crate::phases::Phases;
use crate::preview::definition::Family;
use crate::preview::hands::{Ended, FAMILY_PREFIX, Hands};
use crate::preview::observed::Preview;
use crate::preview::plan::{Action, Limits, Pull, RouteSeen, Seen, plan};
use crate::preview::publish::{Done, Publish, Publisher, Told};
use crate::preview::slot::{PullNumber, Slot};
use crate::route::removal;
use crate::stamp;

/// So long before its end a preview is warned of.
const WARN: Duration = Duration::from_secs(10 * 60);

/// An action and what came of it.
#[derive(Debug, Serialize)]
pub(super) struct PreviewDone {
    /// `OWNER/REPO#N`, or an image.
    pub what: String,
    /// What, and why.
    pub why: String,
    /// What came of it.
    pub result: String,
    #[serde(skip)]
    pub(super) failed: Option<Error>,
}

/// What was seen and done.
#[derive(Debug, Default, Serialize)]
pub(super) struct PreviewPass {
    /// Live previews.
    pub live: usize,
    /// Routes through the load balancer; none where no listener was named.
    pub routes: Option<usize>,
    /// What was done.
    pub actions: Vec<PreviewDone>,
}

/// One pass.
pub(super) struct Pass<'p> {
    args: &'p ReapArgs,
    hands: Hands,
    /// Repositories whose pull requests could be asked for.
    githubs: BTreeMap<String, GitHub>,
    image: Option<String>,
    publish: Publish,
}

impl<'p> Pass<'p> {
    /// Logs in. The credential is that of the repository's pull requests: in a workflow the job's own token will do.
    ///
    /// # Errors
    /// Bad settings, or AWS's refusal.
    pub(super) async fn begin(args: &'p ReapArgs, context: &'p Context<'_>) -> Result<Option<Self>, Error> {
        let settings = Settings::load(Kind::Preview, &flags(args), context.vars, context.config_file.as_deref())?;
        let mut faults = Faults::default();
        let place: PlaceConfig = crate::config::preview::place(&settings, context.vars, false, &mut faults);
        let publish: Publish = settings.parsed("publish", &mut faults).unwrap_or_default();
        faults.into_result(Some(()))?;
        let Some(aws) = place.aws.as_ref() else { return Ok(None) };
        let listener = settings.text("listener");
        let hands = scene::hands(aws, listener.as_deref(), None, context, &Phases::default()).await?;
        let mut pass = Self { args, hands, githubs: BTreeMap::new(), image: settings.text("image"), publish };
        if let (Some(Scope::Repo { owner, repo }), Some(github)) =
            (&place.github.scope, scene::github(&place, context)?)
        {
            pass.githubs.insert(format!("{owner}/{repo}"), github);
        }
        Ok(Some(pass))
    }

    /// Observes, plans, acts.
    ///
    /// # Errors
    /// AWS cannot be looked at; what was refused of single actions stands in their results.
    pub(super) async fn run(&self, grace: Duration) -> Result<PreviewPass, Error> {
        let seen = self.look().await?;
        let limits = Limits { grace, warn: WARN };
        let mut pass = PreviewPass {
            live: seen.previews.iter().filter(|preview| preview.is_live()).count(),
            routes: self.hands.road.as_ref().map(|_| seen.routes.len()),
            actions: Vec::new(),
        };
        for action in plan(&seen, limits, SystemTime::now()) {
            let result =
                if self.args.dry_run { Ok("would be done".to_owned()) } else { self.act(&action, &seen).await };
            let (what, why) = action.words(&seen);
            pass.actions.push(done(what, why, result));
        }
        if self.args.images {
            self.images(&mut pass).await?;
        }
        Ok(pass)
    }

    async fn look(&self) -> Result<Seen, Error> {
        let previews = self.hands.previews(Ended::Included).await?;
        let routes = self.routes().await?;
        let families = self.families().await?;
        let slots = previews.iter().map(|preview| &preview.slot).chain(routes.iter().map(|route| &route.slot));
        let slots: BTreeSet<Slot> = slots.chain(&families).cloned().collect();
        let pulls = self.pulls(slots).await;
        Ok(Seen { previews, routes, families, pulls })
    }

    async fn routes(&self) -> Result<Vec<RouteSeen>, Error> {
        let Some(road) = &self.hands.road else { return Ok(Vec::new()) };
        let found = removal::find(&road.alb, &road.listener, &self.hands.place).await?;
        let made = |tags: &BTreeMap<String, String>| tags.get(tags::CREATED_AT).and_then(|text| stamp::parse(text));
        let seen = found.into_iter().map(|(slot, parts)| {
            let rules = parts.rules.iter().map(|rule| made(&rule.tags));
            let groups = parts.target_groups.iter().map(|group| made(&group.tags));
            RouteSeen { slot, created: rules.chain(groups).flatten().max() }
        });
        Ok(seen.collect())
    }

    /// Slots that have a task definition, by the tags of its youngest revision: a family's name may be shortened.
    async fn families(&self) -> Result<BTreeSet<Slot>, Error> {
        let mut slots = BTreeSet::new();
        for family in self.hands.definitions.families(FAMILY_PREFIX).await? {
            let Some(found) = self.hands.definitions.describe(&family).await? else { continue };
            let tag = |key: &str| {
                let mut tags = found["tags"].as_array().into_iter().flatten();
                tags.find(|tag| tag["key"] == key).and_then(|tag| tag["value"].as_str()).map(str::to_owned)
            };
            let pr = tag(tags::PR).and_then(|text| text.parse::<PullNumber>().ok());
            slots.extend(tag(tags::REPO).zip(pr).map(|(repo, pr)| Slot { repo, pr }));
        }
        Ok(slots)
    }

    /// A pull request that is not among the open ones is closed; where nobody answered, nothing is known.
    async fn pulls(&self, slots: BTreeSet<Slot>) -> BTreeMap<Slot, Pull> {
        let mut open: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for (repo, github) in &self.githubs {
            match github.open_pulls().await {
                Ok(pulls) => _ = open.insert(repo, pulls.iter().map(|pull| pull.number).collect()),
                Err(fault) => {
                    crate::output::say(&format!("mayfly: warning: pull requests of {repo} are not seen: {fault}"));
                }
            }
        }
        let state = |slot: &Slot| match open.get(slot.repo.as_str()) {
            None => Pull::Unknown,
            Some(open) if open.contains(&slot.pr.get()) => Pull::Open,
            Some(_) => Pull::Closed,
        };
        slots.into_iter().map(|slot| (slot.clone(), state(&slot))).collect()
    }

    async fn act(&self, action: &Action, seen: &Seen) -> Result<String, Error> {
        let preview = |id: &LaunchId| seen.previews.iter().find(|preview| preview.id == *id);
        match action {
            Action::End { id, why } => {
                let Some(preview) = preview(id) else { return Ok("gone".to_owned()) };
                let newest = seen.previews.iter().rev().find(|other| other.slot == preview.slot);
                self.hands.end(preview, &why.asked(preview, newest)).await?;
                Ok("being stopped".to_owned())
            }
            Action::RemoveRoute(slot) => Ok(self.hands.remove_route(slot).await?.names().join(", ")),
            Action::Deregister(slot) => {
                let family = Family::of(&slot.repo, slot.pr.get());
                Ok(format!("{} taken out of use", self.hands.deregister(family.as_str()).await?))
            }
            Action::TellEnd(id) => Ok(self.tell(preview(id), Tell::End).await),
            Action::TellWarning(id) => Ok(self.tell(preview(id), Tell::Warning).await),
        }
    }

    async fn tell(&self, preview: Option<&Preview>, what: Tell) -> String {
        let github = preview.and_then(|preview| self.githubs.get(&preview.slot.repo));
        let (Some(preview), Some(github)) = (preview, github) else { return "nobody to tell".to_owned() };
        let publisher = Publisher::new(github.clone(), self.publish);
        let story = match what {
            Tell::End => self.hands.end_story(preview, None).await,
            Tell::Warning => match self.hands.warning_story(preview) {
                Some(story) => story,
                None => return "nothing to tell".to_owned(),
            },
        };
        outcome(&publisher.tell(&story).await)
    }

    /// Images of pull requests that are closed: tags `pr-N` and `pr-N-…` of the repository that previews are launched from.
    async fn images(&self, pass: &mut PreviewPass) -> Result<(), Error> {
        let image: Option<ImageRef> = self.image.as_ref().and_then(|image| image.replace(['{', '}'], "").parse().ok());
        let registry = image.as_ref().and_then(|image| Ecr::of(&self.hands.aws, image));
        let Some((registry, (_, github))) = registry.zip(self.githubs.iter().next()) else {
            let why = "images of closed pull requests".to_owned();
            let text = "not looked at: name a repository of ECR (--image), and a GitHub credential".to_owned();
            pass.actions.push(done("images".to_owned(), why, Ok(text)));
            return Ok(());
        };
        let open: BTreeSet<u64> = github.open_pulls().await?.iter().map(|pull| pull.number).collect();
        let tags = registry.list_images().await?.into_iter().filter_map(|image| image.tag);
        let old: Vec<String> = tags.filter(|tag| pull_of(tag).is_some_and(|pull| !open.contains(&pull))).collect();
        if old.is_empty() {
            return Ok(());
        }
        let what = format!("{} tags: {}", old.len(), old.join(", "));
        let result = match self.args.dry_run {
            true => Ok("would be deleted".to_owned()),
            false => registry.delete_tags(&old).await.map(|_| "deleted".to_owned()).map_err(Error::from),
        };
        pass.actions.push(done(what, "images of closed pull requests".to_owned(), result));
        Ok(())
    }
}

/// What the pull request is to be told.
#[derive(Clone, Copy, Debug)]
enum Tell {
    End,
    Warning,
}

fn flags(args: &ReapArgs) -> Flags {
    let mut flags = args.place.flags();
    flags.extend(given([("listener", &args.listener), ("image", &args.image), ("publish", &args.publish)]));
    flags
}

fn outcome(told: &Told) -> String {
    if let Some(warning) = told.warnings.first() {
        return format!("failed: {warning}");
    }
    let all = [told.comment, told.fresh, told.deployment, told.status];
    if all.contains(&Done::Written) { "told".to_owned() } else { "knew already".to_owned() }
}

fn done(what: String, why: String, result: Result<String, Error>) -> PreviewDone {
    match result {
        Ok(result) => PreviewDone { what, why, result, failed: None },
        Err(fault) => PreviewDone { what, why, result: format!("failed: {}", fault.paragraph()), failed: Some(fault) },
    }
}

/// The pull request of an image's tag: `pr-12`, `pr-12-0123abc`.
fn pull_of(tag: &str) -> Option<u64> {
    let rest = tag.strip_prefix("pr-")?;
    let digits = rest.split('-').next()?;
    digits.parse().ok().filter(|_| rest.len() == digits.len() || rest[digits.len()..].starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::pull_of;

    #[test]
    fn tags_of_pull_requests_are_told_from_others() {
        assert_eq!([pull_of("pr-12"), pull_of("pr-12-0123abc"), pull_of("pr-7-ci")], [Some(12), Some(12), Some(7)]);
        assert_eq!(
            [pull_of("latest"), pull_of("pr-"), pull_of("pr-x"), pull_of("preview-12"), pull_of("v1-pr-3")],
            [None; 5]
        );
    }
}
