//! What every command is given.

use std::path::PathBuf;

use crate::aws::Aws;
use crate::cli::{Output, PlaceArgs};
use crate::config::aws::AwsPlace;
use crate::config::place::in_workflow;
use crate::config::preview;
use crate::config::settings::Flags;
use crate::config::{ConfigError, Faults, GitHubAccess, Kind, PlaceConfig, Settings, Vars};
use crate::ecs::Ecs;
use crate::error::Error;
use crate::github::GitHub;
use crate::http::Http;
use crate::model::Place;
use crate::output::{Workflow, say};
use crate::phases::Phases;

/// Environment, client, and the form of the answer.
pub struct Context<'a> {
    /// The environment.
    pub vars: Vars<'a>,
    /// The one HTTP client.
    pub http: Http,
    /// The form of the answer.
    pub output: Output,
    /// The workflow that we may be a step of.
    pub workflow: Workflow,
    /// `--config`.
    pub config_file: Option<PathBuf>,
}

/// An ECS cluster, ready to be called.
pub struct Cluster {
    /// AWS.
    pub aws: Aws,
    /// ECS.
    pub ecs: Ecs,
    /// What names of its runners begin with.
    pub place: Place,
}

impl Context<'_> {
    /// Resolves the surroundings for commands that take nothing but those.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn place(&self, args: &PlaceArgs) -> Result<PlaceConfig, Error> {
        let settings = Settings::load(Kind::Runner, &args.flags(), self.vars, self.config_file.as_deref())?;
        let mut faults = Faults::default();
        let place = PlaceConfig::resolve(&settings, self.vars, in_workflow(self.vars), &mut faults);
        Ok(faults.into_result(Some(place))?)
    }

    /// The same for commands about previews, where the job's own token may do what is needed.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn preview_place(&self, flags: &Flags) -> Result<PlaceConfig, Error> {
        let settings = Settings::load(Kind::Preview, flags, self.vars, self.config_file.as_deref())?;
        let mut faults = Faults::default();
        let place = preview::place(&settings, self.vars, in_workflow(self.vars), &mut faults);
        Ok(faults.into_result(Some(place))?)
    }

    /// A GitHub client, where there is a credential and a scope.
    ///
    /// # Errors
    /// The credential cannot serve the scope.
    pub fn github(&self, access: &GitHubAccess) -> Result<Option<GitHub>, Error> {
        let (Some(credential), Some(scope)) = (access.credential.clone(), access.scope.clone()) else {
            return Ok(None);
        };
        Ok(Some(GitHub::new(self.http.clone(), &access.api_url, credential, scope)?))
    }

    /// Logs in to AWS and says as whom.
    ///
    /// # Errors
    /// GitHub's or AWS's refusal.
    pub async fn cluster(&self, place: &AwsPlace, phases: &Phases) -> Result<Cluster, Error> {
        let aws = Aws::connect(place, &self.http, self.vars, phases).await?;
        let region = &aws.region;
        say(&format!(
            "mayfly: as {} in account {}, {region}, cluster {}",
            aws.caller.arn, aws.caller.account, place.cluster
        ));
        Ok(Cluster {
            ecs: Ecs::new(&aws, &place.cluster),
            place: Place::cluster(&aws.caller.account, region, &place.cluster),
            aws,
        })
    }

    /// Who asks, where that can be told: the actor of the workflow run, or this machine's user.
    pub fn actor(&self) -> Option<String> {
        ["GITHUB_ACTOR", "USER", "LOGNAME"].iter().find_map(|name| (self.vars)(name).filter(|value| !value.is_empty()))
    }

    /// Warns people, and the run's page.
    pub fn warn(&self, text: &str) {
        say(&format!("mayfly: warning: {text}"));
        self.workflow.warning(text);
    }
}

/// The error for commands that need AWS where no setting names it.
pub fn no_aws() -> Error {
    let text = "is missing; name the ECS cluster and its region: --cluster, --region, or MAYFLY_CLUSTER, AWS_REGION";
    ConfigError::one("--cluster", text).into()
}
