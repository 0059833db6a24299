//! Where a program may lie.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStringExt;

/// Where programs are looked for if nobody says where.
const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/bin:/usr/bin";

/// The places to try, by PATH. A name with a slash is a place itself.
pub(super) fn candidates(program: &CStr) -> Vec<CString> {
    let path = std::env::var_os("PATH").map_or_else(|| DEFAULT_PATH.to_vec(), OsStringExt::into_vec);
    in_folders(program.to_bytes(), &path)
}

fn in_folders(program: &[u8], path: &[u8]) -> Vec<CString> {
    if program.is_empty() {
        return Vec::new();
    }
    if program.contains(&b'/') {
        return CString::new(program).into_iter().collect();
    }
    // An empty entry is the working folder.
    let folders =
        path.split(|byte| *byte == b':').map(|folder| if folder.is_empty() { b".".as_slice() } else { folder });
    folders.filter_map(|folder| CString::new([folder, b"/", program].concat()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::in_folders;

    #[test]
    fn program_is_looked_for_in_each_folder_and_one_with_a_slash_is_not() {
        assert_eq!(in_folders(b"x", b"/a::/b"), [c"/a/x".to_owned(), c"./x".to_owned(), c"/b/x".to_owned()]);
        assert_eq!(in_folders(b"./x", b"/a"), [c"./x".to_owned()]);
        assert!(in_folders(b"", b"/a").is_empty());
    }
}
