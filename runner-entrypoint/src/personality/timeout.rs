//! GNU `timeout`: options, exit codes and messages of coreutils 9, on a clock that neither a step of the wall clock nor a
//! suspended machine disturbs.

mod options;
mod voice;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;

use nix::unistd::{Pid, setpgid};

use crate::cli::print;
use crate::clock::Clock;
use crate::signal::{Sent, Signal, SignalSet};
use crate::supervise::{
    self, Adoption, Alarm, Clearing, Code, Isolation, Lease, Reach, Resume, Rewrites, Rules, Settings, Suspension,
};

use self::options::{Asked, Options};
use self::voice::TimeoutVoice;

/// What `timeout` gives for a failure of its own.
const OWN_FAILURE: u8 = 125;
/// The signals that end a process, as `timeout` sees it (coreutils `src/term-sig.h`); real-time ones come on top.
const TERMINATING: [i32; 22] = [
    libc::SIGALRM,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGHUP,
    libc::SIGTERM,
    libc::SIGPIPE,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGSEGV,
    libc::SIGXCPU,
    libc::SIGXFSZ,
    libc::SIGSYS,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGPOLL,
    libc::SIGPWR,
    libc::SIGSTKFLT,
];
/// The real-time signals that programs may use.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

/// Does its job.
pub(super) fn run(program: &OsStr, arguments: &[OsString], clock: Clock) -> u8 {
    match options::parse(arguments) {
        Ok(Asked::Guard(options)) => supervise::guard(settings(*options, program, clock), clock, Vec::new()),
        Ok(Asked::Help) => print(&options::help(program)),
        Ok(Asked::Version) => print(options::VERSION),
        Err(fault) => refuse(program, &fault),
    }
}

fn settings(options: Options, program: &OsStr, clock: Clock) -> Settings {
    if !options.foreground {
        // A group of our own, so that all of it can be signalled. A group leader already has one.
        let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    }
    let (terminating, must_be_taken) = taken(options.signal);
    let ends = Some(options.limit).filter(|limit| !limit.is_zero()).map(|limit| clock.now().plus(limit));
    let voice = TimeoutVoice::new(program, &options.command, options.verbose);
    Settings {
        environment: None,
        isolation: Isolation::None,
        reach: if options.foreground { Reach::Child } else { Reach::OwnGroup },
        resume: if options.foreground { Resume::Nobody } else { Resume::All },
        parent_death: signal_of(options.signal),
        adoption: Adoption::No,
        intake: terminating.with(Signal::TTIN).with(Signal::TTOU),
        defaults: must_be_taken,
        mask: None,
        rules: rules(&options, terminating),
        lease: Lease { ends, ..Lease::default() },
        on_warn: None,
        voice: Box::new(voice),
        command: options.command,
    }
}

fn rules(options: &Options, terminating: SignalSet) -> Rules {
    let mut rewrites = Rewrites::NONE;
    // Taken so that a background job of a terminal can write its messages, and for nothing else.
    [Signal::TTIN, Signal::TTOU].into_iter().for_each(|signal| rewrites.set(signal, Sent::Nothing));
    Rules {
        signal: options.signal,
        kill_after: options.kill_after,
        kill_after_limit: None,
        endings: terminating,
        alarm: Alarm::Limit,
        code: if options.preserve_status { Code::Command } else { Code::Limit },
        clearing: Clearing::None,
        rewrites,
        suspension: Suspension::Forward,
    }
}

/// The signals that are taken, and those among them that are taken although we were told to ignore them.
///
/// What was ignored stays so, for us and for the command: it may be a background job of a shell without job control. But
/// SIGALRM and the signal of `-s` are our own business.
fn taken(signal: Sent) -> (SignalSet, SignalSet) {
    let terminating = REAL_TIME.filter_map(Signal::new).fold(SignalSet::of(&TERMINATING), SignalSet::with);
    let own = signal_of(signal).into_iter().fold(SignalSet::EMPTY.with(Signal::ALRM), SignalSet::with);
    let ignored = terminating.iter().filter(|signal| signal.is_ignored()).fold(SignalSet::EMPTY, SignalSet::with);
    let taken = own.iter().fold(terminating.minus(ignored), SignalSet::with);
    (taken, own)
}

fn signal_of(sent: Sent) -> Option<Signal> {
    match sent {
        Sent::Nothing => None,
        Sent::Signal(signal) => Some(signal),
    }
}

fn refuse(program: &OsStr, fault: &str) -> u8 {
    let program = program.display();
    let fault = if fault.is_empty() { String::new() } else { format!("{program}: {fault}\n") };
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{fault}Try '{program} --help' for more information.");
    OWN_FAILURE
}
