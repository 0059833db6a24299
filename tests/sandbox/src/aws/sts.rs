//! STS: who is a workflow run, and which credentials does it get for that?

use std::sync::Arc;

use serde_json::Value;

use super::Shared;
use super::config::{AwsConfig, Provider, Role};
use super::identity::{Issued, Principal};
use super::jwt::{self, WebToken};
use super::trust;
use super::wire::{Answer, Refusal};
use super::xml::text as xml_text;
use crate::clock::rfc3339;

pub(crate) fn get_caller_identity(account: &str, caller: &Principal) -> Answer {
    let (arn, user_id) = (xml_text(&caller.arn), xml_text(&caller.user_id));
    Answer::Xml(format!("<Arn>{arn}</Arn><UserId>{user_id}</UserId><Account>{account}</Account>"))
}

/// What AssumeRoleWithWebIdentity was asked.
struct Question {
    role_arn: String,
    session: String,
    token: String,
    seconds: i64,
}

/// Answers a web identity with credentials of the role, if the token is genuine and the role trusts it.
pub(crate) async fn assume_role_with_web_identity(shared: &Arc<Shared>, parameters: &Value) -> Result<Answer, Refusal> {
    let question = Question::read(parameters)?;
    let token = WebToken::read(&question.token)?;
    let config = &shared.config;
    let provider = provider_of(config, &token)?;
    check_audience(provider, &token)?;
    token.check_times(config.clock.unix())?;
    token.verify(&keys_of(provider).await?)?;
    let role = trusting_role(config, provider, &question.role_arn, &token)?;
    let issued = issue(shared, role, &question)?;
    Ok(Answer::Xml(describe(&issued, provider, &token)))
}

impl Question {
    fn read(parameters: &Value) -> Result<Self, Refusal> {
        let text = |name: &str| parameters[name].as_str().unwrap_or_default().to_owned();
        let question = Self {
            role_arn: text("RoleArn"),
            session: text("RoleSessionName"),
            token: text("WebIdentityToken"),
            seconds: parameters["DurationSeconds"].as_str().map_or(Ok(3_600), str::parse).unwrap_or(0),
        };
        question.check()?;
        Ok(question)
    }

    /// The limits of the API: `botocore` data, sts `service-2.json`.
    fn check(&self) -> Result<(), Refusal> {
        let invalid = |value: &str, member: &str, rule: &str| {
            let text = format!(
                "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
                 Member must {rule}"
            );
            Err(Refusal::client("ValidationError", text))
        };
        if !(20..=2_048).contains(&self.role_arn.len()) || !self.role_arn.starts_with("arn:") {
            return invalid(&self.role_arn, "roleArn", "have length between 20 and 2048 and be an ARN");
        }
        if !(2..=64).contains(&self.session.chars().count()) {
            return invalid(&self.session, "roleSessionName", "have length between 2 and 64");
        }
        if !self.session.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) {
            return invalid(&self.session, "roleSessionName", "satisfy regular expression pattern: [\\w+=,.@-]*");
        }
        if !(4..=20_000).contains(&self.token.len()) {
            return invalid("***", "webIdentityToken", "have length between 4 and 20000");
        }
        if !(900..=43_200).contains(&self.seconds) {
            return invalid(&self.seconds.to_string(), "durationSeconds", "be between 900 and 43200");
        }
        Ok(())
    }
}

fn provider_of<'a>(config: &'a AwsConfig, token: &WebToken) -> Result<&'a Provider, Refusal> {
    let issuer = token.claim("iss");
    let known = config.providers.iter().find(|provider| provider.issuer == issuer);
    known.ok_or_else(|| {
        let text = format!("No OpenIDConnect provider found in your account for {issuer}");
        Refusal::client("InvalidIdentityToken", text)
    })
}

fn check_audience(provider: &Provider, token: &WebToken) -> Result<(), Refusal> {
    let audience = token.claim("aud");
    if provider.client_ids.iter().any(|known| known == audience) {
        return Ok(());
    }
    Err(Refusal::client("InvalidIdentityToken", "Incorrect token audience"))
}

async fn keys_of(provider: &Provider) -> Result<Value, Refusal> {
    let issuer = provider.issuer.clone();
    tokio::task::spawn_blocking(move || jwt::fetch_keys(&issuer))
        .await
        .map_err(|_| Refusal::client("IDPCommunicationError", "The identity provider could not be asked"))?
}

/// A role that does not exist and a role that does not trust are told apart by nobody outside the account.
fn trusting_role<'a>(
    config: &'a AwsConfig,
    provider: &Provider,
    arn: &str,
    token: &WebToken,
) -> Result<&'a Role, Refusal> {
    let keys = trust::keys(provider, &token.claims);
    let principal = provider.arn(&config.account);
    let role = config.role(arn).filter(|role| trust::allows(&role.trust, &principal, &keys));
    role.ok_or_else(|| Refusal::forbidden("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"))
}

fn issue(shared: &Shared, role: &Role, question: &Question) -> Result<Issued, Refusal> {
    if question.seconds > i64::try_from(role.max_session.as_secs()).unwrap_or(i64::MAX) {
        let text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Refusal::client("ValidationError", text));
    }
    let expires = shared.config.clock.now() + time::Duration::seconds(question.seconds);
    Ok(shared.state().keys.issue(&shared.config.account, role, &question.session, expires))
}

fn describe(issued: &Issued, provider: &Provider, token: &WebToken) -> String {
    format!(
        "<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>{}</Expiration></Credentials><SubjectFromWebIdentityToken>{}</SubjectFromWebIdentityToken>\
         <AssumedRoleUser><Arn>{}</Arn><AssumedRoleId>{}</AssumedRoleId></AssumedRoleUser><Provider>{}</Provider>\
         <Audience>{}</Audience>",
        issued.access_key,
        xml_text(issued.secret.expose()),
        issued.token.expose(),
        rfc3339(issued.expires),
        xml_text(token.claim("sub")),
        xml_text(&issued.principal.arn),
        xml_text(&issued.principal.user_id),
        xml_text(provider.name()),
        xml_text(token.claim("aud")),
    )
}
