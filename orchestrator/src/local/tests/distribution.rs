//! Where the runner distribution comes from, and what a machine's copy of it is.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use contract::{Credential, Scope, Secret};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::super::distribution::{architecture, os, version};
use super::super::{LocalError, tree};
use super::Home;
use crate::github::GitHub;
use crate::http::Http;
use crate::http::scripted::{Act, Server};

/// An archive with a Listener in it.
fn archive() -> Vec<u8> {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir_all(folder.path().join("bin")).expect("a folder");
    fs::write(folder.path().join("bin/Runner.Listener"), "listener").expect("a file");
    let tar = Command::new("tar").args(["-czf", "-", "-C"]).arg(folder.path()).arg("bin").output().expect("tar");
    assert!(tar.status.success());
    tar.stdout
}

fn offer(server: &Server, archive: &[u8], sum: Option<&str>) -> Value {
    let digest: String = Sha256::digest(archive).iter().map(|byte| format!("{byte:02x}")).collect();
    json!([
        { "os": "win", "architecture": "x64", "download_url": "https://x.invalid", "filename": "x.zip" },
        {
            "os": os(),
            "architecture": architecture(),
            "download_url": server.url("/first"),
            "filename": "actions-runner-any-x-2.336.0.tar.gz",
            "temp_download_token": "t0k3n",
            "sha256_checksum": sum.unwrap_or(&digest),
        }
    ])
}

async fn github(offer: Value) -> (Server, GitHub, Http) {
    let server = Server::start([Act::json(200, offer.clone()), Act::json(200, offer)]).await;
    let http = Http::from_vars(&|_| None).expect("no settings");
    let scope = Scope::repo("octo/demo").expect("a repository");
    let url = server.url("").parse().expect("a URL");
    let github = GitHub::new(http.clone(), &url, Credential::Token(Secret::new("t")), scope).expect("a client");
    (server, github, http)
}

#[tokio::test]
async fn archive_is_fetched_once_and_checked() {
    let (home, archive) = (Home::new(), archive());
    let store = Server::start([Act::Bytes(archive.clone())]).await;
    let first = Server::start([Act::Answer(302, vec![("location", store.url("/store"))], String::new())]).await;
    let (_api, github, http) = github(offer(&first, &archive, None)).await;
    let folder = home.local.fetched_distribution(&github, &http).await.expect("a distribution");
    assert!(folder.ends_with("mayfly/runner/2.336.0") && folder.join("bin/Runner.Listener").is_file());
    assert_eq!(home.local.fetched_distribution(&github, &http).await.expect("the same"), folder);
    assert_eq!((first.seen().len(), store.seen().len()), (1, 1));
    assert_eq!(first.seen()[0].header("authorization"), Some("Bearer t0k3n"));
    assert_eq!(store.seen()[0].header("authorization"), None, "the token is for GitHub's host only");
    assert_eq!(fs::read_dir(folder.parent().expect("a cache")).expect("a cache").count(), 1);
}

#[tokio::test]
async fn archive_with_another_checksum_is_not_used() {
    let (home, archive) = (Home::new(), archive());
    let store = Server::start([Act::Bytes(archive.clone())]).await;
    let (_api, github, http) = github(offer(&store, &archive, Some(&"0".repeat(64)))).await;
    let fault = home.local.fetched_distribution(&github, &http).await.expect_err("another checksum");
    assert!(matches!(fault, LocalError::WrongChecksum { .. }), "{fault}");
    assert_eq!(fs::read_dir(home.folder.path().join("cache/mayfly/runner")).expect("a cache").count(), 0);
}

#[tokio::test]
async fn archive_that_nobody_vouches_for_is_not_fetched() {
    let home = Home::new();
    let store = Server::start([]).await;
    let (_api, github, http) = github(offer(&store, b"", Some(""))).await;
    let fault = home.local.fetched_distribution(&github, &http).await.expect_err("no checksum");
    assert!(matches!(fault, LocalError::NoChecksum(_)), "{fault}");
    assert_eq!(store.accepted(), 0);
}

#[tokio::test]
async fn machine_that_github_has_no_runner_for_is_told() {
    let (_api, github, http) = github(json!([])).await;
    let fault = Home::new().local.fetched_distribution(&github, &http).await.expect_err("nothing offered");
    assert!(fault.to_string().contains("--runner-dist"), "{fault}");
}

#[test]
fn folder_without_a_listener_is_refused() {
    let home = Home::new();
    let fault = home.local.named_distribution(home.folder.path()).expect_err("no Listener");
    assert!(fault.to_string().contains("bin/Runner.Listener"), "{fault}");
    assert!(home.local.named_distribution(&home.folder.path().join("dist")).is_ok());
}

#[test]
fn copy_shares_its_files_and_takes_over_no_identity() {
    let folder = TempDir::new().expect("a folder");
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::create_dir_all(from.join("bin")).expect("a folder");
    fs::create_dir_all(from.join("_work/x")).expect("a folder");
    fs::write(from.join("bin/Runner.Listener"), "listener").expect("a file");
    fs::write(from.join(".credentials"), "{}").expect("a file");
    symlink("Runner.Listener", from.join("bin/link")).expect("a link");
    tree::copy(&from, &to).expect("a copy");
    let inode = |folder: &std::path::Path| folder.join("bin/Runner.Listener").metadata().expect("a file").ino();
    assert_eq!(inode(&from), inode(&to));
    assert_eq!(fs::read_link(to.join("bin/link")).ok().as_deref(), Some(std::path::Path::new("Runner.Listener")));
    assert!(!to.join(".credentials").exists() && !to.join("_work").exists());
}

#[test]
fn version_is_read_from_the_archives_name_and_stays_within_the_cache() {
    for (name, expected) in [
        ("actions-runner-linux-x64-2.336.0.tar.gz", "2.336.0"),
        ("actions-runner-osx-arm64-2.336.0.zip", "2.336.0"),
        ("../../etc", "etc"),
        ("odd", "odd"),
    ] {
        assert_eq!(version(name), expected, "{name}");
    }
}
