//! Signals by number and name, real-time ones included, and what can be done with one.

mod set;

pub(crate) use self::set::SignalSet;

use std::fmt;

use nix::errno::Errno;

/// Names by number (`signal(7)`, the numbers of x86-64 and arm64). The gap is no signal: 0.
const NAMES: [&str; 32] = [
    "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH",
    "POLL", "PWR", "SYS",
];
/// Other names for the same.
const ALIASES: [(&str, i32); 4] = [("IOT", 6), ("CLD", 17), ("IO", 29), ("UNUSED", 31)];
/// What glibc, and with it every shell, calls RTMIN: the kernel's first two belong to the thread library.
const RTMIN: i32 = 34;
/// The last signal there is.
const RTMAX: i32 = 64;

/// A signal that can be sent: 1 to 64. `nix` knows 1 to 31 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Signal(i32);

impl Signal {
    pub(crate) const HUP: Self = Self(libc::SIGHUP);
    pub(crate) const INT: Self = Self(libc::SIGINT);
    pub(crate) const QUIT: Self = Self(libc::SIGQUIT);
    pub(crate) const KILL: Self = Self(libc::SIGKILL);
    pub(crate) const ALRM: Self = Self(libc::SIGALRM);
    pub(crate) const TERM: Self = Self(libc::SIGTERM);
    pub(crate) const CHLD: Self = Self(libc::SIGCHLD);
    pub(crate) const CONT: Self = Self(libc::SIGCONT);
    pub(crate) const STOP: Self = Self(libc::SIGSTOP);
    pub(crate) const TSTP: Self = Self(libc::SIGTSTP);
    pub(crate) const TTIN: Self = Self(libc::SIGTTIN);
    pub(crate) const TTOU: Self = Self(libc::SIGTTOU);

    /// The signal of that number, if there is one.
    pub(crate) const fn new(number: i32) -> Option<Self> {
        if number >= 1 && number <= RTMAX { Some(Self(number)) } else { None }
    }

    /// Its number.
    pub(crate) const fn number(self) -> i32 {
        self.0
    }

    /// Reads a name (`TERM`, `SIGTERM`, `sigterm`, `RTMIN+3`) or a number. 0, which asks only whether there is somebody, is
    /// [`Sent::Nothing`].
    pub(crate) fn parse(text: &str) -> Option<Sent> {
        if let Ok(number) = text.parse::<i32>() {
            return if number == 0 { Some(Sent::Nothing) } else { Self::new(number).map(Sent::Signal) };
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        if name == "EXIT" {
            return Some(Sent::Nothing);
        }
        by_name(name).or_else(|| real_time(name)).and_then(Self::new).map(Sent::Signal)
    }

    /// Whether this process ignores it, as it may have been told by who started it.
    pub(crate) fn is_ignored(self) -> bool {
        // SAFETY: the structure is made of numbers, for which zeros are a value.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: a null pointer asks without changing; the other is to a value that lives through the call.
        let asked = unsafe { libc::sigaction(self.0, std::ptr::null(), &raw mut action) };
        asked == 0 && action.sa_sigaction == libc::SIG_IGN
    }

    /// Sends it to a process (or, below zero, to a group).
    pub(crate) fn send_to(self, pid: i32) -> nix::Result<()> {
        Sent::Signal(self).send_to(pid)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RTMIN => f.write_str("RTMIN"),
            RTMAX => f.write_str("RTMAX"),
            number if number > RTMIN => write!(f, "RTMIN+{}", number - RTMIN),
            number => match usize::try_from(number).ok().and_then(|index| NAMES.get(index)) {
                Some(name) => f.write_str(name),
                None => write!(f, "{number}"),
            },
        }
    }
}

/// What `kill` can be asked to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Signal 0: nobody notices.
    Nothing,
    /// A real one.
    Signal(Signal),
}

impl Sent {
    /// The number that `kill` takes.
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Nothing => 0,
            Self::Signal(signal) => signal.0,
        }
    }

    /// Sends it to a process (or, below zero, to a group).
    pub(crate) fn send_to(self, pid: i32) -> nix::Result<()> {
        // SAFETY: `kill` takes two numbers and touches no memory of ours.
        Errno::result(unsafe { libc::kill(pid, self.number()) }).map(drop)
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("0"),
            Self::Signal(signal) => signal.fmt(f),
        }
    }
}

fn by_name(name: &str) -> Option<i32> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, number)| *number);
    alias.or_else(|| (1_i32..).zip(&NAMES[1..]).find(|(_, known)| **known == name).map(|(number, _)| number))
}

/// `RTMIN`, `RTMIN+n`, `RTMAX`, `RTMAX-n`.
fn real_time(name: &str) -> Option<i32> {
    let number = if let Some(rest) = name.strip_prefix("RTMIN") {
        RTMIN.checked_add(offset(rest, '+')?)?
    } else {
        RTMAX.checked_sub(offset(name.strip_prefix("RTMAX")?, '-')?)?
    };
    (RTMIN..=RTMAX).contains(&number).then_some(number)
}

fn offset(text: &str, sign: char) -> Option<i32> {
    if text.is_empty() { Some(0) } else { text.strip_prefix(sign)?.parse().ok().filter(|offset| *offset >= 0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Sent, Signal};

    #[test]
    fn signal_is_understood_by_name_in_any_case_and_by_number() {
        let cases = [("TERM", 15), ("SIGTERM", 15), ("sigCont", 18), ("9", 9), ("0", 0), ("EXIT", 0), ("IOT", 6)];
        let real_time = [("RTMIN", 34), ("SIGRTMIN+3", 37), ("RTMAX", 64), ("RTMAX-1", 63), ("64", 64)];
        for (text, number) in cases.into_iter().chain(real_time) {
            assert_eq!(Signal::parse(text).map(Sent::number), Some(number), "{text}");
        }
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        for text in ["", "invalid", "SIG", "65", "-1", "RTMIN+31", "RTMIN-1", "RTMAX+1", "TERM ", "SIGSIGTERM"] {
            assert_eq!(Signal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_signal_with_a_name_is_found_again_by_it() {
        for number in (1..=64).filter(|number| !(32..34).contains(number)) {
            let signal = Signal::new(number).expect("there are 64");
            assert_eq!(Signal::parse(&signal.to_string()), Some(Sent::Signal(signal)));
        }
        assert_eq!(Signal::new(0), None);
        assert_eq!(Signal::new(65), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_signal_that_there_is_or_none(text in "(SIG)?[A-Z]{0,6}[+-]?[0-9]{0,11}|\\PC*") {
            if let Some(sent) = Signal::parse(&text) {
                prop_assert!((0..=64).contains(&sent.number()), "{}", text);
            }
        }
    }
}
