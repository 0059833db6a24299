//! The program; everything is in the library.
//!
//! It takes C's place for `main` and not Rust's: that one would ignore SIGPIPE before anybody can see what a command is to
//! inherit, and look for the bounds of a stack that nobody asks for, which costs a supervisor a tenth of its start.

#![no_main]

use std::ffi::{c_char, c_int};

/// The C library calls it.
#[unsafe(no_mangle)]
pub extern "C" fn main(count: c_int, arguments: *const *const c_char) -> c_int {
    // SAFETY: the C library gives `count` pointers to NUL-terminated strings that live as long as the process.
    let arguments = unsafe { runner_entrypoint::arguments(count, arguments) };
    c_int::from(runner_entrypoint::main_impl(&arguments))
}
