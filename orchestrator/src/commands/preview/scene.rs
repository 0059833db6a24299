//! What commands about one pull request's preview stand in: the slot, this machine, the cluster, and the pull request's ear.

use super::super::Context;
use super::super::context::{Cluster, no_aws};
use crate::alb::Alb;
use crate::cli::preview::SlotArgs;
use crate::config::aws::AwsPlace;
use crate::config::place::in_workflow;
use crate::config::settings::Flags;
use crate::config::{Faults, Kind, PlaceConfig, Settings, preview};
use crate::ecs::Definitions;
use crate::error::Error;
use crate::github::GitHub;
use crate::phases::Phases;
use crate::preview::hands::{Hands, Road};
use crate::preview::publish::{Publish, Publisher};
use crate::preview::slot::Slot;
use crate::preview::up::listener;

/// The surroundings, resolved; nothing was called yet.
pub struct Scene {
    /// Whose preview.
    pub slot: Slot,
    /// Surroundings.
    pub place: PlaceConfig,
    /// The listener, where one was named.
    pub listener: Option<String>,
    /// What the pull request is told by.
    pub publish: Publish,
}

impl Scene {
    /// Resolves the surroundings of a slot.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn of(args: &SlotArgs, context: &Context<'_>) -> Result<Self, Error> {
        Self::resolve(args.pr.as_deref(), &args.flags(), context)
    }

    /// The same from flags.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn resolve(pr: Option<&str>, flags: &Flags, context: &Context<'_>) -> Result<Self, Error> {
        let settings = Settings::load(Kind::Preview, flags, context.vars, context.config_file.as_deref())?;
        let mut faults = Faults::default();
        let place = preview::place(&settings, context.vars, in_workflow(context.vars), &mut faults);
        let slot = preview::slot(pr, &place, context.vars, &mut faults);
        let publish = settings.parsed("publish", &mut faults).unwrap_or_default();
        let listener = settings.text("listener");
        Ok(faults.into_result(slot.map(|slot| Self { slot, place, listener, publish }))?)
    }

    /// A client of the repository's pull requests, where there is a credential.
    ///
    /// # Errors
    /// The credential cannot serve a repository.
    pub fn github(&self, context: &Context<'_>) -> Result<Option<GitHub>, Error> {
        github(&self.place, context)
    }

    /// Whether AWS is meant at all.
    pub fn aws(&self) -> Option<&AwsPlace> {
        self.place.aws.as_ref()
    }

    /// Logs in to AWS.
    ///
    /// # Errors
    /// No setting names AWS, or a refusal.
    pub async fn hands(&self, context: &Context<'_>) -> Result<Hands, Error> {
        let aws = self.aws().ok_or_else(no_aws)?;
        let publisher = self.github(context)?.map(|github| Publisher::new(github, self.publish));
        hands(aws, self.listener.as_deref(), publisher, context, &Phases::default()).await
    }
}

/// A client of the repository's pull requests, where there is a credential.
///
/// # Errors
/// The credential cannot serve a repository.
pub fn github(place: &PlaceConfig, context: &Context<'_>) -> Result<Option<GitHub>, Error> {
    let access = &place.github;
    let (Some(credential), Some(scope)) = (access.credential.clone(), access.scope.clone()) else { return Ok(None) };
    Ok(Some(GitHub::for_pull_requests(context.http.clone(), &access.api_url, credential, scope)?))
}

/// Logs in to AWS.
///
/// # Errors
/// GitHub's or AWS's refusal, or a listener that is none.
pub async fn hands(
    aws: &AwsPlace,
    road: Option<&str>,
    publisher: Option<Publisher>,
    context: &Context<'_>,
    phases: &Phases,
) -> Result<Hands, Error> {
    let listener = road.map(listener).transpose()?;
    let Cluster { aws, ecs, place } = context.cluster(aws, phases).await?;
    Ok(Hands {
        definitions: Definitions::new(&aws),
        road: listener.map(|listener| Road { alb: Alb::new(&aws), listener }),
        ecs,
        place,
        publisher,
        aws,
    })
}
