//! The runner's files: what `--jitconfig` would have made the Listener write, without the blob in any argument list.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, fchown};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::Secret;
use zeroize::Zeroizing;

use crate::listener::account::Account;

/// The registration; the Listener removes it when it is used up.
pub(crate) const RUNNER: &str = ".runner";
const CREDENTIALS: &str = ".credentials";
const KEY: &str = ".credentials_rsaparams";
/// What an earlier life in the same folder may have left (`actions/runner src/Runner.Common/ConfigurationStore.cs`). The
/// migrated ones are read first, so that a stale one would win over ours.
const STALE: [&str; 5] = [RUNNER, CREDENTIALS, KEY, ".runner_migrated", ".credentials_migrated"];

/// Files by their names.
type Files = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// Removes what an earlier registration has left.
pub(super) fn remove_stale(folder: &Path) -> io::Result<()> {
    for name in STALE {
        match fs::remove_file(folder.join(name)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
    }
    Ok(())
}

/// Decodes a JIT configuration: base64 of a JSON object whose values are the files, in base64 again
/// (`actions/runner src/Runner.Listener/Runner.cs`, where it reads `--jitconfig`).
pub(super) fn decode(blob: &Secret) -> Result<Files, String> {
    let fault = |part: &str| format!("the JIT configuration from GitHub cannot be read ({part})");
    let json = Zeroizing::new(STANDARD.decode(blob.expose()).map_err(|_| fault("not base64"))?);
    let encoded: BTreeMap<String, Secret> =
        serde_json::from_slice(&json).map_err(|_| fault("not an object of files"))?;
    let mut files = Files::new();
    for (name, content) in encoded {
        if !is_plain_name(&name) {
            return Err(fault("a file name that leaves the folder"));
        }
        let content = STANDARD.decode(content.expose()).map_err(|_| fault("a file that is not base64"))?;
        files.insert(name, Zeroizing::new(content));
    }
    if !files.contains_key(RUNNER) || !files.contains_key(CREDENTIALS) {
        return Err(fault("it lacks .runner or .credentials"));
    }
    Ok(files)
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}

/// Writes the files, for the job's user alone.
pub(super) fn write(folder: &Path, files: &Files, account: &Account) -> io::Result<()> {
    for (name, content) in files {
        let path = folder.join(name);
        // `create_new` refuses to follow a link that somebody has put there.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(content)?;
        if let Some(identity) = account.identity() {
            fchown(&file, Some(identity.uid.as_raw()), Some(identity.gid.as_raw()))?;
        }
    }
    Ok(())
}

/// The runner's number, from `.runner` as `configure` writes it.
pub(super) fn agent_id(folder: &Path) -> Option<u64> {
    let content = fs::read_to_string(folder.join(RUNNER)).ok()?;
    // .NET's writer begins files with a byte order mark.
    let settings: serde_json::Value = serde_json::from_str(content.trim_start_matches('\u{feff}')).ok()?;
    settings.get("agentId").or_else(|| settings.get("AgentId"))?.as_u64()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use contract::Secret;
    use proptest::prelude::*;
    use serde_json::json;

    use super::{agent_id, decode, remove_stale, write};
    use crate::listener::account::Account;

    fn blob(files: &serde_json::Value) -> Secret {
        Secret::new(STANDARD.encode(files.to_string()))
    }

    fn whole() -> Secret {
        let encoded = |text: &str| STANDARD.encode(text);
        blob(&json!({
            ".runner": encoded("{\"agentId\":42}"), ".credentials": encoded("{}"), ".credentials_rsaparams": encoded("k"),
        }))
    }

    #[test]
    fn files_of_a_jit_configuration_are_written_for_their_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = decode(&whole()).expect("a JIT configuration");
        write(folder.path(), &files, &Account::same()).expect("written");
        for name in [".runner", ".credentials", ".credentials_rsaparams"] {
            let mode = folder.path().join(name).metadata().expect("written").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(agent_id(folder.path()), Some(42));
    }

    #[test]
    fn stale_registration_is_removed_and_a_clean_folder_is_no_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(".runner_migrated"), "old").expect("written");
        remove_stale(folder.path()).expect("removed");
        remove_stale(folder.path()).expect("nothing to do");
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
    }

    #[test]
    fn damaged_jit_configurations_are_refused_without_being_quoted() {
        let encoded = STANDARD.encode("s3cret");
        let cases = [
            Secret::new("%%%s3cret"),
            Secret::new(STANDARD.encode("s3cret")),
            blob(&json!({ ".runner": encoded })),
            blob(&json!({ ".runner": "%%%s3cret", ".credentials": encoded })),
            blob(&json!({ "../.runner": encoded, ".runner": encoded, ".credentials": encoded })),
        ];
        for case in cases {
            assert!(decode(&case).is_err_and(|fault| !fault.contains("s3cret")));
        }
    }

    #[test]
    fn number_is_read_from_a_file_with_a_byte_order_mark() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(".runner"), "\u{feff}{\"agentId\": 7}").expect("written");
        assert_eq!(agent_id(folder.path()), Some(7));
    }

    proptest! {
        #[test]
        fn any_blob_is_decoded_or_refused(text in any::<String>(), json in any::<Vec<u8>>()) {
            let _ = decode(&Secret::new(text));
            let _ = decode(&Secret::new(STANDARD.encode(json)));
        }

        #[test]
        fn any_files_are_decoded_as_they_were_and_none_leaves_the_folder(
            contents in prop::collection::btree_map("[a-z./\0]{0,6}", any::<Vec<u8>>(), 0..4),
        ) {
            let whole = [(".runner", b"{}".to_vec()), (".credentials", b"{}".to_vec())];
            let mut all: std::collections::BTreeMap<String, Vec<u8>> = contents.clone();
            all.extend(whole.map(|(name, content)| (name.to_owned(), content)));
            let encoded: serde_json::Map<_, _> =
                all.iter().map(|(name, content)| (name.clone(), STANDARD.encode(content).into())).collect();
            let leaves = |name: &String| name.is_empty() || name.contains(['/', '\0']) || name == "." || name == "..";
            match decode(&blob(&encoded.into())) {
                Ok(files) => {
                    prop_assert!(!contents.keys().any(leaves));
                    let read: std::collections::BTreeMap<_, _> =
                        files.into_iter().map(|(name, content)| (name, content.to_vec())).collect();
                    prop_assert_eq!(read, all);
                }
                Err(_) => prop_assert!(contents.keys().any(leaves), "{:?}", contents),
            }
        }
    }
}
