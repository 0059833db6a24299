//! Takes secrets out of the environment block that the kernel shows in `/proc/PID/environ`.
//!
//! `unsetenv` only forgets the pointer; the bytes stay readable for the same uid, and for root with CAP_SYS_PTRACE even in
//! a process that is not dumpable. So the bytes themselves are overwritten, in place.

use std::ffi::{CStr, OsStr, c_char};
use std::io;
use std::os::unix::ffi::OsStrExt as _;

use zeroize::Zeroize as _;

unsafe extern "C" {
    static environ: *const *mut c_char;
}

/// Hands each named variable's value to `keep`, overwrites it with zeros where it lies, and forgets the variable.
///
/// Only for the start of the program, before there is a second thread and before any variable was set.
pub(crate) fn take_out(names: &[&str], mut keep: impl FnMut(&str, &[u8]) -> io::Result<()>) -> io::Result<()> {
    for entry in entries() {
        // SAFETY: each entry is a NUL-terminated string in the block that the kernel laid out for this process. There is one
        // thread, and nothing else holds a reference into the block, so that it may be written to.
        let text = unsafe { std::slice::from_raw_parts_mut(entry.cast::<u8>(), CStr::from_ptr(entry).count_bytes()) };
        let Some(name) = names.iter().copied().find(|name| is_entry_of(text, name)) else { continue };
        let value = &mut text[name.len() + 1..];
        let kept = if value.is_empty() { Ok(()) } else { keep(name, value) };
        value.zeroize();
        kept?;
    }
    for name in names {
        // SAFETY: there is one thread, so nobody reads the environment meanwhile.
        unsafe { std::env::remove_var(name) };
    }
    Ok(())
}

/// Moves variables out of the block and keeps them for this process and those that it forks.
///
/// Under the same condition.
pub(crate) fn move_out(names: &[&str]) -> io::Result<()> {
    let mut kept = Vec::new();
    take_out(names, |name, value| {
        kept.push((name.to_owned(), OsStr::from_bytes(value).to_owned()));
        Ok(())
    })?;
    for (name, value) in kept {
        // What is set later lies on the heap, and that is not shown in `/proc/PID/environ`.
        #[expect(clippy::disallowed_methods, reason = "there is one thread")]
        // SAFETY: there is one thread, so nobody reads the environment meanwhile.
        unsafe {
            std::env::set_var(name, value);
        }
    }
    Ok(())
}

fn is_entry_of(text: &[u8], name: &str) -> bool {
    text.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
}

fn entries() -> Vec<*mut c_char> {
    // SAFETY: `environ` is null or points to an array of pointers that ends with a null; nobody changes it meanwhile.
    unsafe {
        let mut next = environ;
        std::iter::from_fn(|| {
            let entry = if next.is_null() { std::ptr::null_mut() } else { *next };
            (!entry.is_null()).then(|| {
                next = next.add(1);
                entry
            })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::is_entry_of;

    #[test]
    fn entry_is_recognised_by_its_whole_name_only() {
        assert!(is_entry_of(b"TOKEN=x", "TOKEN"));
        assert!(is_entry_of(b"TOKEN=", "TOKEN"));
        assert!(!is_entry_of(b"TOKEN_2=x", "TOKEN"));
        assert!(!is_entry_of(b"TOKEN", "TOKEN"));
    }
}
