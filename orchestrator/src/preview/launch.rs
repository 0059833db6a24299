//! Exactly one task for each preview: the same commit, image and settings are the same preview, whoever asks and how often.

use std::time::{Duration, SystemTime};

use contract::{duration, env, tags};
use uuid::Uuid;

use super::lease::Lease;
use super::slot::{Sha, Slot};
use crate::config::machine::EcsMachine;
use crate::ecs::request::Errand;
use crate::ecs::stopped::{Explanation, StopClass};
use crate::ecs::{Ecs, RunTaskRequest, Task};
use crate::error::Error;
use crate::launch::MAX_GENERATIONS;
use crate::launch::once::{self, Outcome};
use crate::model::{Identity, LaunchId, Place};
use crate::output::say;
use crate::phases::Phases;
use crate::stamp;

/// Ids of previews derive from this: they are no secret, since a preview takes no job. Made once, at random.
const NAMESPACE: Uuid = Uuid::from_u128(0x9d1f_3c52_66b8_4b0e_8a57_0f9a_51c4_d2e7);

/// What is launched, the same in each launch mode.
#[derive(Clone, Debug)]
pub struct PreviewLaunch {
    /// The id: see [`id`].
    pub id: LaunchId,
    /// Whose it is.
    pub slot: Slot,
    /// The commit that it shows.
    pub sha: Option<Sha>,
    /// Who asked for it.
    pub owner: Option<String>,
    /// The image, by its digest where that is known.
    pub image: String,
    /// The container that runs the app.
    pub app: String,
    /// The port that the app listens on.
    pub port: u16,
    /// Host name of its route through a load balancer.
    pub host: Option<String>,
    /// The lease.
    pub lease: Lease,
    /// Variables of the app.
    pub env: Vec<(String, String)>,
    /// Which process asked.
    pub launcher: Uuid,
    /// When it was asked for.
    pub created: SystemTime,
}

/// The id of a preview: everything that makes it another one goes in. The lease does not: who asks again for what runs already
/// gets it as it is.
pub fn id(place: &Place, slot: &Slot, sha: Option<&Sha>, fingerprint: &str, env: &[(String, String)]) -> LaunchId {
    let sha = sha.map(Sha::as_str).unwrap_or_default();
    let env: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // No part can contain a line feed: a variable's value is checked for it.
    let text = [place.to_string().as_str(), &slot.to_string(), sha, fingerprint, &env.join("\n")].join("\n");
    LaunchId::of_preview(&NAMESPACE, &text)
}

impl PreviewLaunch {
    /// What PID 1 and later passes read. Nothing in it is secret: DescribeTasks shows it to whoever may read the cluster.
    pub fn environment(&self) -> Vec<(String, String)> {
        let Self { id, slot, sha, owner, image, app: container, port, host, lease, env: app, launcher, created } = self;
        let mut variables = vec![
            (env::KIND, tags::KIND_PREVIEW.to_owned()),
            (env::ID, id.to_string()),
            (env::REPO, slot.repo.clone()),
            (env::PR, slot.pr.to_string()),
            (env::IMAGE, image.clone()),
            (env::APP, container.clone()),
            (env::PORT, port.to_string()),
            (env::TTL, duration::format(lease.ttl)),
            (env::MAX_TTL, duration::format(lease.max_ttl)),
            (env::CREATED_AT, stamp::precise(*created)),
            (env::LAUNCHER, launcher.to_string()),
        ];
        variables.extend(sha.iter().map(|sha| (env::SHA, sha.to_string())));
        variables.extend(owner.iter().map(|owner| (env::OWNER, owner.clone())));
        variables.extend(host.iter().map(|host| (env::HOST, host.clone())));
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(app.iter().cloned()).collect()
    }

    /// The ledger: what a later pass learns from the task alone.
    pub fn tags(&self) -> Vec<(&'static str, String)> {
        let mut tags = vec![
            (tags::ID, self.id.to_string()),
            (tags::KIND, tags::KIND_PREVIEW.to_owned()),
            (tags::REPO, self.slot.repo.clone()),
            (tags::PR, self.slot.pr.to_string()),
            (tags::CREATED_AT, stamp::precise(self.created)),
            (tags::EXPIRES_AT, stamp::rfc3339(self.created + self.lease.ttl)),
        ];
        tags.extend(self.sha.iter().map(|sha| (tags::SHA, sha.to_string())));
        tags.extend(self.owner.iter().map(|owner| (tags::OWNER, owner.clone())));
        tags
    }

