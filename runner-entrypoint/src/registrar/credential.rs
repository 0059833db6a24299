//! Which credential there is, and the token that it gives.

use std::time::SystemTime;

use contract::{Credential, Secret, env};

use super::Registrar;
use crate::aws::parameter::Keep;
use crate::github::app::{self, Minted};
use crate::github::{Api, Trouble};
use crate::secret_source::SecretSource;
use crate::secrets::vault::{MINTED, Vault};

/// Finds the credential: what was handed over for this launch comes before what every task of its kind is given.
pub(super) fn find(registrar: &mut Registrar, until: std::time::Instant) -> Result<Credential, Trouble> {
    let vault = &mut registrar.vault;
    if let Some(written) = vault.get(env::CREDENTIAL_FD) {
        return read(&written);
    }
    if let Some(name) = &registrar.config.parameter {
        let source = SecretSource::Ssm(name.clone(), Keep::Once);
        return read(&fetch(vault, env::SECRET_PARAMETER, &source, until)?);
    }
    if let Some(source) = &registrar.config.secret_from {
        let written = fetch(vault, env::SECRET_FROM, source, until)?;
        return Ok(understand(written, registrar.config.app_id.clone()));
    }
    let key = vault.get(env::GITHUB_APP_PRIVATE_KEY);
    let found = match (vault.get(env::GITHUB_TOKEN), registrar.config.app_id.clone(), key) {
        (Some(token), _, _) => Some(Credential::Token(token)),
        (None, Some(app_id), Some(private_key)) => Some(Credential::App { app_id, private_key }),
        _ => vault.get(env::REGISTRATION_TOKEN).map(Credential::RegistrationToken),
    };
    found.ok_or_else(|| Trouble::Refused("the credential is gone".to_owned()))
}

/// Reads it once and keeps it for the later children: a one-shot parameter is gone after that.
fn fetch(
    vault: &mut Vault,
    name: &'static str,
    source: &SecretSource,
    until: std::time::Instant,
) -> Result<Secret, Trouble> {
    if let Some(kept) = vault.get(name) {
        return Ok(kept);
    }
    let value = source.fetch(until).map_err(Trouble::Refused)?;
    vault
        .put(name, value.expose().as_bytes())
        .map_err(|cause| Trouble::Refused(format!("the credential cannot be kept: {cause}")))?;
    Ok(value)
}

/// What people keep as a secret: the written form of a credential, an App's private key, or a token as it is.
fn understand(kept: Secret, app_id: Option<String>) -> Credential {
    if let Ok(credential) = Credential::from_json(kept.expose().as_bytes()) {
        return credential;
    }
    match app_id {
        Some(app_id) => Credential::App { app_id, private_key: kept },
        None => Credential::Token(kept),
    }
}

fn read(written: &Secret) -> Result<Credential, Trouble> {
    Credential::from_json(written.expose().as_bytes()).map_err(Trouble::Refused)
}

/// A token for REST calls. An installation token is minted once and shared with the later children.
pub(super) fn rest_token(
    registrar: &mut Registrar,
    api: &Api<'_>,
    credential: &Credential,
) -> Result<Option<Secret>, Trouble> {
    let (app_id, private_key) = match credential {
        Credential::Token(token) => return Ok(Some(token.clone())),
        Credential::RegistrationToken(_) => return Ok(None),
        Credential::App { app_id, private_key } => (app_id, private_key),
    };
    if let Some(token) = minted_before(&registrar.vault) {
        return Ok(Some(token));
    }
    let Minted { token, usable_until } = app::mint(api, &registrar.config.scope, app_id, private_key)?;
    let kept = Secret::new(format!("{usable_until} {}", token.expose()));
    // Where it cannot be kept, the next child mints another one.
    let _ = registrar.vault.put(MINTED, kept.expose().as_bytes());
    Ok(Some(token))
}

fn minted_before(vault: &Vault) -> Option<Secret> {
    let kept = vault.get(MINTED)?;
    let (usable_until, token) = kept.expose().split_once(' ')?;
    let usable = usable_until.parse::<u64>().is_ok_and(|until| until > app::seconds(SystemTime::now()));
    usable.then(|| Secret::new(token))
}

#[cfg(test)]
mod tests {
    use contract::{Credential, Secret};

    use super::understand;

    #[test]
    fn secret_is_a_written_credential_or_a_key_or_a_token() {
        let token = |text: &str| Credential::Token(Secret::new(text));
        assert_eq!(understand(Secret::new("{\"token\": \"a\"}"), None), token("a"));
        assert_eq!(understand(Secret::new("ghp_a"), None), token("ghp_a"));
        let app = Credential::App { app_id: "12".to_owned(), private_key: Secret::new("pem") };
        assert_eq!(understand(Secret::new("pem"), Some("12".to_owned())), app);
    }
}
