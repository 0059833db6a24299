//! What a child does with signals.

use std::process::ExitCode;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};

/// Ends by a signal.
pub(crate) fn die_by(name: &str) -> Result<ExitCode, String> {
    raise(super::signal(name)?).map_err(|cause| cause.to_string())?;
    Err(format!("{name} did not end it"))
}

/// Stops itself; ends when it is continued.
pub(crate) fn stop() -> Result<ExitCode, String> {
    println!("ready");
    raise(Signal::SIGSTOP).map_err(|cause| cause.to_string())?;
    println!("continued");
    Ok(ExitCode::SUCCESS)
}

/// Takes every signal there is, one after the other, and says its number.
pub(crate) fn print_all() -> Result<ExitCode, String> {
    let all = SigSet::all();
    all.thread_block().map_err(|cause| cause.to_string())?;
    println!("ready");
    loop {
        let mut got = 0;
        // SAFETY: both are live; unlike nix's, the C function knows the signals of real time.
        let fault = unsafe { libc::sigwait(all.as_ref(), &raw mut got) };
        if fault == 0 {
            println!("got {got}");
        }
    }
}

/// Ends with a code on a signal.
pub(crate) fn obey(name: &str, code: u8) -> Result<ExitCode, String> {
    let awaited: SigSet = [super::signal(name)?].into_iter().collect();
    awaited.thread_block().map_err(|cause| cause.to_string())?;
    println!("ready");
    awaited.wait().map_err(|cause| cause.to_string())?;
    Ok(ExitCode::from(code))
}

/// Ignores signals, and waits for one that it does not ignore.
pub(crate) fn be_deaf(names: &[&str]) -> Result<ExitCode, String> {
    for name in names {
        ignore(super::signal(name)?)?;
    }
    println!("ready");
    loop {
        nix::unistd::pause();
    }
}

/// Sets a signal to be ignored, also by what this process becomes.
pub(crate) fn ignore(signal: Signal) -> Result<(), String> {
    let action = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed, so none can do what a handler must not.
    unsafe { sigaction(signal, &action) }.map(drop).map_err(|cause| format!("{signal}: {cause}"))
}
