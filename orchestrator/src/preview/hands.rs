//! What is done about previews: each step safe to repeat, none with a choice in it.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::obituary;
use super::observed::{Preview, previews};
use super::plan::{Why, left};
use super::publish::{Publisher, Told};
use super::slot::Slot;
use super::story::certificate::{Asked, Death};
use super::story::{Live, Stage, Story, Subject};
use crate::alb::{Alb, ListenerArn, Target, TargetGroupArn, TargetHealth, TargetState};
use crate::aws::Aws;
use crate::ecs::client::Listing;
use crate::ecs::{Definitions, Ecs, Task, TaskArn};
use crate::error::Error;
use crate::expose::{Reach, reach};
use crate::model::Place;
use crate::output::say;
use crate::price;
use crate::route::removal::{self, Removed};
use crate::route::{RouteOwner, RouteParts};

/// Reads are limited to 20 a second for the whole account (ECS developer guide: throttling).
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Longer than a target drains: its group says 10 s.
const DRAIN_LIMIT: Duration = Duration::from_secs(20);
/// What all families of previews begin with.
pub const FAMILY_PREFIX: &str = "mayfly-preview-";

/// A load balancer's listener that previews are exposed by.
#[derive(Clone, Debug)]
pub struct Road {
    /// Elastic Load Balancing.
    pub alb: Alb,
    /// The listener.
    pub listener: ListenerArn,
}

/// Everything that acts on previews of one cluster.
pub struct Hands {
    /// AWS.
    pub aws: Aws,
    /// The cluster.
    pub ecs: Ecs,
    /// Task definitions and tags.
    pub definitions: Definitions,
    /// Account, region and cluster.
    pub place: Place,
    /// The load balancer, where one was named.
    pub road: Option<Road>,
    /// The pull requests' ear, where there is a credential.
    pub publisher: Option<Publisher>,
}

impl Hands {
    /// Live previews of the cluster, oldest first; with the ended ones that ECS remembers, where they are asked for.
    ///
    /// # Errors
    /// ECS refuses.
    pub async fn previews(&self, ended: Ended) -> Result<Vec<Preview>, Error> {
        let mut arns = self.ecs.list_tasks(&Listing::Live).await?;
        if ended == Ended::Included {
            arns.extend(self.ecs.list_tasks(&Listing::Stopped).await?);
        }
        let tasks: Vec<Task> = self.ecs.describe_tasks(&arns).await?;
        Ok(previews(&tasks))
    }

    /// The previews of a slot, oldest first.
    ///
    /// # Errors
    /// ECS refuses.
    pub async fn of_slot(&self, slot: &Slot, ended: Ended) -> Result<Vec<Preview>, Error> {
        let all = self.previews(ended).await?;
        Ok(all.into_iter().filter(|preview| preview.slot == *slot).collect())
    }

    /// One task as it is now.
    ///
    /// # Errors
    /// ECS refuses.
    pub async fn look(&self, task: &TaskArn) -> Result<Option<Task>, Error> {
        Ok(self.ecs.describe_tasks(std::slice::from_ref(task)).await?.into_iter().next())
    }

    /// Takes a preview off its route, and asks its task to end. The rule stays: another one of its slot may be behind it.
    ///
    /// # Errors
    /// AWS refuses.
    pub async fn end(&self, preview: &Preview, asked: &Asked) -> Result<(), Error> {
        self.detach(preview).await?;
        Ok(self.ecs.stop_task(&preview.task.arn, &asked.to_string()).await?)
    }

    /// The same where another one serves its slot by now: it finishes what it has first. Requests that the load balancer has sent
    /// already would be answered by 502.
    ///
    /// # Errors
    /// AWS refuses.
    pub async fn retire(&self, preview: &Preview, asked: &Asked) -> Result<(), Error> {
        if let Some((target, groups)) = self.detach(preview).await? {
            self.until_drained(&target, &groups).await;
        }
        Ok(self.ecs.stop_task(&preview.task.arn, &asked.to_string()).await?)
    }

