//! Where machines run at AWS, and how the credentials for it come about.

use contract::Secret;

use super::{Faults, Settings, Vars};
use crate::model::WorkflowRun;

/// AWS's audience for GitHub's tokens.
const DEFAULT_AUDIENCE: &str = "sts.amazonaws.com";

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

/// Resolves AWS's side.
pub(super) fn aws_place(
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
    use super::{WorkflowRun, is_cluster, is_region, is_role_arn, session_name};

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
