//! The program; everything is in the library.
//!
//! It takes C's place for `main` and not Rust's: that one would ignore SIGPIPE before anybody can see what a command is to
//! inherit, and look for the bounds of a stack that nobody asks for, which costs a supervisor a tenth of its start.

#![no_main]

use std::ffi::{c_char, c_int};

/// The C library calls it.
///
/// # Safety
/// There are `count` pointers to NUL-terminated strings, and they live as long as the process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(count: c_int, arguments: *const *const c_char) -> c_int {
    // SAFETY: that is what the C library promises to every `main`.
    let arguments = unsafe { runner_entrypoint::arguments(count, arguments) };
    c_int::from(runner_entrypoint::main_impl(&arguments))
}
