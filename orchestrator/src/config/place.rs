//! Where things are and as whom we act: what every command needs.

use contract::{Credential, Scope, Secret, env};
use uuid::Uuid;

use super::aws::{AwsPlace, aws_place};
use super::{Faults, Settings, Vars};
use crate::github::ApiUrl;
use crate::model::WorkflowRun;

/// GitHub's side.
#[derive(Clone, Debug)]
pub struct GitHubAccess {
    /// REST API.
    pub api_url: ApiUrl,
    /// The same as text, without a slash at its end: what machines are told.
    pub api_url_text: String,
    /// GitHub's pages.
    pub server_url: String,
    /// Where runners register.
    pub scope: Option<Scope>,
    /// Rights on runners, where the orchestrator was given any.
    pub credential: Option<Credential>,
}

/// Everything about the surroundings.
#[derive(Clone, Debug)]
pub struct PlaceConfig {
    /// Whether this is a step of a workflow.
    pub in_workflow: bool,
    /// The run, where it is one.
    pub run: Option<WorkflowRun>,
    /// The secret that ids are derived from.
    pub namespace: Option<Uuid>,
    /// GitHub's side.
    pub github: GitHubAccess,
    /// AWS's side; none where no setting names it.
    pub aws: Option<AwsPlace>,
}

/// Settings whose presence says that somebody means AWS.
const AWS_SETTINGS: [&str; 5] = ["region", "cluster", "role_arn", "subnets", "task_definition"];

