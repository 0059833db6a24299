//! GitHub Apps: their keys, installations, and the tokens minted for them.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::directory::Account;
use super::token::{Level, Permissions, Reach};
use crate::keys::{PublicKey, peek};

/// How far a client's clock may run ahead before its App token counts as not yet valid, in seconds.
const LEEWAY: i64 = 60;
/// The longest life of an App token, in seconds.
const LONGEST: i64 = 600;

/// A GitHub App with its one installation.
#[derive(Clone, Debug)]
pub struct App {
    /// GitHub's number: `iss` of its tokens (the client id is accepted too).
    pub id: u64,
    /// Its client id.
    pub client_id: String,
    /// Its name in addresses.
    pub slug: String,
    /// The public half of its key.
    pub key: PublicKey,
    /// Where it is installed.
    pub installation: Installation,
}

/// An App's installation at one owner.
#[derive(Clone, Debug)]
pub struct Installation {
    /// GitHub's number.
    pub id: u64,
    /// Who installed it.
    pub account: Account,
    /// What it was given.
    pub permissions: Permissions,
    /// For which repositories.
    pub reach: Reach,
}

/// Why an App's token is refused, in GitHub's words.
pub(crate) fn check_jwt(apps: &[App], jwt: &str, now: i64) -> Result<u64, &'static str> {
    let undecodable = "A JSON web token could not be decoded";
    let claimed = peek(jwt).ok_or(undecodable)?;
    let issuer = claimed["iss"].as_str().map_or_else(|| claimed["iss"].to_string(), str::to_owned);
    let app = apps.iter().find(|app| app.id.to_string() == issuer || app.client_id == issuer);
    let app = app.ok_or("Integration not found")?;
    let claims = app.key.verify(jwt).ok_or(undecodable)?;
    let exp = claims["exp"].as_i64().ok_or("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")?;
    let iat = claims["iat"].as_i64().ok_or("Missing 'issued at' claim ('iat') in assertion")?;
    if iat > now + LEEWAY {
        return Err("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
    }
    if exp <= now {
        return Err(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        );
    }
    if exp > now + LONGEST + LEEWAY || exp - iat > LONGEST {
        return Err("'Expiration time' claim ('exp') is too far in the future");
    }
    Ok(app.id)
}

/// The body of a request for an installation token.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct WantedToken {
    repositories: Option<Vec<String>>,
    repository_ids: Option<Vec<u64>>,
    permissions: Option<std::collections::BTreeMap<String, String>>,
}

impl Installation {
    /// What a token gets: never more than the installation has.
    pub(crate) fn narrow(
        &self,
        wanted: &WantedToken,
        id_of: impl Fn(&str) -> Option<u64>,
    ) -> Result<(Permissions, Reach), String> {
        Ok((self.narrow_permissions(wanted)?, self.narrow_reach(wanted, id_of)?))
    }

    fn narrow_permissions(&self, wanted: &WantedToken) -> Result<Permissions, String> {
        let Some(permissions) = &wanted.permissions else { return Ok(self.permissions.clone()) };
        let mut narrowed = Permissions::new();
        for (name, level) in permissions {
            let level = Level::parse(level).ok_or_else(|| format!("Invalid permission level for {name}."))?;
            if self.permissions.get(name).is_none_or(|held| *held < level) {
                return Err("The permissions requested are not granted to this installation.".to_owned());
            }
            narrowed.insert(name.clone(), level);
        }
        Ok(narrowed)
    }

    fn narrow_reach(&self, wanted: &WantedToken, id_of: impl Fn(&str) -> Option<u64>) -> Result<Reach, String> {
        if wanted.repositories.is_none() && wanted.repository_ids.is_none() {
            return Ok(self.reach.clone());
        }
        let refused = || {
            "There is at least one repository that does not exist or is not accessible to the parent installation."
                .to_owned()
        };
        let mut ids: BTreeSet<u64> = wanted.repository_ids.iter().flatten().copied().collect();
        for name in wanted.repositories.iter().flatten() {
            ids.insert(id_of(name).ok_or_else(refused)?);
        }
        if ids.iter().all(|id| self.reach.includes(*id)) { Ok(Reach::Selected(ids)) } else { Err(refused()) }
    }
}
