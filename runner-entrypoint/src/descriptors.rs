//! Descriptors that somebody left open for us, and that are not meant for the job.

use std::os::fd::RawFd;

/// The first one that is not stdin, stdout or stderr.
const FIRST: RawFd = 3;

/// Marks all inherited descriptors close-on-exec. Launch mode `local` hands its lock over with PID 1: a process of the job that
/// outlived a killed PID 1 would hold the lock for ever.
pub(crate) fn keep_from_children() {
    let (first, last) = (FIRST.cast_unsigned(), libc::c_uint::MAX);
    // SAFETY: three numbers; nothing is closed.
    let marked = unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC) };
    if marked != 0 {
        // Before Linux 5.11 the kernel knows no such call (Amazon Linux 2).
        mark_one_by_one();
    }
}

fn mark_one_by_one() {
    let Ok(folder) = std::fs::read_dir("/proc/self/fd") else { return };
    let open = folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    for number in open.filter(|number| *number >= FIRST) {
        // SAFETY: it sets a flag of a number, and fails where nothing is open.
        unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd as _;

    use super::mark_one_by_one;

    #[test]
    fn open_descriptor_is_marked_also_on_an_old_kernel() {
        let file = File::open("/dev/null").expect("opened");
        // SAFETY: it is open, and setting its flags is what is tested.
        let flags = || unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFD) };
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFD, 0) };
        assert_eq!(flags(), 0);
        mark_one_by_one();
        assert_eq!(flags(), libc::FD_CLOEXEC);
    }
}
