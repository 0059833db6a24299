//! The seed's recipe: where its scripts are, and whether this machine has what they need.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::table::say;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/seed");

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

/// Whether all programs can be started; says which one is missing.
pub(crate) fn has_programs(names: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let missing: Vec<_> = names.iter().filter(|name| !folders.iter().any(|dir| dir.join(name).is_file())).collect();
    if !missing.is_empty() {
        say(&format!("The seed's side is left out: {missing:?} cannot be found"));
    }
    missing.is_empty()
}

/// The AWS CLI in a folder below `target`; installed if it is not there. `None`, said on the way: it cannot be had.
pub(crate) fn aws_cli(target: &Path) -> io::Result<Option<PathBuf>> {
    let folder = target.join("seed-aws-cli");
    fs::create_dir_all(target)?;
    let setup = Command::new(script("setup.sh")).arg(&folder).stdin(Stdio::null()).output()?;
    if setup.status.success() {
        return Ok(Some(folder.join("bin/aws")));
    }
    let why = String::from_utf8_lossy(&setup.stderr);
    let why = why.lines().last().unwrap_or("no reason given");
    say(&format!("The seed's side is left out: its AWS CLI could not be installed from PyPI ({why})"));
    Ok(None)
}
