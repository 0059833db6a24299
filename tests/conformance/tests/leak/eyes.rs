//! Whose eyes look for secrets, and what they see.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use conformance::stage::binaries;

/// Who runs the job.
pub(crate) const JOB_USER: &str = "nobody";
/// The capabilities that Docker and ECS give by default. Without CAP_SYS_PTRACE; and without CAP_PERFMON and
/// CAP_SYS_ADMIN, each of which opens what can be read in `/proc` all the same on newer kernels (seen with 6.18).
const CONTAINER: &str = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,\
                         +net_raw,+sys_chroot,+mknod,+audit_write,+setfcap";

/// Whose eyes look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eyes {
    JobUser,
    ContainerRoot,
    /// Root with all capabilities. It is let in everywhere: where even it finds nothing, there is nothing.
    Root,
}

impl Eyes {
    /// Those from whom everything is hidden.
    pub(crate) const HIDDEN_FROM: [Self; 2] = [Self::JobUser, Self::ContainerRoot];

    /// What comes before a command that is to have them.
    pub(crate) fn command(self) -> Command {
        let mut command = Command::new("setpriv");
        match self {
            Self::JobUser => command.args(["--reuid", JOB_USER, "--regid", "nogroup", "--clear-groups"]),
            Self::ContainerRoot => command.args(["--bounding-set", CONTAINER, "--inh-caps", "-all"]),
            Self::Root => command.arg("--"),
        };
        command
    }

    /// What a probe says that has these eyes, about a process and all below it, and about all files in folders.
    pub(crate) fn probe(self, pid: u32, folders: &[&Path], secrets: &[String]) -> Seen {
        let mut command = self.command();
        command
            .arg(binaries().path("probe"))
            .arg(pid.to_string())
            .args(folders)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut probe = command.spawn().expect("setpriv is there (util-linux)");
        // By stdin: what stands in the probe's own command line would be found there.
        let mut stdin = probe.stdin.take().expect("stdin is a pipe");
        stdin.write_all(secrets.join("\n").as_bytes()).expect("the probe reads");
        drop(stdin);
        let output = probe.wait_with_output().expect("the probe ends");
        assert!(output.status.success(), "the probe failed: {:?}", output.status);
        Seen(String::from_utf8(output.stdout).expect("the probe prints text"))
    }
}

/// What a probe has said.
#[derive(Debug)]
pub(crate) struct Seen(String);

impl Seen {
    /// Where it found secrets, but for places that contain this.
    pub(crate) fn hits_but(&self, allowed: &str) -> Vec<&str> {
        let hits = self.0.lines().filter(|line| line.starts_with("hit "));
        hits.filter(|line| allowed.is_empty() || !line.contains(allowed)).collect()
    }

    /// Where it found secrets.
    pub(crate) fn hits(&self) -> Vec<&str> {
        self.hits_but("")
    }

    /// Whether it found a secret in a place, or was let into one.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.0.contains(text)
    }
}
