//! What a machine in launch mode `local` does not protect from: said at each launch, so that nobody takes it for a container.

use nix::unistd::Uid;

/// One sentence for each protection that is missing.
pub fn missing_protections() -> Vec<&'static str> {
    let user = if Uid::effective().is_root() {
        "the job runs as root on this machine and can change anything on it"
    } else {
        "the job runs as you: it can read and change all your files, and signal your processes"
    };
    vec![
        user,
        "the credential that deregisters the runner is kept by a process of the same user; only the kernel's refusal to \
         trace it keeps the job away from it",
        "nothing limits the processor time, the memory and the disk that the job takes",
        "what the job leaves on this machine stays",
    ]
}
