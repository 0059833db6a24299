//! Where things are and as whom we act: what every command needs.

use contract::{Credential, Scope, Secret, env};
use uuid::Uuid;

use super::{Faults, Settings, Vars};
use crate::github::ApiUrl;
use crate::model::WorkflowRun;

/// AWS's audience for GitHub's tokens.
const DEFAULT_AUDIENCE: &str = "sts.amazonaws.com";

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

/// AWS's side.
#[derive(Clone, Debug)]
pub struct AwsPlace {
    /// Region.
    pub region: String,
    /// Cluster, name or ARN.
    pub cluster: String,
    /// How the credentials come about.
    pub login: AwsLogin,
}

/// How AWS credentials come about.
#[derive(Clone, Debug)]
pub enum AwsLogin {
    /// GitHub's OIDC token for a role.
    GitHubOidc(OidcLogin),
    /// The SDK's normal chain: environment, profile, SSO, container, instance.
    Chain,
}

/// What the exchange of GitHub's token for a role needs.
#[derive(Clone, Debug)]
pub struct OidcLogin {
    /// `ACTIONS_ID_TOKEN_REQUEST_URL`.
    pub request_url: String,
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub request_token: Secret,
    /// Audience of the token.
    pub audience: String,
    /// The role.
    pub role_arn: String,
    /// Name of the session: shows in CloudTrail which run it was.
    pub session_name: String,
}

