//! GitHub's OIDC token for a role's credentials: our own [`ProvideCredentials`].
//!
//! The SDK's web-identity provider reads its token from a file and again from that file at each refresh; GitHub's token is
//! dead after five minutes, so each refresh here fetches a new one, and none ever touches the disk.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityOutput;
use contract::Secret;

use super::{AwsError, AwsErrorKind};
use crate::config::aws::OidcLogin;
use crate::error::Error;
use crate::http::Http;
use crate::oidc::{self, Claims};
use crate::phases::Phases;

/// STS now and then cannot fetch GitHub's keys in time (aws/aws-cli#7194), and a token can expire on the way.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);
/// Credentials with less left than this are not handed out again.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// Trades GitHub's token for the role's credentials whenever the SDK asks.
pub struct OidcCredentials {
    http: Http,
    sts: aws_sdk_sts::Client,
    login: OidcLogin,
    phases: Phases,
    latest: Mutex<Option<Credentials>>,
}

/// Credentials, and as whom they act.
pub struct Assumed {
    /// ARN of the session.
    pub arn: String,
    credentials: Credentials,
}

impl OidcCredentials {
    /// A provider that has not fetched anything yet.
    pub fn new(http: Http, sts: aws_sdk_sts::Client, login: OidcLogin, phases: Phases) -> Self {
        Self { http, sts, login, phases, latest: Mutex::new(None) }
    }

    /// Fetches a token and trades it in; the result serves the SDK's first question as well.
    ///
    /// # Errors
    /// GitHub gave no token, or STS refused it; which of its claims it may be.
    pub async fn assume(&self) -> Result<Assumed, Error> {
        for attempt in 1.. {
            let token = self.phases.measure("oidc", oidc::fetch_token(&self.http, &self.login)).await?;
            let fault = match self.phases.measure("sts", self.exchange(&token)).await {
                Ok(assumed) => return Ok(self.remember(assumed)),
                Err(fault) => fault,
            };
            if attempt >= ATTEMPTS || !may_pass(&fault) {
                return Err(fault.into());
            }
            tracing::warn!(%fault, attempt, "STS did not take the token, trying again");
            tokio::time::sleep(PAUSE * attempt).await;
        }
        unreachable!("the loop ends by returning")
    }

    async fn exchange(&self, token: &Secret) -> Result<Assumed, AwsError> {
        const OPERATION: &str = "AssumeRoleWithWebIdentity";
        let object = format!("role \"{}\"", self.login.role_arn);
        let request = self.sts.assume_role_with_web_identity().role_arn(&self.login.role_arn);
        let request = request.role_session_name(&self.login.session_name).web_identity_token(token.expose());
        let answer = request.send().await.map_err(|fault| {
            let fault = AwsError::from_sdk(OPERATION, &object, fault);
            let fix = fix(&fault, oidc::claims(token).unwrap_or_default());
            fault.with_fix(fix)
        })?;
        assumed(answer)
            .ok_or_else(|| AwsError::new(AwsErrorKind::Unavailable, OPERATION, object, "the answer has no credentials"))
    }

    fn remember(&self, assumed: Assumed) -> Assumed {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(assumed.credentials.clone());
        assumed
    }

    async fn current(&self) -> provider::Result {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fresh =
            |credentials: &Credentials| credentials.expiry().is_some_and(|expiry| expiry > SystemTime::now() + MARGIN);
        if let Some(credentials) = latest.filter(fresh) {
            return Ok(credentials);
        }
        self.assume().await.map(|assumed| assumed.credentials).map_err(CredentialsError::provider_error)
    }
}

fn assumed(answer: AssumeRoleWithWebIdentityOutput) -> Option<Assumed> {
    let keys = answer.credentials?;
    let expiry = SystemTime::try_from(keys.expiration).ok()?;
    let credentials = Credentials::new(
        keys.access_key_id,
        keys.secret_access_key,
        Some(keys.session_token),
        Some(expiry),
        "GitHubOidc",
    );
    Some(Assumed { arn: answer.assumed_role_user?.arn, credentials })
}

fn may_pass(fault: &AwsError) -> bool {
    match fault.code.as_deref() {
        Some("ExpiredTokenException" | "IDPCommunicationError") => true,
        Some("InvalidIdentityToken") => fault.message.contains("Couldn't retrieve verification key"),
        _ => false,
    }
}

/// Says which claim AWS did not like, as far as its answer tells, with what the token says beside it.
fn fix(fault: &AwsError, claims: Claims) -> Option<String> {
    let Claims { sub, aud, iss } = claims;
    let message = fault.message.to_ascii_lowercase();
    let text = match fault.code.as_deref()? {
        "AccessDenied" | "AccessDeniedException" => format!(
            "the role's trust policy does not accept this job: its token says sub = \"{sub}\" and aud = \"{aud}\"; allow that subject in \
             the trust policy (repositories created after 2026-07-15 have subjects like repo:OWNER@ID/REPO@ID:…), and check that the role exists"
        ),
        "InvalidIdentityToken" if message.contains("audience") => {
            format!(
                "the token's audience is \"{aud}\", which the identity provider does not list; add it there, or set --audience"
            )
        }
        "InvalidIdentityToken" if message.contains("signature") || message.contains("verification") => {
            format!("the token's signature does not match the keys of \"{iss}\"")
        }
        "InvalidIdentityToken" if message.contains("provider") => {
            format!(
                "the account has no OIDC identity provider for \"{iss}\"; create it (our Terraform module github-oidc does)"
            )
        }
        "ExpiredTokenException" => "the token had expired when STS saw it; check this machine's clock".to_owned(),
        "IDPCommunicationError" => {
            format!("STS could not reach \"{iss}\" for its keys; on GHES it must be reachable from AWS")
        }
        _ => return None,
    };
    Some(text)
}

impl ProvideCredentials for OidcCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.current())
    }
}

impl fmt::Debug for OidcCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcCredentials").field("role_arn", &self.login.role_arn).finish_non_exhaustive()
    }
}
