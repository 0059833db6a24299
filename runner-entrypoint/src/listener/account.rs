//! The user that the job runs as.

use std::ffi::CString;
use std::path::PathBuf;

use nix::unistd::{Gid, Uid, User, geteuid, getgrouplist};

use crate::config::RunnerUser;

/// Another user, as the system knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    pub(crate) groups: Vec<Gid>,
    pub(crate) home: PathBuf,
}

/// Whom the Listener runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    identity: Option<Identity>,
    /// Why it is not another user than PID 1's.
    shared_because: Option<String>,
}

impl Account {
    /// PID 1's own user.
    #[cfg(test)]
    pub(crate) fn same() -> Self {
        Self::shared("of a test")
    }

    fn shared(reason: impl Into<String>) -> Self {
        Self { identity: None, shared_because: Some(reason.into()) }
    }

    /// Finds the user. Only root can run something as somebody else.
    ///
    /// # Errors
    /// A text, where a user that was asked for does not exist.
    pub(crate) fn find(wanted: &RunnerUser) -> Result<Self, String> {
        if !geteuid().is_root() {
            return Ok(Self::shared("PID 1 is not root"));
        }
        let name = match wanted {
            RunnerUser::Named(name) => name.as_str(),
            RunnerUser::Preferred(name) => name,
        };
        let user =
            User::from_name(name).map_err(|cause| format!("the user \"{name}\" cannot be looked up: {cause}"))?;
        match (user, wanted) {
            (Some(user), _) if user.uid.is_root() => Ok(Self::shared("the job's user is root")),
            (Some(user), _) => Ok(Self { identity: Some(identity(user)?), shared_because: None }),
            (None, RunnerUser::Preferred(_)) => Ok(Self::shared(format!("there is no user \"{name}\" in this image"))),
            (None, RunnerUser::Named(_)) => {
                Err(format!("{} is \"{name}\", but there is no such user in this image", contract::env::RUNNER_USER))
            }
        }
    }

    /// The other user, if it is another one.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Which protections are missing, if any.
    pub(crate) fn weakness(&self) -> Option<String> {
        self.shared_because.as_ref().map(|reason| {
            format!(
                "{reason}, so the job runs as the same user as PID 1: it can signal PID 1; the credential stays unreadable \
                 for it (PID 1 is not dumpable) unless the job has CAP_SYS_PTRACE"
            )
        })
    }
}

fn identity(user: User) -> Result<Identity, String> {
    let fault = |cause: &dyn std::fmt::Display| format!("the groups of \"{}\" cannot be looked up: {cause}", user.name);
    let name = CString::new(user.name.as_str()).map_err(|cause| fault(&cause))?;
    let groups = getgrouplist(&name, user.gid).map_err(|cause| fault(&cause))?;
    Ok(Identity { name: user.name, uid: user.uid, gid: user.gid, groups, home: user.dir })
}
