//! How a machine gets the right to register.
//!
//! By default nothing is handed over: the task definition injects it. The two other ways carry as little as GitHub allows,
//! and never a PAT or an App's key in the overrides, which DescribeTasks and CloudTrail show.

use std::time::{Duration, SystemTime};

use contract::{Credential, Secret, env};
use serde_json::json;
use uuid::Uuid;

use crate::aws::signed::JsonOperation;
use crate::aws::{Aws, AwsErrorKind};
use crate::config::start::Handover;
use crate::error::Error;
use crate::github::GitHub;
use crate::output::Workflow;
use crate::stamp;

/// What the names of one-shot parameters begin with: what the task's role may read and delete, and not list.
pub const PARAMETER_PREFIX: &str = "/mayfly/handover/";
/// A parameter that nobody read goes away by itself, like everything else.
const PARAMETER_LIFE: Duration = Duration::from_secs(24 * 3_600);

const fn ssm(name: &'static str, repeatable: bool) -> JsonOperation {
    JsonOperation { service: "ssm", target: "AmazonSSM", name, repeatable }
}

/// What a launch hands over.
#[derive(Clone, Debug, Default)]
pub struct HandedOver {
    /// Variables for the overrides.
    pub variables: Vec<(String, String)>,
    /// The one-shot parameter that holds the credential.
    pub parameter: Option<String>,
}

/// Prepares the handover for one launch.
///
/// # Errors
/// GitHub minted no token, or SSM took no parameter.
pub async fn prepare(
    how: Handover,
    github: Option<&GitHub>,
    credential: Option<&Credential>,
    aws: &Aws,
    workflow: &Workflow,
) -> Result<HandedOver, Error> {
    let (Some(github), Some(credential)) = (github, credential) else { return Ok(HandedOver::default()) };
    match how {
        Handover::Task => Ok(HandedOver::default()),
        Handover::Token => by_token(github, credential, workflow).await,
        Handover::Parameter => by_parameter(github, credential, aws).await,
    }
}

async fn by_token(github: &GitHub, credential: &Credential, workflow: &Workflow) -> Result<HandedOver, Error> {
    let (name, token) = match credential {
        Credential::App { .. } => (env::GITHUB_TOKEN, github.installation_token().await?.token),
        _ => (env::REGISTRATION_TOKEN, github.registration_token().await?.token),
    };
    // DescribeTasks shows it: a later step that prints the task must not print the token.
    workflow.mask(&token);
    Ok(HandedOver { variables: vec![(name.to_owned(), token.expose().to_owned())], parameter: None })
}

async fn by_parameter(github: &GitHub, credential: &Credential, aws: &Aws) -> Result<HandedOver, Error> {
    let content = match credential {
        Credential::App { .. } => Credential::Token(github.installation_token().await?.token).to_json(),
        other => other.to_json(),
    };
    let name = format!("{PARAMETER_PREFIX}{}", Uuid::new_v4().simple());
    put(aws, &name, &content).await?;
    Ok(HandedOver { variables: vec![(env::SECRET_PARAMETER.to_owned(), name.clone())], parameter: Some(name) })
}

async fn put(aws: &Aws, name: &str, content: &Secret) -> Result<(), Error> {
    let expiry = stamp::rfc3339(SystemTime::now() + PARAMETER_LIFE);
    let policy = json!([{ "Type": "Expiration", "Version": "1.0", "Attributes": { "Timestamp": expiry } }]);
    let body = json!({
        "Name": name,
        "Value": content.expose(),
        "Type": "SecureString",
        // Expiry is a feature of this tier.
        "Tier": "Advanced",
        "Policies": policy.to_string(),
        "Overwrite": false,
    });
    let put = aws.call(ssm("PutParameter", false), &format!("parameter \"{name}\""), &body).await;
    put.map(drop).map_err(|fault| {
        let denied = fault.code.as_deref() == Some("AccessDeniedException");
        let fix = denied.then(|| {
            format!(
                "allow ssm:PutParameter and ssm:DeleteParameter on {PARAMETER_PREFIX}* to the role that mayfly runs as"
            )
        });
        fault.with_fix(fix).into()
    })
}

/// Takes back what no machine will read: after a refusal, or where another process's task was adopted.
pub async fn take_back(handed_over: &HandedOver, aws: &Aws) {
    let Some(name) = &handed_over.parameter else { return };
    let body = json!({ "Name": name });
    match aws.call(ssm("DeleteParameter", true), &format!("parameter \"{name}\""), &body).await {
        Ok(_) => {}
        Err(fault) if fault.kind == AwsErrorKind::NotFound => {}
        Err(fault) => tracing::warn!(%fault, "one-shot parameter left; it expires by itself within a day"),
    }
}
