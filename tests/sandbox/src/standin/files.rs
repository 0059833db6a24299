//! The files of a registered runner in its folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

const SETTINGS: &str = ".runner";
const CREDENTIALS: &str = ".credentials";
const KEY: &str = ".credentials_rsaparams";

/// What the stand-in needs of its files.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) settings: Settings,
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

/// The part of `.runner` that matters.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    pub(super) agent_id: u64,
    pub(super) agent_name: String,
    pub(super) server_url: String,
    pub(super) work_folder: String,
    #[serde(default)]
    pub(super) ephemeral: bool,
}

/// Reads the files. `None`: this runner is not configured.
pub(super) fn read(root: &Path) -> io::Result<Option<Registration>> {
    if !root.join(SETTINGS).exists() {
        return Ok(None);
    }
    let settings = serde_json::from_value(json(root, SETTINGS)?)?;
    let (credentials, key) = (json(root, CREDENTIALS)?, json(root, KEY)?);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let registration =
        Registration { settings, client_id: text(&credentials["data"]["clientId"]), client_secret: text(&key["d"]) };
    Ok(Some(registration))
}

fn json(root: &Path, name: &str) -> io::Result<Value> {
    // The real one's files may begin with a byte order mark, which its own reader skips.
    let text = fs::read_to_string(root.join(name))?;
    Ok(serde_json::from_str(text.trim_start_matches('\u{feff}'))?)
}

/// Writes the files of a JIT configuration.
pub(super) fn unpack(root: &Path, jit: &str) -> io::Result<()> {
    let damaged = |_| io::Error::new(io::ErrorKind::InvalidData, "the JIT configuration is damaged");
    let packed: BTreeMap<String, String> = serde_json::from_slice(&STANDARD.decode(jit).map_err(damaged)?)?;
    for (name, content) in packed {
        write(root, &name, &STANDARD.decode(content).map_err(damaged)?)?;
    }
    Ok(())
}

pub(super) fn write(root: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let path = root.join(name);
    fs::write(&path, content)?;
    if name == KEY {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Removes the files: afterwards this runner is not configured.
pub(super) fn delete(root: &Path) {
    for name in [SETTINGS, CREDENTIALS, KEY] {
        let _ = fs::remove_file(root.join(name));
    }
}

/// Notes in `_diag` that a process of the runner was there, as its log file does in the real thing.
pub(super) fn begin_diagnostics(root: &Path, process: &str) {
    let folder = root.join("_diag");
    let name = format!("{process}_{}-utc.log", crate::clock::Clock::default().now().unix_timestamp());
    let _ = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(name), format!("{}\n", super::NOTICE)));
}
