//! The lease's renewal from outside: the task's own tag that says when it ends, read again and again.
//!
//! Every fault means "no change" and is told once for each kind: a lease does not end, and does not go on, because AWS was
//! out of reach.

use std::fs;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::env;
use contract::record::RENEW_FILE;

use super::Witness;
use super::tags::{self, Fault, Kind};
use crate::clock::Moment;
use crate::errand::{Errand, OnTerm};
use crate::report::say;
use crate::supervise::machine::Event;
use crate::supervise::options::RenewFrom;
use crate::supervise::rfc3339;

/// How long one look may take, with all that it asks.
const LOOK: Duration = Duration::from_secs(20);
/// The first look comes early: after a restart of the container the lease may have been renewed. The metadata endpoint needs a
/// moment of its own after the start.
const FIRST: Duration = Duration::from_secs(5);

/// What a look brings home: the tag's value, if there is one.
type Found = Result<Option<String>, Fault>;

/// Looks at the tag.
pub(super) struct Renewal {
    from: RenewFrom,
    interval: Duration,
    next: Option<Moment>,
    errand: Option<Errand<Found>>,
    /// The tag as it was when it last meant something.
    known: Option<String>,
    told: Vec<Kind>,
    /// Whether the last look had no result.
    died: bool,
}

impl Renewal {
    pub(super) fn new(from: RenewFrom, interval: Duration) -> Self {
        Self { from, interval, next: None, errand: None, known: None, told: Vec::new(), died: false }
    }

    fn set_off(&mut self, now: Moment) {
        self.next = Some(now.plus(with_jitter(self.interval)));
        let from = self.from;
        match Errand::start(now, LOOK, OnTerm::Die, || tags::end_by_tag(from, LOOK)) {
            Ok(errand) => self.errand = Some(errand),
            Err(cause) => self.tell(&Fault::new(Kind::Process, format!("no process can be started: {cause}"))),
        }
    }

    fn take(&mut self, found: Option<Found>, now: Moment) -> Option<Event> {
        let died_before = std::mem::replace(&mut self.died, found.is_none());
        match found {
            Some(Ok(text)) => self.judge(text?, now),
            Some(Err(fault)) => {
                self.tell(&fault);
                None
            }
            // One may be ended together with the command.
            None if !died_before => None,
            None => {
                self.tell(&Fault::new(Kind::Process, "the processes that look end without a result".to_owned()));
                None
            }
        }
    }

    /// The same tag says nothing new, also where the wall clock was moved meanwhile.
    fn judge(&mut self, text: String, now: Moment) -> Option<Event> {
        if self.known.as_ref() == Some(&text) {
            return None;
        }
        let Some(end) = rfc3339::parse(&text) else {
            let asked = match self.from {
                RenewFrom::File => RENEW_FILE,
                _ => contract::tags::EXPIRES_AT,
            };
            self.tell(&Fault::new(Kind::Tag, format!("{asked} says \"{text}\", which is no moment")));
            return None;
        };
        self.known = Some(text);
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        Some(Event::Renewed(now.plus(left)))
    }

    fn tell(&mut self, fault: &Fault) {
        if !self.told.contains(&fault.kind) {
            self.told.push(fault.kind);
            say(&format!("the lease stays as it is: {}", fault.message));
        }
    }
}

impl Witness for Renewal {
    fn begin(&mut self, now: Moment) {
        self.next = Some(now.plus(FIRST.min(self.interval)));
    }

    fn due(&self) -> Option<Moment> {
        self.errand.as_ref().map_or(self.next, |errand| Some(errand.kill_at))
    }

    fn watched(&self) -> Option<BorrowedFd<'_>> {
        self.errand.as_ref().map(|errand| errand.as_fd())
    }

    fn look(&mut self, now: Moment) -> Option<Event> {
        if let Some(errand) = &mut self.errand {
            let Some(found) = errand.listen() else {
                if now >= errand.kill_at {
                    errand.kill();
                }
                return None;
            };
            self.errand = None;
            return self.take(found, now);
        }
        if self.next.is_none_or(|next| now < next) {
            return None;
        }
        if self.from == RenewFrom::File {
            self.next = Some(now.plus(with_jitter(self.interval)));
            return self.take(Some(end_by_file()), now);
        }
        self.set_off(now);
        None
    }
}

/// A short file of this machine is read at once; no process is needed for it. One that is not there asks for nothing.
fn end_by_file() -> Found {
    let fault = |message| Fault::new(Kind::Tag, message);
    let folder = std::env::var_os(env::STATE_DIR).ok_or_else(|| fault(format!("{} is not set", env::STATE_DIR)))?;
    let path = PathBuf::from(folder).join(RENEW_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(fault(format!("{} cannot be read: {cause}", path.display()))),
    }
}

/// A fifth more or less: a hundred tasks that start together do not ask together for ever.
fn with_jitter(interval: Duration) -> Duration {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    interval.mul_f64(0.8 + f64::from(nanos % 1_000) / 2_500.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Renewal, with_jitter};
    use crate::clock::Moment;
    use crate::supervise::machine::Event;
    use crate::supervise::options::RenewFrom;
    use crate::supervise::witness::Witness as _;
    use crate::supervise::witness::tags::{Fault, Kind};

    const NOW: Moment = Moment(Duration::from_secs(100));

    fn renewal() -> Renewal {
        Renewal::new(RenewFrom::Metadata, Duration::from_secs(30))
    }

    fn tag(text: &str) -> Option<super::Found> {
        Some(Ok(Some(text.to_owned())))
    }

    #[test]
    fn changed_tag_is_an_end_and_the_same_tag_is_not_told_again() {
        let mut renewal = renewal();
        let Some(Event::Renewed(end)) = renewal.take(tag("2999-01-01T00:00:00Z"), NOW) else { panic!("no renewal") };
        assert!(end > NOW.plus(Duration::from_secs(86_400)));
        assert_eq!(renewal.take(tag("2999-01-01T00:00:00Z"), NOW), None);
        assert!(matches!(renewal.take(tag("2999-01-02T00:00:00Z"), NOW), Some(Event::Renewed(later)) if later > end));
        assert_eq!(renewal.take(tag("1999-01-01T00:00:00Z"), NOW), Some(Event::Renewed(NOW)));
    }

    #[test]
    fn faults_change_nothing_and_are_told_once_for_each_kind() {
        let mut renewal = renewal();
        let fault = |kind| Some(Err(Fault::new(kind, "no".to_owned())));
        for found in
            [None, None, fault(Kind::Metadata), fault(Kind::Metadata), tag("soon"), tag("later"), Some(Ok(None))]
        {
            assert_eq!(renewal.take(found, NOW), None);
        }
        assert_eq!(renewal.told, [Kind::Process, Kind::Metadata, Kind::Tag]);
    }

    #[test]
    fn first_look_comes_early_and_none_before_the_command_runs() {
        let mut renewal = renewal();
        assert_eq!(renewal.due(), None);
        renewal.begin(NOW);
        assert_eq!(renewal.due(), Some(NOW.plus(Duration::from_secs(5))));
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let interval = with_jitter(Duration::from_secs(30));
        assert!((Duration::from_secs(24)..=Duration::from_secs(36)).contains(&interval), "{interval:?}");
    }
}
