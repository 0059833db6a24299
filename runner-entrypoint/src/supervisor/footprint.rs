//! What the long wait holds in memory.
//!
//! The kernel maps sixteen pages of the program file around each one that is touched. Most of a megabyte comes from the start
//! alone, and a supervisor that waits for hours has no use for it. The file's pages stay in the page cache, so that the few
//! that are needed again are back without a disk.

use std::ffi::{c_int, c_void};

/// Gives back the pages of the program file that nobody can have written to.
pub(crate) fn let_go_of_code() {
    // SAFETY: the callback has the signature that is asked for, and ignores its last argument.
    unsafe { libc::dl_iterate_phdr(Some(let_go_of_object), std::ptr::null_mut()) };
}

/// Called for the program itself first; a non-zero answer ends the round there.
extern "C" fn let_go_of_object(object: *mut libc::dl_phdr_info, _size: usize, _data: *mut c_void) -> c_int {
    // SAFETY: the C library gives a valid description, with so many program headers.
    let (object, headers) = unsafe {
        let object = &*object;
        (object, std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)))
    };
    for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0) {
        let begin = object.dlpi_addr + header.p_vaddr;
        let page = begin & !0xfff;
        let length = usize::try_from(begin + header.p_memsz - page).unwrap_or(0);
        // SAFETY: a mapping of the program file that cannot be written to is read from the file again when it is needed. Where
        // the kernel refuses, nothing is lost.
        unsafe { libc::madvise(page as *mut c_void, length, libc::MADV_DONTNEED) };
    }
    1
}