    /// The request for a rung of the ladder.
    pub fn request(&self, cluster: &str, rung: &Rung, generation: u32) -> RunTaskRequest {
        let errand = Errand {
            id: self.id,
            token: Identity::of_preview(self.id).client_token(rung.index, generation),
            command: rung.command.clone(),
            environment: self.environment(),
            tags: self.tags(),
        };
        RunTaskRequest::of(cluster, &rung.machine, errand)
    }
}

/// A place to try, in the order of `--launch-mode`.
#[derive(Clone, Debug)]
pub struct Rung {
    /// Its place in the order, from 0: each rung has tokens of its own.
    pub index: u32,
    /// Where, and with which definition.
    pub machine: EcsMachine,
    /// What the supervisor is told, and the app's command; none: the image's own words.
    pub command: Option<Vec<String>>,
}

/// A preview's task, and how it was come by.
#[derive(Clone, Debug)]
pub struct LaunchedPreview {
    /// The task as RunTask or DescribeTasks showed it.
    pub task: Task,
    /// Whether it was there already.
    pub adopted: bool,
    /// Which rung took it.
    pub rung: Rung,
}

/// Starts (or adopts) the task: down the ladder for reasons of capacity, and for those alone.
///
/// # Errors
/// A refusal, or no room on any rung.
pub async fn launch(
    ecs: &Ecs,
    launch: &PreviewLaunch,
    rungs: &[Rung],
    phases: &Phases,
) -> Result<LaunchedPreview, Error> {
    let mut last = None;
    for rung in rungs {
        match phases.measure("run_task", on_rung(ecs, launch, rung)).await? {
            Ok((task, adopted)) => return Ok(LaunchedPreview { task, adopted, rung: rung.clone() }),
            Err(explained) if explained.class == StopClass::Capacity => {
                say(&format!("mayfly: no room on {}: {}", rung.machine.mode, explained.text));
                last = Some(explained);
            }
            Err(explained) => return Err(Error::Ended(explained)),
        }
    }
    let nothing =
        || Explanation { class: StopClass::Capacity, text: "there is no launch mode to try".to_owned(), fix: None };
    Err(Error::Ended(last.unwrap_or_else(nothing)))
}

async fn on_rung(ecs: &Ecs, launch: &PreviewLaunch, rung: &Rung) -> Result<Result<(Task, bool), Explanation>, Error> {
    for generation in 0..MAX_GENERATIONS {
        let request = launch.request(ecs.cluster(), rung, generation);
        match once::ask(ecs, &request, Some(launch.id), launch.launcher).await? {
            Outcome::Live { task, adopted } => return Ok(Ok((*task, adopted))),
            Outcome::NotPlaced(explained) => return Ok(Err(explained)),
            Outcome::Over { .. } => {}
        }
    }
    let text = format!(
        "{MAX_GENERATIONS} previews like this one have ended; change something, or wait until ECS forgets them"
    );
    Err(Error::Other(text))
}

/// How long one who waits for a launch lets it take before the app is even started.
pub const PLACE_LIMIT: Duration = Duration::from_secs(10 * 60);

#[cfg(test)]
mod tests {
    use super::id;
    use crate::model::Place;
    use crate::preview::slot::{PullNumber, Slot};

    #[test]
    fn whatever_makes_a_preview_another_one_gives_it_another_id() {
        let place = Place::cluster("1", "r", "c");
        let slot = |pr| Slot { repo: "octo/demo".to_owned(), pr: PullNumber::new(pr).expect("not 0") };
        let sha = |digit: &str| digit.repeat(40).parse().ok();
        let env = |value: &str| vec![("A".to_owned(), value.to_owned())];
        let base = id(&place, &slot(1), sha("a").as_ref(), "f", &env("1"));
        assert_eq!(base, id(&place, &slot(1), sha("a").as_ref(), "f", &env("1")));
        let others = [
            id(&Place::cluster("1", "r", "d"), &slot(1), sha("a").as_ref(), "f", &env("1")),
            id(&place, &slot(2), sha("a").as_ref(), "f", &env("1")),
            id(&place, &slot(1), sha("b").as_ref(), "f", &env("1")),
            id(&place, &slot(1), None, "f", &env("1")),
            id(&place, &slot(1), sha("a").as_ref(), "g", &env("1")),
            id(&place, &slot(1), sha("a").as_ref(), "f", &env("2")),
        ];
        assert!(others.iter().all(|other| *other != base));
    }
}
