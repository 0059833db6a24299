//! Tokens that end by themselves.

use std::time::SystemTime;

use contract::Secret;
use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::client::Call;
use super::{GitHub, GitHubError};

/// A token and its end.
#[derive(Clone, Debug, Deserialize)]
pub struct Minted {
    /// The token.
    pub token: Secret,
    /// When GitHub stops to accept it: an hour after it was minted.
    #[serde(rename = "expires_at", deserialize_with = "read_time")]
    pub expires: SystemTime,
}

impl GitHub {
    /// Mints a registration token: whoever holds it can register runners at this scope for an hour.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn registration_token(&self) -> Result<Minted, GitHubError> {
        self.call(Call::mint(self.path("runners/registration-token"), String::new())).await?.read()
    }
}

pub(super) fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    OffsetDateTime::parse(&text, &Rfc3339).map(SystemTime::from).map_err(serde::de::Error::custom)
}
