//! Executes a command, by `clone` as `vfork` does it: the child borrows our memory until it is another program, so that
//! nothing is copied, and a failure needs no pipe to be told.

mod path;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;

use nix::errno::Errno;
use nix::unistd::Pid;

use super::settings::Isolation;
use crate::signal::{Signal, SignalSet};

use self::path::candidates;

/// The shell for programs that begin with neither a magic number nor `#!`, as `execvp` does it.
const SHELL: &CStr = c"/bin/sh";
/// Enough for system calls in a debug build. Only what is touched becomes memory.
const STACK: usize = 64 * 1024;
/// What a child gives that finds its parent gone. Nobody is there to see it.
const ABANDONED: c_int = 125;

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// A command to execute.
pub(crate) struct Command<'a> {
    /// The program and its arguments; never empty.
    pub(crate) arguments: &'a [CString],
    /// Its environment; ours, where there is none.
    pub(crate) environment: Option<&'a [CString]>,
    pub(crate) isolation: Isolation,
    /// What it is sent when we are killed.
    pub(crate) parent_death: Option<Signal>,
    /// Signals that get their default action.
    pub(crate) defaults: SignalSet,
    /// The mask of blocked signals.
    pub(crate) mask: SignalSet,
}

/// Executes it.
///
/// # Errors
/// Why it could not be executed. The process is then gone again, but still to be reaped.
pub(crate) fn start(command: &Command<'_>) -> nix::Result<Pid> {
    let program = command.arguments.first().ok_or(Errno::ENOENT)?;
    let candidates = candidates(program);
    let arguments = pointers(command.arguments);
    // The script's arguments: the shell, the script (set by the child), and what follows.
    let mut script = vec![SHELL.as_ptr(), std::ptr::null()];
    script.extend(&arguments[1..]);
    let environment = command.environment.map(pointers);
    // SAFETY: nobody changes the environment: there is one thread.
    let environment = environment.as_ref().map_or_else(|| unsafe { environ }, |pointers| pointers.as_ptr());
    let mut birth = Birth {
        candidates: &candidates,
        arguments: &arguments,
        script: &mut script,
        environment,
        isolation: command.isolation,
        parent: Pid::this(),
        parent_death: command.parent_death,
        defaults: command.defaults,
        mask: command.mask,
        failure: 0,
    };
    let pid = clone(&mut birth)?;
    // SAFETY: the child wrote it, if at all, before this process went on.
    match unsafe { (&raw const birth.failure).read_volatile() } {
        0 => Ok(pid),
        failure => Err(Errno::from_raw(failure)),
    }
}

/// All that the child needs, made beforehand: it must not allocate, because the memory is ours.
struct Birth<'a> {
    candidates: &'a [CString],
    arguments: &'a [*const c_char],
    script: &'a mut [*const c_char],
    environment: *const *const c_char,
    isolation: Isolation,
    parent: Pid,
    parent_death: Option<Signal>,
    defaults: SignalSet,
    mask: SignalSet,
    failure: c_int,
}

fn clone(birth: &mut Birth<'_>) -> nix::Result<Pid> {
    let mut stack = Vec::<MaybeUninit<u128>>::with_capacity(STACK / size_of::<u128>());
    // SAFETY: one past the end; stacks grow downwards from there, and `u128` is aligned as a stack must be.
    let top = unsafe { stack.as_mut_ptr().add(stack.capacity()) };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: by CLONE_VFORK this thread, the only one, stands still until the child has executed or ended, so that `birth`
    // and `stack` live for as long as the child uses them, and nobody else does.
    let pid = unsafe { libc::clone(be_born, top.cast(), flags, std::ptr::from_mut(birth).cast()) };
    Errno::result(pid).map(Pid::from_raw)
}

/// Runs in the child, in our memory: system calls only, no allocation, no lock, no panic.
extern "C" fn be_born(birth: *mut c_void) -> c_int {
    // SAFETY: `clone` was given a valid one, and the parent stands still.
    let birth = unsafe { &mut *birth.cast::<Birth<'_>>() };
    isolate(birth.isolation);
    if let Some(signal) = birth.parent_death {
        // SAFETY: two numbers.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal.number()) };
        // The parent may have been killed before the line above.
        // SAFETY: no arguments.
        if unsafe { libc::getppid() } != birth.parent.as_raw() {
            return ABANDONED;
        }
    }
    for signal in birth.defaults.iter() {
        // SAFETY: the default action is no handler. KILL and STOP refuse, and have it anyway.
        unsafe { libc::signal(signal.number(), libc::SIG_DFL) };
    }
    // A mask that was in force before can be so again.
    let _ = birth.mask.block();
    let failure = execute(birth);
    birth.failure = failure;
    127
}

fn isolate(isolation: Isolation) {
    // SAFETY: numbers only; where there is no terminal, or it is not ours to give, the calls fail and nothing is lost. SIGTTOU,
    // which a background group would get for taking the foreground, is still blocked here.
    unsafe {
        match isolation {
            Isolation::None => {}
            Isolation::Group => {
                libc::setpgid(0, 0);
                libc::tcsetpgrp(libc::STDIN_FILENO, libc::getpgrp());
            }
            Isolation::Session => {
                libc::setsid();
                libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0);
            }
        }
    }
}

/// Tries each place in turn, as `execvp` does, and comes back with why none would do.
fn execute(birth: &mut Birth<'_>) -> c_int {
    let mut failure = libc::ENOENT;
    for candidate in birth.candidates {
        let refused = execve(candidate.as_ptr(), birth.arguments, birth.environment);
        match refused {
            libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => {}
            // Another place may have one that may be executed.
            libc::EACCES => failure = refused,
            libc::ENOEXEC => {
                birth.script[1] = candidate.as_ptr();
                return execve(SHELL.as_ptr(), birth.script, birth.environment);
            }
            _ => return refused,
        }
    }
    failure
}

fn execve(program: *const c_char, arguments: &[*const c_char], environment: *const *const c_char) -> c_int {
    // SAFETY: all three are made of NUL-terminated strings; both lists end with a null.
    unsafe { libc::execve(program, arguments.as_ptr(), environment) };
    Errno::last_raw()
}

/// A list as the kernel takes it, with a null at its end.
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}
