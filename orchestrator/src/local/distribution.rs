//! The runner distribution: a folder that was named, or GitHub's archive, checked and unpacked once per version.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, LOCATION, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::{Local, LocalError};
use crate::github::{Download, GitHub};
use crate::http::Http;

/// How long the head of an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How long nothing may come while an archive (some 200 MB) is fetched.
const QUIET_LIMIT: Duration = Duration::from_secs(60);
/// GitHub sends on from its pages to its file store: one step today.
const REDIRECTIONS: usize = 5;

impl Local {
    /// The distribution in a folder that was named.
    ///
    /// # Errors
    /// [`LocalError::NoListener`] where it is none.
    pub fn named_distribution(&self, folder: &Path) -> Result<PathBuf, LocalError> {
        let folder = folder.canonicalize().map_err(LocalError::file("find", folder))?;
        checked(folder)
    }

    /// The distribution that GitHub offers for this machine: from the cache, or fetched, checked by its SHA-256, and
    /// unpacked by the system's `tar`.
    ///
    /// # Errors
    /// Where GitHub offers none, or it cannot be fetched, is not what was announced, or cannot be unpacked.
    pub async fn fetched_distribution(&self, github: &GitHub, http: &Http) -> Result<PathBuf, LocalError> {
        let downloads = github.downloads().await.map_err(LocalError::Downloads)?;
        let download = choose(downloads, os(), architecture())?;
        let folder = self.cache.join(version(&download.filename));
        if folder.is_dir() {
            return checked(folder);
        }
        fs::create_dir_all(&self.cache).map_err(LocalError::file("make", &self.cache))?;
        let staging = self.cache.join(format!(".new-{}", std::process::id()));
        let unpacked = fetch_and_unpack(http, &download, &staging).await.and_then(|()| publish(&staging, &folder));
        // What is left of it is of no use to anybody, whether it went well or not.
        let _ = fs::remove_dir_all(&staging);
        unpacked?;
        checked(folder)
    }
}

fn checked(folder: PathBuf) -> Result<PathBuf, LocalError> {
    if folder.join("bin/Runner.Listener").is_file() { Ok(folder) } else { Err(LocalError::NoListener(folder)) }
}

fn choose(downloads: Vec<Download>, os: &str, architecture: &str) -> Result<Download, LocalError> {
    let fits = |download: &Download| download.os == os && download.architecture == architecture;
    downloads.into_iter().find(fits).ok_or_else(|| LocalError::NoDownload(format!("{os} {architecture}")))
}

/// GitHub's names for what Rust calls differently.
pub(super) fn os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "osx",
        other => other,
    }
}

pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// `2.336.0` of `actions-runner-linux-x64-2.336.0.tar.gz`. The whole name, without what could leave the folder, where it
/// is not of that form.
pub(super) fn version(filename: &str) -> String {
    let name = filename.trim_end_matches(".tar.gz").trim_end_matches(".zip");
    let last = name.rsplit('-').next().unwrap_or(name);
    let plain: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    plain.trim_start_matches('.').to_owned()
}

async fn fetch_and_unpack(http: &Http, download: &Download, staging: &Path) -> Result<(), LocalError> {
    let announced = download.sha256_checksum.as_deref().filter(|sum| !sum.is_empty());
    let announced = announced.ok_or_else(|| LocalError::NoChecksum(download.filename.clone()))?;
    let (archive, folder) = (staging.join("archive"), staging.join("unpacked"));
    fs::create_dir_all(&folder).map_err(LocalError::file("make", &folder))?;
    tracing::info!(archive = download.filename, "fetching the runner distribution");
    let found = fetch(http, download, &archive).await?;
    if !found.eq_ignore_ascii_case(announced) {
        let (url, announced) = (download.download_url.clone(), announced.to_owned());
        return Err(LocalError::WrongChecksum { url, announced, found });
    }
    unpack(&archive, &folder).await
}

/// Fetches the archive; answers with its SHA-256 in hexadecimal digits.
async fn fetch(http: &Http, download: &Download, archive: &Path) -> Result<String, LocalError> {
    let mut body = follow(http, download).await?.into_body();
    let mut file = tokio::fs::File::create(archive).await.map_err(LocalError::file("make", archive))?;
    let mut digest = Sha256::new();
    let fault = |why: String| LocalError::Fetch { url: download.download_url.clone(), why };
    loop {
        let frame = tokio::time::timeout(QUIET_LIMIT, body.frame()).await;
        let frame = frame.map_err(|_| fault(format!("nothing came for {}s", QUIET_LIMIT.as_secs())))?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|cause| fault(format!("the connection broke: {cause}")))?;
        if let Ok(chunk) = frame.into_data() {
            digest.update(&chunk);
            file.write_all(&chunk).await.map_err(LocalError::file("write", archive))?;
        }
    }
    file.flush().await.map_err(LocalError::file("write", archive))?;
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The answer that has the archive, after redirections. The download's token goes to its own host only.
async fn follow(http: &Http, download: &Download) -> Result<Response<Incoming>, LocalError> {
    let fault = |why: String| LocalError::Fetch { url: download.download_url.clone(), why };
    let first: Uri = download.download_url.parse().map_err(|cause| fault(format!("not a URL: {cause}")))?;
    let mut uri = first.clone();
    for _ in 0..=REDIRECTIONS {
        let mut request = Request::get(&uri).header(USER_AGENT, concat!("mayfly/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = download.temp_download_token.as_ref().filter(|_| uri.authority() == first.authority()) {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let request = request.body(Bytes::new()).map_err(|cause| fault(cause.to_string()))?;
        let answer = http.open(request, ANSWER_LIMIT).await;
        let answer = answer.map_err(|source| LocalError::NoAnswer { url: uri.to_string(), source })?;
        if !answer.status().is_redirection() {
            return if answer.status().is_success() { Ok(answer) } else { Err(fault(answer.status().to_string())) };
        }
        uri = next_uri(&uri, &answer).ok_or_else(|| fault("redirected to nowhere".to_owned()))?;
    }
    Err(fault("redirected too often".to_owned()))
}

/// Where an answer sends on to. From https never to plain http.
fn next_uri(uri: &Uri, answer: &Response<Incoming>) -> Option<Uri> {
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    let next: Uri = match location.strip_prefix('/') {
        Some(_) => format!("{}://{}{location}", uri.scheme_str()?, uri.authority()?).parse().ok()?,
        None => location.parse().ok()?,
    };
    let downgraded = uri.scheme_str() == Some("https") && next.scheme_str() != Some("https");
    (next.authority().is_some() && !downgraded).then_some(next)
}

/// The system's `tar`: it has been on every machine that can run a runner, and a library for it would serve this alone.
async fn unpack(archive: &Path, folder: &Path) -> Result<(), LocalError> {
    let tar = tokio::process::Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder).output().await;
    let tar = tar.map_err(LocalError::file("unpack with the program tar", archive))?;
    if tar.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&tar.stderr).trim().to_owned();
    Err(LocalError::Unpack { archive: archive.to_owned(), why })
}

/// Makes the unpacked distribution visible, whole or not at all.
fn publish(staging: &Path, folder: &Path) -> Result<(), LocalError> {
    match fs::rename(staging.join("unpacked"), folder) {
        // Somebody else was first, with the same archive.
        Err(_) if folder.is_dir() => Ok(()),
        outcome => outcome.map_err(LocalError::file("make", folder)),
    }
}