    /// A target whose task is gone must not stay: its private address is given to others. Answers what was taken out of which
    /// groups.
    async fn detach(&self, preview: &Preview) -> Result<Option<(Target, Vec<TargetGroupArn>)>, Error> {
        let (Some(road), Some(_)) = (&self.road, &preview.host) else { return Ok(None) };
        let Some(target) = self.target(preview).await? else { return Ok(None) };
        let parts = self.route_parts(road, &preview.slot).await?;
        let groups: Vec<TargetGroupArn> = parts.target_groups.into_iter().map(|group| group.object.arn).collect();
        for group in &groups {
            road.alb.deregister_targets(group, std::slice::from_ref(&target)).await?;
        }
        Ok(Some((target, groups)))
    }

    /// Waits until a target drains no more; a group that cannot be looked at does not hold the end up.
    async fn until_drained(&self, target: &Target, groups: &[TargetGroupArn]) {
        let Some(road) = &self.road else { return };
        let drains = |seen: &TargetHealth| seen.target == *target && seen.state == TargetState::Draining;
        let begun = Instant::now();
        for group in groups {
            while begun.elapsed() < DRAIN_LIMIT {
                let seen = road.alb.describe_target_health(group).await.unwrap_or_default();
                if !seen.iter().any(drains) {
                    break;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// What a load balancer sends requests to for a preview; `None` while ECS does not tell.
    ///
    /// # Errors
    /// AWS refuses.
    pub async fn target(&self, preview: &Preview) -> Result<Option<Target>, Error> {
        Ok(match reach(&preview.task, preview.port) {
            None => None,
            Some(Reach::Interface(attached)) => Some(Target { id: attached.private_ip, port: preview.port }),
            Some(Reach::Instance { container_instance, host_port }) => {
                let instance = self.definitions.instance(&self.ecs, &container_instance).await?;
                instance.map(|id| Target { id, port: host_port })
            }
        })
    }

    async fn route_parts(&self, road: &Road, slot: &Slot) -> Result<RouteParts, Error> {
        let mut found = removal::find(&road.alb, &road.listener, &self.place).await?;
        Ok(found.remove(slot).unwrap_or_default())
    }

    /// Removes rule, targets and target group of a slot.
    ///
    /// # Errors
    /// AWS refuses.
    pub async fn remove_route(&self, slot: &Slot) -> Result<Removed, Error> {
        let Some(road) = &self.road else { return Ok(Removed::default()) };
        Ok(removal::remove(&road.alb, &road.listener, &self.owner(slot)).await?)
    }

    /// Whose a route of a slot is.
    pub fn owner(&self, slot: &Slot) -> RouteOwner {
        RouteOwner { place: self.place.clone(), slot: slot.clone() }
    }

    /// What there is of a slot's route, by name.
    ///
    /// # Errors
    /// AWS refuses.
    pub async fn route_names(&self, slot: &Slot) -> Result<Vec<String>, Error> {
        let Some(road) = &self.road else { return Ok(Vec::new()) };
        let parts = self.route_parts(road, slot).await?;
        let rules = parts.rules.iter().map(|rule| format!("rule {}", rule.object.arn));
        Ok(rules.chain(parts.target_groups.iter().map(|group| format!("target group {}", group.object.name))).collect())
    }

    /// Active revisions of a family, youngest first. ECS lists by prefix: `pr-1` begins `pr-12` as well.
    ///
    /// # Errors
    /// ECS refuses.
    pub async fn revisions(&self, family: &str) -> Result<Vec<String>, Error> {
        let all = self.definitions.active(family).await?;
        Ok(all.into_iter().filter(|arn| family_of(arn) == Some(family)).collect())
    }

    /// Takes all task definitions of a family out of use; how many there were.
    ///
    /// # Errors
    /// ECS refuses.
    pub async fn deregister(&self, family: &str) -> Result<usize, Error> {
        let revisions = self.revisions(family).await?;
        for arn in &revisions {
            self.definitions.deregister(arn).await?;
        }
        Ok(revisions.len())
    }

    /// Waits until a task has stopped; the task as it is at the end of the wait.
    ///
    /// # Errors
    /// ECS refuses.
    pub async fn until_stopped(&self, task: &TaskArn, limit: Duration) -> Result<Option<Task>, Error> {
        let begun = Instant::now();
        loop {
            let seen = self.look(task).await?;
            if seen.as_ref().is_none_or(|task| task.status.is_over()) || begun.elapsed() >= limit {
                return Ok(seen);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Tells a story; what could not be told is a warning.
    pub async fn tell(&self, story: &Story) -> Option<Told> {
        let publisher = self.publisher.as_ref()?;
        let told = publisher.tell(story).await;
        for warning in &told.warnings {
            say(&format!("mayfly: warning: {warning}"));
        }
        Some(told)
    }

    /// Tells that a preview has ended, and why.
    pub async fn tell_end(&self, preview: &Preview, asked: Option<Asked>) -> Death {
        let story = self.end_story(preview, asked).await;
        self.tell(&story).await;
        match story.stage {
            Stage::Failed(death) | Stage::Ended(death) => death,
            _ => unreachable!("the end of a preview is told as an end"),
        }
    }

    /// The story of a preview that has ended.
    pub async fn end_story(&self, preview: &Preview, asked: Option<Asked>) -> Story {
        let death = obituary::of(preview, asked, &self.ecs, &self.aws).await;
        let stage =
            if preview.url.is_some() || was_ready(preview) { Stage::Ended(death) } else { Stage::Failed(death) };
        Story { subject: self.subject(preview), stage }
    }

    /// The story of a preview that ends soon; none of one that never answered.
    pub fn warning_story(&self, preview: &Preview) -> Option<Story> {
        Some(Story { subject: self.subject(preview), stage: Stage::Warning(live(preview)?) })
    }

    /// Tells that little time is left.
    pub async fn tell_warning(&self, preview: &Preview) {
        let Some(story) = self.warning_story(preview) else { return };
        say(&format!("mayfly: {} ends in {}", preview.slot, left(preview.expires, SystemTime::now())));
        self.tell(&story).await;
    }

    /// Tells that a preview answers.
    pub async fn tell_ready(&self, preview: &Preview) {
        let Some(live) = live(preview) else { return };
        self.tell(&Story { subject: self.subject(preview), stage: Stage::Ready(live) }).await;
    }

    /// A preview as stories speak of it.
    pub fn subject(&self, preview: &Preview) -> Subject {
        let mode = price::mode_of(&preview.task);
        Subject {
            pull: preview.slot.pr.get(),
            launch: preview.id,
            created: preview.created,
            sha: preview.sha.as_ref().map(ToString::to_string).unwrap_or_default(),
            image: preview.image.clone(),
            mode,
            owner: preview.owner.clone(),
            price: price::per_hour(&preview.task, mode, &self.aws.region),
            task: Some(preview.task.arn.task_id().to_owned()),
        }
    }
}

/// Whether ended previews are looked at as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As long as ECS remembers them: an hour.
    Included,
    /// Live ones only.
    Left,
}

/// Whether a preview that has lost its tags to StopTask can have answered: its containers ran.
fn was_ready(preview: &Preview) -> bool {
    preview.task.times.started.is_some()
}

/// What a ready preview says of itself.
fn live(preview: &Preview) -> Option<Live> {
    Some(Live {
        url: preview.url.clone()?,
        expires: preview.expires,
        latest: Some(preview.created + preview.max_ttl),
        boot: obituary::boot(&preview.task),
    })
}

/// The family of a revision's ARN: `…:task-definition/FAMILY:REVISION`.
pub fn family_of(arn: &str) -> Option<&str> {
    Some(arn.rsplit_once('/')?.1.rsplit_once(':')?.0)
}

impl Why {
    /// What the task is told, and later tells.
    pub fn asked(self, preview: &Preview, newest: Option<&Preview>) -> Asked {
        match self {
            Self::PullClosed => Asked::Closed,
            Self::PastLease => Asked::PastLease,
            Self::GivenUp => Asked::GivenUp,
            Self::Replaced => {
                let by = newest.filter(|newest| newest.id != preview.id);
                let sha = by.and_then(|by| by.sha.as_ref()).map(|sha| sha.short().to_owned());
                Asked::Replaced(sha.unwrap_or_else(|| "a newer launch".to_owned()))
            }
        }
    }
}
