//! `tini`: passes signals on, reaps, and leaves with the command.

mod options;
mod voice;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;

use nix::sys::prctl;
use nix::unistd::{Pid, getpid};

use crate::cli::print;
use crate::clock::Clock;
use crate::signal::{Sent, Signal, SignalSet};
use crate::supervise::{
    self, Adoption, Alarm, Clearing, Code, Isolation, Lease, Reach, Resume, Rewrites, Rules, Settings, Suspension,
};
use crate::supervisor::signals::FAULTS;

use self::options::{Asked, Options};
use self::voice::TiniVoice;

/// Does its job.
pub(super) fn run(program: &OsStr, arguments: &[OsString], clock: Clock) -> u8 {
    match options::parse(arguments, &|name| std::env::var_os(name)) {
        Ok(Asked::Guard(options)) => guard(*options, clock),
        Ok(Asked::Help) => print(&options::help(program)),
        Ok(Asked::Version) => print(options::VERSION),
        Err(fault) => refuse(program, &fault),
    }
}

fn guard(options: Options, clock: Clock) -> u8 {
    let voice = TiniVoice::new(&options);
    if let Some(signal) = options.parent_death {
        // SAFETY: two numbers. The kernel sends it to us, and we pass it on like any other.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal.number()) };
    }
    // Before the check: a subreaper stays one over `exec`, so that whoever started us may have made us one.
    let adopts = options.subreaper || prctl::get_child_subreaper() == Ok(true);
    if getpid() != Pid::from_raw(1) && !adopts {
        voice.warn_of_orphans();
    }
    supervise::guard(settings(options, voice), clock, Vec::new())
}

fn settings(options: Options, voice: TiniVoice) -> Settings {
    Settings {
        command: options.command,
        environment: None,
        isolation: Isolation::Group,
        reach: if options.group { Reach::Group } else { Reach::Child },
        resume: Resume::Nobody,
        parent_death: None,
        adoption: if options.subreaper { Adoption::Yes } else { Adoption::No },
        intake: SignalSet::ALL.minus(SignalSet::of(&FAULTS)),
        defaults: SignalSet::EMPTY,
        mask: None,
        rules: rules(),
        lease: Lease::default(),
        on_warn: None,
        voice: Box::new(voice),
    }
}

fn rules() -> Rules {
    let mut rewrites = Rewrites::NONE;
    // These come to a background job that reads or writes its terminal, and would stop us.
    [Signal::TTIN, Signal::TTOU].into_iter().for_each(|signal| rewrites.set(signal, Sent::Nothing));
    Rules {
        signal: Sent::Signal(Signal::TERM),
        kill_after: None,
        kill_after_limit: None,
        endings: SignalSet::EMPTY,
        alarm: Alarm::Signal,
        code: Code::Limit,
        clearing: Clearing::None,
        rewrites,
        suspension: Suspension::Forward,
    }
}

fn refuse(program: &OsStr, fault: &str) -> u8 {
    let fault = if fault.is_empty() { String::new() } else { format!("{}\n", voice::fatal(fault)) };
    // Where stderr is closed there is nobody to tell.
    let _ = write!(std::io::stderr(), "{fault}{}", options::help(program));
    1
}
