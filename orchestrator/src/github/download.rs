//! Where the runner distribution can be fetched.

use contract::Secret;
use serde::Deserialize;

use super::client::Call;
use super::{GitHub, GitHubError};

/// One archive of the runner distribution.
#[derive(Clone, Debug, Deserialize)]
pub struct Download {
    /// Operating system: `linux`, `osx`, `win`.
    pub os: String,
    /// Processor: `x64`, `arm64`, `arm`.
    pub architecture: String,
    /// Where the archive is.
    pub download_url: String,
    /// The archive's name, which holds the version: `actions-runner-linux-x64-2.336.0.tar.gz`.
    pub filename: String,
    /// What GHES wants to see when it serves the archive itself.
    pub temp_download_token: Option<Secret>,
    /// SHA-256 of the archive, in hexadecimal digits.
    pub sha256_checksum: Option<String>,
}

impl GitHub {
    /// The archives that this GitHub offers: on GHES the version that fits it.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn downloads(&self) -> Result<Vec<Download>, GitHubError> {
        self.call(Call::get(self.path("runners/downloads"))).await?.read()
    }
}
