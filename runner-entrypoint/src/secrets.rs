//! Where secrets are, and where they no longer are.

pub(crate) mod environment;
pub(crate) mod vault;

use std::io;

use contract::env;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use self::vault::Vault;

/// Makes this process unreadable for others and moves its secrets from the environment block into a vault.
///
/// It must be the first thing that happens: until then anybody with this uid reads the token in `/proc/PID/environ`.
pub(crate) fn lock_away() -> io::Result<Vault> {
    prctl::set_dumpable(false)?;
    // A process that is not dumpable writes no core file; the limit also holds for a `core_pattern` pipe on old kernels.
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    setrlimit(Resource::RLIMIT_CORE, 0, hard)?;
    let mut vault = Vault::new()?;
    environment::take_out(&env::SECRETS, |name, value| vault.put(name, value))?;
    Ok(vault)
}
