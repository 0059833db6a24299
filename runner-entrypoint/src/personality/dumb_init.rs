//! `dumb-init`: passes every signal on to the command's session, under another number if wanted, and leaves with the command.

mod options;
mod voice;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;

use crate::clock::Clock;
use crate::signal::{Sent, Signal, SignalSet};
use crate::supervise::{
    self, Adoption, Alarm, Clearing, Code, Isolation, Lease, Reach, Resume, Rules, Settings, Suspension,
};

use self::options::{Asked, Options};
use self::voice::DumbInitVoice;

/// The signals that it knows; the command gets all of them with their default actions.
const LAST: i32 = 31;

/// Does its job.
pub(super) fn run(program: &OsStr, arguments: &[OsString], clock: Clock) -> u8 {
    match options::parse(program, arguments, &|name| std::env::var_os(name)) {
        Ok(Asked::Guard(options)) => supervise::guard(settings(*options), clock, Vec::new()),
        Ok(Asked::Text(text)) => tell(&text, 0),
        Err(fault) => tell(&fault, 1),
    }
}

fn settings(options: Options) -> Settings {
    let voice = DumbInitVoice::new(&options);
    let rules = rules(&options);
    Settings {
        command: options.command,
        environment: None,
        isolation: if options.session { Isolation::Session } else { Isolation::None },
        reach: if options.session { Reach::Group } else { Reach::Child },
        resume: Resume::Nobody,
        parent_death: None,
        adoption: Adoption::No,
        intake: SignalSet::ALL,
        defaults: (1..=LAST).filter_map(Signal::new).fold(SignalSet::EMPTY, SignalSet::with),
        mask: Some(SignalSet::EMPTY),
        rules,
        lease: Lease::default(),
        on_warn: None,
        voice: Box::new(voice),
    }
}

fn rules(options: &Options) -> Rules {
    Rules {
        signal: Sent::Signal(Signal::TERM),
        kill_after: None,
        kill_after_limit: None,
        endings: SignalSet::EMPTY,
        alarm: Alarm::Signal,
        code: Code::Limit,
        clearing: Clearing::Group,
        rewrites: options.rewrites,
        suspension: Suspension::Stop,
    }
}

/// All that it has to say goes to stderr.
fn tell(text: &str, code: u8) -> u8 {
    // Where stderr is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
    code
}
