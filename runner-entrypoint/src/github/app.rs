//! A GitHub App's way to a token: sign, find the installation, mint a token that can do nothing but this.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::github_app::AppKey;
use contract::{Scope, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::answer::{self, Trouble};
use super::{Api, read};

/// Installation tokens live for an hour ("Generating an installation access token"); the last minutes are not relied on.
const USABLE_SECONDS: u64 = 55 * 60;

/// An installation token and until when it is used.
pub(crate) struct Minted {
    pub(crate) token: Secret,
    /// Seconds since 1970.
    pub(crate) usable_until: u64,
}

/// Mints an installation token that can manage the scope's runners and nothing else.
pub(crate) fn mint(api: &Api<'_>, scope: &Scope, app_id: &str, private_key: &Secret) -> Result<Minted, Trouble> {
    let now = SystemTime::now();
    let jwt = AppKey::parse(private_key).and_then(|key| key.sign(app_id, now)).map_err(Trouble::Refused)?;
    let installation = find_installation(api, scope, &jwt)?;
    let token = mint_token(api, scope, &jwt, installation)?;
    Ok(Minted { token, usable_until: seconds(now) + USABLE_SECONDS })
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn find_installation(api: &Api<'_>, scope: &Scope, jwt: &Secret) -> Result<u64, Trouble> {
    #[derive(Deserialize)]
    struct Answer {
        id: u64,
    }
    if let Scope::Enterprise(_) = scope {
        return Err(Trouble::Refused(
            "a GitHub App cannot register runners of an enterprise; use a classic token with the scope \
             \"manage_runners:enterprise\", or register at orgs/ORG"
                .to_owned(),
        ));
    }
    let reply = api.call(Method::GET, &format!("{scope}/installation"), jwt, None)?;
    let fix = match reply.status {
        200 => return read(&reply).map(|answer: Answer| answer.id),
        401 => "the App's id and its private key do not belong together, or the machine's clock is wrong".to_owned(),
        404 => format!("the App is not installed at {scope}; install it there"),
        _ => return Err(answer::from_reply(&reply, &format!("the App's installation at {scope}"), None)),
    };
    Err(answer::from_reply(&reply, &format!("the App's installation at {scope}"), Some(fix)))
}

fn mint_token(api: &Api<'_>, scope: &Scope, jwt: &Secret, installation: u64) -> Result<Secret, Trouble> {
    #[derive(Deserialize)]
    struct Answer {
        token: Secret,
    }
    let path = format!("app/installations/{installation}/access_tokens");
    let reply = api.call(Method::POST, &path, jwt, Some(&narrowed(scope)))?;
    match reply.status {
        201 => read(&reply).map(|answer: Answer| answer.token),
        422 => Err(answer::from_reply(&reply, "the App's token", answer::fix(scope, 403))),
        _ => Err(answer::from_reply(&reply, "the App's token", None)),
    }
}

/// Only this repository, only this permission.
fn narrowed(scope: &Scope) -> Value {
    match scope {
        Scope::Repo { repo, .. } => json!({ "repositories": [repo], "permissions": { "administration": "write" } }),
        Scope::Org(_) | Scope::Enterprise(_) => {
            json!({ "permissions": { "organization_self_hosted_runners": "write" } })
        }
    }
}