impl OidcLogin {
    /// The account that the role belongs to.
    pub fn account(&self) -> &str {
        self.role_arn.split(':').nth(4).unwrap_or_default()
    }
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

impl PlaceConfig {
    /// Resolves the surroundings. `needs_aws`: the launch mode is known to be one of ECS.
    pub fn resolve(settings: &Settings, vars: Vars<'_>, needs_aws: bool, faults: &mut Faults) -> Self {
        let in_workflow = vars("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        let run = if in_workflow { workflow_run(vars, faults) } else { None };
        let means_aws = needs_aws || AWS_SETTINGS.iter().any(|name| settings.get(name).is_some());
        let aws = if means_aws { aws_place(settings, vars, in_workflow, run.as_ref(), faults) } else { None };
        Self {
            in_workflow,
            namespace: namespace(settings, faults),
            github: github(settings, vars, in_workflow, faults),
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

fn github(settings: &Settings, vars: Vars<'_>, in_workflow: bool, faults: &mut Faults) -> GitHubAccess {
    let api_url = settings.text("github_api_url").unwrap_or_else(|| "https://api.github.com".to_owned());
    let api_url = api_url.trim_end_matches('/').to_owned();
    let api = faults.take(&settings.place("github_api_url"), api_url.parse::<ApiUrl>()).unwrap_or_default();
    let server_url = vars("GITHUB_SERVER_URL").filter(|url| !url.is_empty()).unwrap_or_else(|| server_url(&api_url));
    let scope = scope(settings, vars, faults);
    let credential = credential(vars, in_workflow, faults);
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

/// What the orchestrator itself may do at GitHub. `GH_TOKEN` and `GITHUB_TOKEN` count on a laptop only: in a workflow they
/// are the job's token, which has no rights on runners.
fn credential(vars: Vars<'_>, in_workflow: bool, faults: &mut Faults) -> Option<Credential> {
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
    let laptop = if in_workflow { None } else { var("GH_TOKEN").or_else(|| var("GITHUB_TOKEN")) };
    var(env::GITHUB_TOKEN).or(laptop).map(|token| Credential::Token(Secret::new(token)))
}

fn aws_place(
    settings: &Settings,
    vars: Vars<'_>,
    in_workflow: bool,
    run: Option<&WorkflowRun>,
    faults: &mut Faults,
) -> Option<AwsPlace> {
    let region = required(
        settings,
        "region",
        "name the AWS region, for example --region eu-central-1, or set AWS_REGION",
        faults,
    );
    let cluster = required(settings, "cluster", "name the ECS cluster: --cluster NAME, or set MAYFLY_CLUSTER", faults);
    if let Some(region) = region.as_deref().filter(|region| !is_region(region)) {
        faults.add(
            settings.place("region"),
            format!("\"{region}\" is not an AWS region; write for example eu-central-1"),
        );
    }
    if let Some(cluster) = cluster.as_deref().filter(|cluster| !is_cluster(cluster)) {
        faults.add(settings.place("cluster"), format!("\"{cluster}\" is neither a cluster's name nor its ARN"));
    }
    let login = login(settings, vars, in_workflow, run, faults)?;
    Some(AwsPlace { region: region?, cluster: cluster?, login })
}

fn required(settings: &Settings, name: &str, fix: &str, faults: &mut Faults) -> Option<String> {
    match settings.text(name) {
        Some(value) if !value.is_empty() => Some(value),
        Some(_) => {
            faults.add(settings.place(name), format!("is empty; {fix}"));
            None
        }
        None => {
            faults.add(settings.place(name), format!("is missing; {fix}"));
            None
        }
    }
}

fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().is_some_and(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
    number
        && parts.clone().count() >= 2
        && parts.all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase()))
}

fn is_cluster(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or(text);
    let plain = name.len() <= 255 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    plain && !name.is_empty() && (name.len() == text.len() || text.starts_with("arn:"))
}

fn login(
    settings: &Settings,
    vars: Vars<'_>,
    in_workflow: bool,
    run: Option<&WorkflowRun>,
    faults: &mut Faults,
) -> Option<AwsLogin> {
    let role = settings.get("role_arn");
    let var = |name: &str| vars(name).filter(|value| !value.is_empty());
    if !in_workflow {
        return Some(AwsLogin::Chain);
    }
    let Some(role) = role else {
        if var("AWS_ACCESS_KEY_ID").is_some() {
            return Some(AwsLogin::Chain);
        }
        let text = "is missing; name the role that trusts this repository: --role-arn, or set MAYFLY_ROLE_ARN (Terraform prints it)";
        faults.add("--role-arn", text);
        return None;
    };
    if !is_role_arn(&role.value) {
        let text = format!("\"{}\" is not a role's ARN; it looks like arn:aws:iam::123456789012:role/NAME", role.value);
        faults.add(&role.place, text);
    }
    let (Some(request_url), Some(request_token)) =
        (var("ACTIONS_ID_TOKEN_REQUEST_URL"), var("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
    else {
        let text =
            "is not set, so GitHub gives this job no OIDC token; add `permissions: { id-token: write }` to the job";
        faults.add("ACTIONS_ID_TOKEN_REQUEST_URL", text);
        return None;
    };
    Some(AwsLogin::GitHubOidc(OidcLogin {
        request_url,
        request_token: Secret::new(request_token),
        audience: settings.text("audience").unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned()),
        role_arn: role.value.clone(),
        session_name: session_name(run),
    }))
}

fn is_role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts.as_slice() else { return false };
    let account_fits = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    *arn == "arn"
        && partition.starts_with("aws")
        && *service == "iam"
        && region.is_empty()
        && account_fits
        && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty())
}

/// STS allows 2 to 64 characters of `[\w+=,.@-]` in a session's name.
fn session_name(run: Option<&WorkflowRun>) -> String {
    let Some(run) = run else { return "mayfly".to_owned() };
    let repository: String = run
        .repository
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '.' })
        .collect();
    let numbers = format!("-{}-{}", run.run_id, run.attempt);
    let room = 64 - "mayfly-".len() - numbers.len();
    format!("mayfly-{}{numbers}", &repository[..repository.len().min(room)])
}

#[cfg(test)]
mod tests {
    use super::{WorkflowRun, is_cluster, is_region, is_role_arn, server_url, session_name};

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

    #[test]
    fn regions_clusters_and_roles_are_told_from_what_is_none() {
        for region in ["eu-central-1", "us-gov-west-1", "ap-southeast-2"] {
            assert!(is_region(region), "{region}");
        }
        for region in ["", "eu", "eu-central", "EU-central-1", "eu central 1", "eu-central-1a"] {
            assert!(!is_region(region), "{region}");
        }
        assert!(is_cluster("mayfly") && is_cluster("arn:aws:ecs:eu-central-1:1:cluster/mayfly"));
        assert!(!is_cluster("may fly") && !is_cluster("a/b") && !is_cluster("arn:aws:ecs:x:1:cluster/"));
        assert!(
            is_role_arn("arn:aws:iam::123456789012:role/x") && is_role_arn("arn:aws-cn:iam::123456789012:role/p/x")
        );
        assert!(!is_role_arn("arn:aws:iam::123456789012:user/x") && !is_role_arn("mayfly-launcher"));
    }

    #[test]
    fn session_name_of_a_long_repository_stays_within_sts_limits() {
        let run = WorkflowRun { repository: "o".repeat(60) + "/r", repository_id: 1, run_id: u64::MAX, attempt: 12 };
        let name = session_name(Some(&run));
        assert!(name.len() <= 64 && name.ends_with("-12"), "{name}");
    }
}
