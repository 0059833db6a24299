//! The one place where the credential stays until the last DELETE: anonymous memory outside of PID 1's heap.
//!
//! Only the short-lived children of `registrar` read it. They share it with PID 1, so that what one of them fetched (a
//! one-shot parameter, an installation token) is there for the next.

use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::fs::FileExt as _;

use contract::{Secret, env};
use nix::sys::memfd::{MFdFlags, memfd_create};
use zeroize::Zeroizing;

/// Longest credential that is taken from a descriptor: far above any App key, far below what would hurt.
const LONGEST_CREDENTIAL: usize = 64 * 1024;

/// Name for an installation token that was minted, with its expiry: `SECONDS TOKEN`.
pub(crate) const MINTED: &str = "minted";

/// Entries `NAME=VALUE\0`, one after the other, in a file that has no name and is gone with the last process.
pub(crate) struct Vault {
    memory: File,
    names: Vec<&'static str>,
}

impl Vault {
    pub(crate) fn new() -> io::Result<Self> {
        // The empty name says nothing in `/proc/PID/fd`; close-on-exec keeps it from the Listener.
        let memory = File::from(memfd_create(c"", MFdFlags::MFD_CLOEXEC)?);
        Ok(Self { memory, names: Vec::new() })
    }

    /// Keeps a value. A later value of the same name wins.
    pub(crate) fn put(&mut self, name: &'static str, value: &[u8]) -> io::Result<()> {
        let mut end = self.memory.metadata()?.len();
        for part in [name.as_bytes(), b"=", value, b"\0"] {
            self.memory.write_all_at(part, end)?;
            end += part.len() as u64;
        }
        self.names.push(name);
        Ok(())
    }

    /// Keeps what an inherited descriptor holds, to its end, and closes it.
    pub(crate) fn put_from_descriptor(&mut self, number: RawFd) -> io::Result<()> {
        // SAFETY: asking for the flags of any number is harmless; it fails where nothing is open.
        if unsafe { libc::fcntl(number, libc::F_GETFD) } == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it is open, and was handed to us by whoever started us, and nothing else here uses it.
        let mut source = File::from(unsafe { OwnedFd::from_raw_fd(number) });
        let mut buffer = Zeroizing::new(vec![0; LONGEST_CREDENTIAL]);
        let mut length = 0;
        loop {
            let more = io::Read::read(&mut source, &mut buffer[length..])?;
            length += more;
            if more == 0 || length == buffer.len() {
                break;
            }
        }
        self.put(env::CREDENTIAL_FD, &buffer[..length])
    }

    /// Whether this process put a value of that name in.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// The value of that name, whichever process put it in.
    pub(crate) fn get(&self, name: &str) -> Option<Secret> {
        let content = self.content().ok()?;
        let entry = content
            .split(|byte| *byte == 0)
            .rfind(|entry| entry.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'=')))?;
        std::str::from_utf8(&entry[name.len() + 1..]).ok().map(Secret::new)
    }

    /// Overwrites everything. Called after the last DELETE.
    pub(crate) fn wipe(&mut self) {
        let Ok(length) = self.memory.metadata().map(|data| data.len()) else { return };
        let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
        // Memory cannot refuse to be overwritten; if it could, the process ends now and the memory with it.
        let _ = self.memory.write_all_at(&zeros, 0);
        let _ = self.memory.set_len(0);
        self.names.clear();
    }

    fn content(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let length = usize::try_from(self.memory.metadata()?.len()).unwrap_or(0);
        let mut content = Zeroizing::new(vec![0; length]);
        self.memory.read_exact_at(&mut content, 0)?;
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::Vault;

    #[test]
    fn values_are_found_by_their_names_and_the_later_one_wins() {
        let mut vault = Vault::new().expect("memory");
        vault.put("A", b"one").expect("room");
        vault.put("AB", b"two").expect("room");
        vault.put("A", b"three").expect("room");
        let shown = |name| vault.get(name).map(|secret| secret.expose().to_owned());
        assert_eq!(shown("A"), Some("three".to_owned()));
        assert_eq!(shown("AB"), Some("two".to_owned()));
        assert_eq!(shown("B"), None);
    }

    #[test]
    fn wiped_vault_holds_nothing() {
        let mut vault = Vault::new().expect("memory");
        vault.put("A", b"one").expect("room");
        vault.wipe();
        assert!(!vault.holds("A"));
        assert_eq!(vault.get("A"), None);
    }
}
