//! From a credential to what is sent: a token as it is, or an App's installation token with no more rights than needed.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use contract::github_app::AppKey;
use contract::{Credential, Scope, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::client::{Call, Client};
use super::hint::{Asker, Purpose};
use super::token::Minted;
use super::{GitHub, GitHubError, retry};

/// How long before its end a cached token is no longer used.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// A credential, ready to be used at one scope.
#[derive(Clone, Debug)]
pub(super) struct Auth {
    pub(super) asker: Asker,
    form: Form,
}

#[derive(Clone)]
enum Form {
    Token(Secret),
    App(Arc<App>),
}

struct App {
    id: String,
    key: AppKey,
    purpose: Purpose,
    cache: Mutex<Option<Minted>>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

impl Auth {
    pub(super) fn new(credential: Credential, scope: &Scope, purpose: Purpose) -> Result<Self, GitHubError> {
        let asker = Asker::new(&credential, scope, purpose);
        let refuse = |text: &str| Err(GitHubError::Credential(text.to_owned()));
        let form = match credential {
            Credential::Token(token) if token.is_empty() => return refuse("the GitHub token is empty"),
            Credential::Token(token) => Form::Token(token),
            Credential::RegistrationToken(_) => {
                return refuse("a registration token cannot read or remove runners; use a GitHub App or a PAT");
            }
            // None of the enterprise's runner endpoints takes an App's token (docs.github.com, "enterprise self-hosted runners").
            Credential::App { .. } if matches!(scope, Scope::Enterprise(_)) => {
                return refuse(
                    "a GitHub App cannot manage an enterprise's runners; use a classic PAT with the scope \
                     \"manage_runners:enterprise\", or register at an organisation",
                );
            }
            Credential::App { app_id, private_key } => {
                let key = AppKey::parse(&private_key).map_err(GitHubError::Credential)?;
                Form::App(Arc::new(App { id: app_id, key, purpose, cache: Mutex::default() }))
            }
        };
        Ok(Self { asker, form })
    }
}

impl GitHub {
    /// Sends a call with the credential. An App's cached token that GitHub no longer accepts is minted anew, once.
    pub(super) async fn call(&self, call: Call) -> Result<super::client::Success, GitHubError> {
        let bearer = self.bearer().await?;
        let answer = self.client.send(&call, &bearer, &self.auth.asker).await;
        let (Err(GitHubError::Unauthorized { .. }), Form::App(app)) = (&answer, &self.auth.form) else {
            return answer;
        };
        *app.cache.lock().await = None;
        let bearer = self.bearer().await?;
        self.client.send(&call, &bearer, &self.auth.asker).await
    }

    /// Mints an installation token that can manage runners at this scope and do nothing else: what may be handed over.
    ///
    /// # Errors
    /// Where the credential is not an App, or GitHub refuses.
    pub async fn installation_token(&self) -> Result<Minted, GitHubError> {
        let Form::App(app) = &self.auth.form else {
            let text = "only a GitHub App can mint installation tokens; give one, or hand over a registration token";
            return Err(GitHubError::Credential(text.to_owned()));
        };
        let rights = rights(Purpose::Runners, &self.scope);
        mint(&self.client, app, &self.scope, &rights, &self.auth.asker).await
    }

    /// Sends a call that creates something lasting. After a lost answer `look` is asked whether it was made, before it is
    /// made again.
    pub(super) async fn create<T, L>(&self, call: impl Fn() -> Call, look: L) -> Result<T, GitHubError>
    where
        T: serde::de::DeserializeOwned,
        L: AsyncFn() -> Result<Option<T>, GitHubError>,
    {
        let mut attempt = 1;
        loop {
            let fault = match self.call(call()).await {
                Ok(success) => return success.read(),
                Err(fault) if fault.leaves_it_open() => fault,
                Err(fault) => return Err(fault),
            };
            let Some(pause) = retry::pause_after(attempt, &fault) else { return Err(fault) };
            tokio::time::sleep(retry::jittered(pause)).await;
            if let Some(found) = look().await? {
                return Ok(found);
            }
            attempt += 1;
        }
    }

    /// Asks as the App itself; `None` where the credential is none.
    pub(super) async fn call_as_app(&self, call: Call) -> Option<Result<super::client::Success, GitHubError>> {
        let Form::App(app) = &self.auth.form else { return None };
        let jwt = match app.key.sign(&app.id, SystemTime::now()) {
            Ok(jwt) => jwt,
            Err(fault) => return Some(Err(GitHubError::Credential(fault))),
        };
        Some(self.client.send(&call, &jwt, &self.auth.asker).await)
    }

    async fn bearer(&self) -> Result<Secret, GitHubError> {
        let app = match &self.auth.form {
            Form::Token(token) => return Ok(token.clone()),
            Form::App(app) => app,
        };
        let mut cache = app.cache.lock().await;
        if let Some(minted) = cache.as_ref().filter(|minted| minted.expires > SystemTime::now() + MARGIN) {
            return Ok(minted.token.clone());
        }
        let rights = rights(app.purpose, &self.scope);
        let minted = mint(&self.client, app, &self.scope, &rights, &self.auth.asker).await?;
        Ok(cache.insert(minted).token.clone())
    }
}

async fn mint(client: &Client, app: &App, scope: &Scope, rights: &Value, asker: &Asker) -> Result<Minted, GitHubError> {
    let jwt = app.key.sign(&app.id, SystemTime::now()).map_err(GitHubError::Credential)?;
    let installation = client.send(&Call::get(format!("/{}/installation", scope.api_path())), &jwt, asker).await?;
    let installation: Installation = installation.read()?;
    let path = format!("/app/installations/{}/access_tokens", installation.id);
    client.send(&Call::mint(path, rights.to_string()), &jwt, asker).await?.read()
}

/// The rights that managing runners takes, and on nothing but the scope. For pull requests it is all that the App may do in
/// the repository: which rights it needs depends on what is switched off, and asking for one that the App lacks is refused
/// altogether. That token never leaves this process.
fn rights(purpose: Purpose, scope: &Scope) -> Value {
    match scope {
        Scope::Repo { repo, .. } if purpose == Purpose::PullRequests => json!({ "repositories": [repo] }),
        Scope::Repo { repo, .. } => json!({ "repositories": [repo], "permissions": { "administration": "write" } }),
        Scope::Org(_) | Scope::Enterprise(_) => {
            json!({ "permissions": { "organization_self_hosted_runners": "write" } })
        }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token(***)"),
            Self::App(app) => write!(f, "App({})", app.id),
        }
    }
}
