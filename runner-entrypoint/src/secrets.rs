//! Where secrets are, and where they no longer are.

pub(crate) mod environment;
pub(crate) mod vault;

use std::io;

use contract::env;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use self::vault::Vault;
use crate::secret_source::SecretSource;

/// Makes this process unreadable for others and moves its secrets from the environment block into a vault.
///
/// It must be the first thing that happens: until then anybody with this uid reads the token in `/proc/PID/environ`.
pub(crate) fn lock_away() -> io::Result<Vault> {
    prctl::set_dumpable(false)?;
    // A process that is not dumpable writes no core file; the limit also holds for a `core_pattern` pipe on old kernels.
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    setrlimit(Resource::RLIMIT_CORE, 0, hard)?;
    let mut vault = Vault::new()?;
    // A variable of the user's own choice holds the credential just as well.
    let source = std::env::var(env::SECRET_FROM).ok().and_then(|text| SecretSource::parse(text.trim()).ok());
    let named = source.as_ref().and_then(SecretSource::variable);
    let names: Vec<&str> = env::SECRETS.into_iter().chain(named).collect();
    environment::take_out(&names, |name, value| {
        if named == Some(name) {
            vault.put(env::SECRET_FROM, value)?;
        }
        match env::SECRETS.into_iter().find(|secret| *secret == name) {
            Some(secret) => vault.put(secret, value),
            None => Ok(()),
        }
    })?;
    Ok(vault)
}