/// Whether this is a step of a workflow.
pub(crate) fn in_workflow(vars: Vars<'_>) -> bool {
    vars("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Whether any setting says that AWS is meant.
pub(super) fn names_aws(settings: &Settings) -> bool {
    AWS_SETTINGS.iter().any(|name| settings.get(name).is_some())
}

/// What the GitHub credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Runners: the token of a workflow's job has none on them.
    Runners,
    /// The repository's pull requests, deployments and statuses: the job's token has what its `permissions` give.
    Repository,
}

impl PlaceConfig {
    /// Resolves the surroundings. `needs_aws`: the launch mode is known to be one of ECS.
    pub fn resolve(settings: &Settings, vars: Vars<'_>, needs_aws: bool, faults: &mut Faults) -> Self {
        Self::resolve_for(settings, vars, needs_aws, Rights::Runners, faults)
    }

    /// Resolves the surroundings, with a credential that is for this.
    pub fn resolve_for(
        settings: &Settings,
        vars: Vars<'_>,
        needs_aws: bool,
        rights: Rights,
        faults: &mut Faults,
    ) -> Self {
        let in_workflow = in_workflow(vars);
        let run = if in_workflow { workflow_run(vars, faults) } else { None };
        let means_aws = needs_aws || names_aws(settings);
        let aws = if means_aws { aws_place(settings, vars, in_workflow, run.as_ref(), faults) } else { None };
        Self {
            in_workflow,
            namespace: namespace(settings, faults),
            github: github(settings, vars, in_workflow && rights == Rights::Runners, faults),
            run,
            aws,
        }
    }
}

fn workflow_run(vars: Vars<'_>, faults: &mut Faults) -> Option<WorkflowRun> {
    let mut number = |name: &str| {
        let value = vars(name).unwrap_or_default();
        faults.take(
            name,
            value.parse::<u64>().map_err(|_| format!("\"{value}\" is not a number, though GITHUB_ACTIONS is true")),
        )
    };
    let (repository_id, run_id) = (number("GITHUB_REPOSITORY_ID"), number("GITHUB_RUN_ID"));
    let attempt = number("GITHUB_RUN_ATTEMPT").and_then(|attempt| u32::try_from(attempt).ok());
    let repository = vars("GITHUB_REPOSITORY").unwrap_or_default();
    Some(WorkflowRun { repository, repository_id: repository_id?, run_id: run_id?, attempt: attempt? })
}

fn namespace(settings: &Settings, faults: &mut Faults) -> Option<Uuid> {
    let sourced = settings.get("namespace")?;
    let parsed = Uuid::parse_str(&sourced.value);
    // The value is a secret: it is not quoted.
    faults.take(
        &sourced.place,
        parsed.map_err(|_| "is not a UUID; make one with `uuidgen` and keep it secret".to_owned()),
    )
}

/// `own_tokens_only`: the job's token has no say.
fn github(settings: &Settings, vars: Vars<'_>, own_tokens_only: bool, faults: &mut Faults) -> GitHubAccess {
    let api_url = settings.text("github_api_url").unwrap_or_else(|| "https://api.github.com".to_owned());
    let api_url = api_url.trim_end_matches('/').to_owned();
    let api = faults.take(&settings.place("github_api_url"), api_url.parse::<ApiUrl>()).unwrap_or_default();
    let server_url = vars("GITHUB_SERVER_URL").filter(|url| !url.is_empty()).unwrap_or_else(|| server_url(&api_url));
    let scope = scope(settings, vars, faults);
    let credential = credential(vars, own_tokens_only, faults);
    if matches!((&scope, &credential), (Some(Scope::Enterprise(_)), Some(Credential::App { .. }))) {
        let text =
            "a GitHub App has no rights on runners of an enterprise; use a classic PAT with manage_runners:enterprise";
        faults.add(env::GITHUB_APP_ID, text);
    }
    GitHubAccess { api_url: api, api_url_text: api_url, server_url, scope, credential }
}

/// The pages' address that belongs to an API address, for github.com, ghe.com and GHES.
fn server_url(api_url: &str) -> String {
    api_url.strip_suffix("/api/v3").map_or_else(|| api_url.replacen("://api.", "://", 1), str::to_owned)
}

fn scope(settings: &Settings, vars: Vars<'_>, faults: &mut Faults) -> Option<Scope> {
    let name = ["enterprise", "org", "repo"].into_iter().find(|name| settings.get(name).is_some());
    let Some(name) = name else {
        let repository = vars("GITHUB_REPOSITORY").filter(|value| !value.is_empty())?;
        return faults.take("GITHUB_REPOSITORY", Scope::repo(&repository));
    };
    let sourced = settings.get(name)?;
    let scope = match name {
        "repo" => Scope::repo(&sourced.value),
        "org" => format!("orgs/{}", sourced.value).parse(),
        _ => format!("enterprises/{}", sourced.value).parse(),
    };
    faults.take(&sourced.place, scope)
}

/// What the orchestrator itself may do at GitHub. `GH_TOKEN` and `GITHUB_TOKEN` are the job's token in a workflow, which has no
/// rights on runners.
fn credential(vars: Vars<'_>, own_tokens_only: bool, faults: &mut Faults) -> Option<Credential> {
    let var = |name: &str| vars(name).filter(|value| !value.trim().is_empty());
    match (var(env::GITHUB_APP_ID), var(env::GITHUB_APP_PRIVATE_KEY)) {
        (Some(app_id), Some(key)) => {
            let private_key = Secret::new(key);
            faults.take(env::GITHUB_APP_PRIVATE_KEY, contract::github_app::AppKey::parse(&private_key).map(drop))?;
            return Some(Credential::App { app_id: app_id.trim().to_owned(), private_key });
        }
        (Some(_), None) => {
            faults.add(env::GITHUB_APP_PRIVATE_KEY, format!("is missing, though {} is set", env::GITHUB_APP_ID));
        }
        (None, Some(_)) => {
            faults.add(env::GITHUB_APP_ID, format!("is missing, though {} is set", env::GITHUB_APP_PRIVATE_KEY));
        }
        (None, None) => {}
    }
    let laptop = if own_tokens_only { None } else { var("GH_TOKEN").or_else(|| var("GITHUB_TOKEN")) };
    var(env::GITHUB_TOKEN).or(laptop).map(|token| Credential::Token(Secret::new(token)))
}

#[cfg(test)]
mod tests {
    use super::server_url;

    #[test]
    fn pages_address_follows_from_the_api_address() {
        for (api, pages) in [
            ("https://api.github.com", "https://github.com"),
            ("https://api.octo.ghe.com", "https://octo.ghe.com"),
            ("https://ghe.example.com/api/v3", "https://ghe.example.com"),
        ] {
            assert_eq!(server_url(api), pages);
        }
    }
}
