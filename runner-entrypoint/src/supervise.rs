//! A command under guard. `runner-entrypoint supervise` puts a lease on its life; the personalities use the same guard.

mod child;
pub(crate) mod duration;
mod end;
mod guard;
pub(crate) mod handover;
mod keep;
mod lease;
mod machine;
mod options;
mod reach;
mod rfc3339;
mod settings;
mod terminal;
mod voice;
mod witness;

pub(crate) use self::lease::Lease;
pub(crate) use self::machine::{Alarm, Clearing, Code, Reason, Rewrites, Rules, State, Suspension, Verdict};
pub(crate) use self::settings::{Adoption, Isolation, Reach, Resume, Settings};
pub(crate) use self::voice::{Voice, Whose};

use std::ffi::OsString;

use nix::sys::prctl;

use crate::cli;
use crate::clock::Clock;
use crate::signal::{Sent, Signal, SignalSet};
use crate::supervisor;
use crate::supervisor::signals::Signals;

use self::end::AppVoice;
use self::guard::Guard;
use self::options::{Asked, Options};
use self::witness::Witness;

/// `runner-entrypoint supervise`, with the arguments behind it.
pub(crate) fn run(arguments: &[OsString], clock: Clock) -> u8 {
    match options::parse(arguments) {
        Ok(Asked::Guard(mut options)) => match handover::arrange(&mut options).and_then(|()| witness::all(&options)) {
            Ok(witnesses) => guard(settings(*options, clock), clock, witnesses),
            Err(fault) => cli::refuse(&format!("supervise: {fault}")),
        },
        Ok(Asked::Help) => cli::print(options::HELP),
        Err(fault) => cli::refuse(&format!("supervise: {fault}")),
    }
}

/// Guards a command to its end.
pub(crate) fn guard(settings: Settings, clock: Clock, witnesses: Vec<Box<dyn Witness>>) -> u8 {
    // Before anything runs: a signal that comes now is for the command.
    let signals = match Signals::block_only(settings.intake) {
        Ok(signals) => signals,
        Err(cause) => return cli::refuse(&format!("signals cannot be blocked: {cause}")),
    };
    if settings.adoption == Adoption::Yes
        && let Err(cause) = prctl::set_child_subreaper(true)
    {
        return cli::refuse(&format!("orphans cannot be adopted: {cause}"));
    }
    supervisor::guard(&mut Guard::new(settings, clock, witnesses), &signals, clock)
}

fn settings(options: Options, clock: Clock) -> Settings {
    let lease = keep::lease(&options, clock);
    let rules = rules(&options);
    let alone = options.foreground || options.single_child;
    Settings {
        isolation: if options.foreground { Isolation::None } else { Isolation::Session },
        reach: if alone { Reach::Child } else { Reach::Session },
        resume: if options.foreground { Resume::Nobody } else { Resume::Stopped },
        parent_death: match options.signal {
            Sent::Signal(signal) => Some(signal),
            Sent::Nothing => None,
        },
        adoption: Adoption::Yes,
        intake: SignalSet::ALL,
        defaults: SignalSet::EMPTY,
        mask: None,
        rules,
        lease,
        on_warn: options.on_warn,
        voice: Box::new(AppVoice::new(&options.command, options.verbose)),
        environment: None,
        command: options.command,
    }
}

fn rules(options: &Options) -> Rules {
    // Other signals, SIGHUP for example, mean what the command takes them for.
    let mut endings = SignalSet::EMPTY.with(Signal::TERM).with(Signal::INT).with(Signal::QUIT);
    if let Sent::Signal(signal) = options.signal {
        endings = endings.with(signal);
    }
    let kills = |after: std::time::Duration| Some(after).filter(|after| !after.is_zero());
    Rules {
        signal: options.signal,
        kill_after: options.kill_after.and_then(kills),
        // A limit that a program can ignore is none. `-k 0` says that it may.
        kill_after_limit: if options.kill_after.is_some() { None } else { kills(options.grace) },
        endings,
        alarm: Alarm::Signal,
        code: if options.preserve_status { Code::Command } else { Code::Limit },
        clearing: if options.foreground { Clearing::None } else { Clearing::All { grace: options.grace } },
        rewrites: if options.foreground { Rewrites::NONE } else { Rewrites::SESSION },
        suspension: if options.foreground { Suspension::Forward } else { Suspension::Stop },
    }
}
