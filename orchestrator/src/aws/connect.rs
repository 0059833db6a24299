//! Clients for an account and a region, and as whom they act.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use http::Uri;

use super::credentials::OidcCredentials;
use super::endpoints::Endpoints;
use super::{AwsError, AwsErrorKind};
use crate::config::Vars;
use crate::config::aws::{AwsLogin, AwsPlace, OidcLogin};
use crate::error::Error;
use crate::http::Http;
use crate::phases::Phases;

/// Three attempts are the SDK's default; a launch is worth one more.
const ATTEMPTS: u32 = 4;
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ATTEMPT_LIMIT: Duration = Duration::from_secs(30);

/// As whom we act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Account, twelve digits.
    pub account: String,
    /// ARN of the user, role or session.
    pub arn: String,
}

/// AWS, ready to be called.
#[derive(Clone, Debug)]
pub struct Aws {
    /// As whom.
    pub caller: Caller,
    /// Where.
    pub region: String,
    pub(crate) config: SdkConfig,
    pub(crate) endpoints: Endpoints,
    pub(crate) http: Http,
}

impl Aws {
    /// Gets credentials and says whose they are.
    ///
    /// # Errors
    /// GitHub's or AWS's refusal.
    pub async fn connect(place: &AwsPlace, http: &Http, vars: Vars<'_>, phases: &Phases) -> Result<Self, Error> {
        let endpoints = Endpoints::from_vars(&place.region, vars);
        match &place.login {
            AwsLogin::GitHubOidc(login) => Self::by_oidc(login, &place.region, endpoints, http, phases).await,
            AwsLogin::Chain => Self::by_chain(&place.region, endpoints, http, phases).await,
        }
    }

    /// Round trips are what a launch costs, not CPU: the connections to STS and ECS are made while GitHub's token is
    /// fetched, and the clients are built from known values instead of the default chain, which spends 5 to 10 ms on
    /// looking for profiles (and 3 s on a mute metadata address).
    async fn by_oidc(
        login: &OidcLogin,
        region: &str,
        endpoints: Endpoints,
        http: &Http,
        phases: &Phases,
    ) -> Result<Self, Error> {
        for uri in [login.request_url.clone(), endpoints.url("sts"), endpoints.url("ecs")] {
            let _ = uri.parse::<Uri>().map(|uri| http.warm(&uri));
        }
        let base = lean_config(region, http);
        let sts = sts_client(&base, &endpoints);
        let provider = Arc::new(OidcCredentials::new(http.clone(), sts, login.clone(), phases.clone()));
        let assumed = provider.assume().await?;
        let caller = Caller { account: login.account().to_owned(), arn: assumed.arn };
        let config = base
            .into_builder()
            .credentials_provider(SharedCredentialsProvider::from(provider as Arc<dyn ProvideCredentials>))
            .build();
        Ok(Self { caller, region: region.to_owned(), config, endpoints, http: http.clone() })
    }

    async fn by_chain(region: &str, endpoints: Endpoints, http: &Http, phases: &Phases) -> Result<Self, Error> {
        let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(region.to_owned()));
        let loader = loader.http_client(http.for_aws()).retry_config(retries()).timeout_config(timeouts());
        let config = loader.load().await;
        let sts = sts_client(&config, &endpoints);
        let caller = phases.measure("sts", identify(&sts)).await?;
        Ok(Self { caller, region: region.to_owned(), config, endpoints, http: http.clone() })
    }

    /// The same account in another region, for single calls: an image's registry may be in one of its own.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), endpoints: self.endpoints.in_region(region), ..self.clone() }
    }
}

#[cfg(test)]
impl Aws {
    /// Everything at one address, for tests.
    pub(crate) fn at(url: &str) -> Self {
        let http = Http::from_vars(&|_| None).expect("no proxy");
        let region = "eu-central-1";
        let endpoints = Endpoints::from_vars(region, &|name| (name == "AWS_ENDPOINT_URL").then(|| url.to_owned()));
        let credentials = aws_credential_types::Credentials::new("AKID", "secret", None, None, "test");
        let config = lean_config(region, &http).into_builder();
        let config = config.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        let caller =
            Caller { account: "123456789012".to_owned(), arn: "arn:aws:iam::123456789012:user/test".to_owned() };
        Self { caller, region: region.to_owned(), config, endpoints, http }
    }
}

fn lean_config(region: &str, http: &Http) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .http_client(http.for_aws())
        .retry_config(retries())
        .timeout_config(timeouts())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .identity_cache(aws_config::identity::IdentityCache::lazy().build())
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(Duration::from_millis(200))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_LIMIT).operation_attempt_timeout(ATTEMPT_LIMIT).build()
}

fn sts_client(config: &SdkConfig, endpoints: &Endpoints) -> aws_sdk_sts::Client {
    let mut builder = aws_sdk_sts::config::Builder::from(config);
    builder.set_endpoint_url(endpoints.configured("sts").map(str::to_owned));
    aws_sdk_sts::Client::from_conf(builder.build())
}

async fn identify(sts: &aws_sdk_sts::Client) -> Result<Caller, AwsError> {
    const OPERATION: &str = "GetCallerIdentity";
    let answer = sts.get_caller_identity().send().await.map_err(|fault| {
        let no_credentials = matches!(fault, aws_smithy_runtime_api::client::result::SdkError::DispatchFailure(_));
        let fix = no_credentials.then(|| {
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in by `aws sso login`; in a workflow set MAYFLY_ROLE_ARN"
                .to_owned()
        });
        AwsError::from_sdk(OPERATION, "the caller", fault).with_fix(fix)
    })?;
    let caller = answer.account.zip(answer.arn).map(|(account, arn)| Caller { account, arn });
    caller.ok_or_else(|| AwsError::new(AwsErrorKind::Unavailable, OPERATION, "the caller", "the answer names nobody"))
}
