//! Sizes of the release binaries, and where the static entrypoint is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sandbox::binaries::Binaries;

use crate::figures::{Verdict, megabytes};
use crate::table::{print, say};

const MAYFLY_LIMIT: u64 = 15_000_000;
const ENTRYPOINT_LIMIT: u64 = 5_000_000;

/// The entrypoint that is measured.
#[derive(Clone, Debug)]
pub(crate) struct Entrypoint {
    pub(crate) path: PathBuf,
    /// Whether it is what a user deploys.
    pub(crate) is_static: bool,
}

/// The one that was asked for, else the static one where it was built, else the one of this machine's libc.
///
/// # Errors
/// The one that was asked for is not there.
pub(crate) fn find_entrypoint(asked_for: Option<PathBuf>, binaries: &Binaries) -> io::Result<Entrypoint> {
    if let Some(path) = asked_for {
        fs::metadata(&path).map_err(|cause| io::Error::other(format!("{}: {cause}", path.display())))?;
        return Ok(Entrypoint { path, is_static: true });
    }
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let root = binaries.folder().parent().unwrap_or(Path::new("target"));
    let path = root.join(&target).join("release/runner-entrypoint");
    if path.is_file() {
        return Ok(Entrypoint { path, is_static: true });
    }
    say(&format!(
        "The static entrypoint is missing, so the dynamic one is measured; build it with:\n  \
         cargo build --release -p runner-entrypoint --target {target}"
    ));
    Ok(Entrypoint { path: binaries.path("runner-entrypoint"), is_static: false })
}

/// Prints the sizes.
pub(crate) fn run(binaries: &Binaries, entrypoint: &Entrypoint) -> io::Result<Vec<Verdict>> {
    let size = |path: &Path| fs::metadata(path).map(|meta| meta.len());
    let mayfly = size(&binaries.path("mayfly"))?;
    let pid1 = size(&entrypoint.path)?;
    let kind = if entrypoint.is_static { "static" } else { "dynamic" };
    let name = format!("runner-entrypoint, {kind}");
    say("\nSizes (release profile: LTO, stripped)");
    print(&["", "bytes"], &[vec!["mayfly".to_owned(), mayfly.to_string()], vec![name.clone(), pid1.to_string()]]);
    Ok(vec![
        Verdict::at_most("size of mayfly", mayfly, MAYFLY_LIMIT, megabytes),
        Verdict::at_most(&format!("size of {name}"), pid1, ENTRYPOINT_LIMIT, megabytes),
    ])
}
