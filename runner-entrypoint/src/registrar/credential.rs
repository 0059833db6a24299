//! Which credential there is, and the token that it gives.

use std::time::SystemTime;

use contract::{Credential, Secret, env};

use super::Registrar;
use crate::github::app::{self, Minted};
use crate::github::{Api, Trouble};
use crate::parameter::ParameterStore;
use crate::secrets::vault::{MINTED, Vault};

/// Finds the credential: what was handed over for this launch comes before what every task of its kind is given.
pub(super) fn find(registrar: &mut Registrar, until: std::time::Instant) -> Result<Credential, Trouble> {
    let vault = &mut registrar.vault;
    if let Some(written) = vault.get(env::CREDENTIAL_FD) {
        return read(&written);
    }
    if let Some(name) = &registrar.config.parameter {
        let kept = vault.get(env::SECRET_PARAMETER);
        return read(&kept.map_or_else(|| fetch_once(vault, name, until), Ok)?);
    }
    let key = vault.get(env::GITHUB_APP_PRIVATE_KEY);
    let found = match (vault.get(env::GITHUB_TOKEN), registrar.config.app_id.clone(), key) {
        (Some(token), _, _) => Some(Credential::Token(token)),
        (None, Some(app_id), Some(private_key)) => Some(Credential::App { app_id, private_key }),
        _ => vault.get(env::REGISTRATION_TOKEN).map(Credential::RegistrationToken),
    };
    found.ok_or_else(|| Trouble::Refused("the credential is gone".to_owned()))
}

/// Reads the one-shot parameter, keeps its value, and deletes it. It stays if that fails, and then no job may run: with the
/// task role the job could read it.
fn fetch_once(vault: &mut Vault, name: &str, until: std::time::Instant) -> Result<Secret, Trouble> {
    let store = ParameterStore::of_this_task().map_err(Trouble::Refused)?;
    let value = store.get(name, until).map_err(Trouble::Refused)?;
    store.delete(name, until).map_err(Trouble::Refused)?;
    vault
        .put(env::SECRET_PARAMETER, value.expose().as_bytes())
        .map_err(|cause| Trouble::Refused(format!("the credential cannot be kept: {cause}")))?;
    Ok(value)
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
