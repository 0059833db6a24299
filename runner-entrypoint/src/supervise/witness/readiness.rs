//! Whether the command's app is ready: its page answers with 2xx or 3xx.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use contract::duration;
use nix::poll::{PollTimeout, poll};
use ureq::http::Request;

use super::Witness;
use crate::clock::Moment;
use crate::errand::{Errand, OnTerm};
use crate::http::{Http, Proxies};
use crate::supervise::machine::Event;

/// One request. An app that starts up may take long for its first page.
const REQUEST: Duration = Duration::from_secs(10);
/// The last request may still begin in time and end a little later.
const SHORTEST_REQUEST: Duration = Duration::from_millis(200);
/// Between two requests.
const PAUSE_MILLIS: u16 = 500;

/// What an attempt brings home: ready, or the last that was heard.
type Found = Result<(), String>;

/// Looks until the app is ready or the time is up.
pub(super) struct Readiness {
    url: String,
    limit: Duration,
    until: Option<Moment>,
    errand: Option<Errand<Found>>,
}

impl Readiness {
    pub(super) fn new(url: String, limit: Duration) -> Self {
        Self { url, limit, until: None, errand: None }
    }

    fn set_off(&mut self, now: Moment) -> Option<Event> {
        let within = self.until?.since(now);
        let url = self.url.clone();
        match Errand::start(now, within, OnTerm::Die, || ask_until_ready(&url, within)) {
            Ok(errand) => {
                self.errand = Some(errand);
                None
            }
            Err(cause) => self.give_up(&format!("no process can be started: {cause}")),
        }
    }

    fn take(&mut self, found: Option<Found>, now: Moment) -> Option<Event> {
        match found {
            Some(Ok(())) => {
                self.until = None;
                Some(Event::Ready)
            }
            Some(Err(last)) => self.give_up(&last),
            // Something killed it; as long as there is time, another one goes.
            None if self.until.is_some_and(|until| now < until) => self.set_off(now),
            None => self.give_up("there was no answer"),
        }
    }

    fn give_up(&mut self, last: &str) -> Option<Event> {
        self.until = None;
        let limit = duration::format(self.limit);
        Some(Event::NeverReady(format!("{} was not ready within {limit}: {last}", self.url)))
    }
}

impl Witness for Readiness {
    fn begin(&mut self, now: Moment) {
        self.until = Some(now.plus(self.limit));
    }

    fn due(&self) -> Option<Moment> {
        self.errand.as_ref().map_or(self.until.map(|_| Moment::default()), |errand| Some(errand.kill_at))
    }

    fn watched(&self) -> Option<BorrowedFd<'_>> {
        self.errand.as_ref().map(|errand| errand.as_fd())
    }

    fn look(&mut self, now: Moment) -> Option<Event> {
        let Some(errand) = &mut self.errand else { return self.set_off(now) };
        let Some(found) = errand.listen() else {
            if now >= errand.kill_at {
                errand.kill();
            }
            return None;
        };
        self.errand = None;
        self.take(found, now)
    }
}

/// Runs in the child.
fn ask_until_ready(url: &str, within: Duration) -> Found {
    let until = Instant::now() + within;
    let http = Http::for_url(url, Proxies::None)?;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let last = match ask(&http, url, left.clamp(SHORTEST_REQUEST, REQUEST)) {
            Ok(()) => return Ok(()),
            Err(last) => last,
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(last);
        }
        // Up to the last moment, when it is asked once more. There is nothing to wait for.
        let pause = u16::try_from(left.as_millis()).unwrap_or(u16::MAX).clamp(1, PAUSE_MILLIS);
        let _ = poll(&mut [], PollTimeout::from(pause));
    }
}

fn ask(http: &Http, url: &str, within: Duration) -> Found {
    let request = Request::get(url).body(Vec::new()).map_err(|cause| cause.to_string())?;
    let reply = http.send(request, within).map_err(|cause| cause.to_string())?;
    if (200..400).contains(&reply.status) { Ok(()) } else { Err(format!("the last answer was {}", reply.status)) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Readiness;
    use crate::clock::Moment;
    use crate::supervise::machine::Event;

    fn readiness() -> Readiness {
        let mut readiness = Readiness::new("http://127.0.0.1:1/".to_owned(), Duration::from_secs(60));
        readiness.until = Some(Moment(Duration::from_secs(60)));
        readiness
    }

    #[test]
    fn answer_decides_once() {
        let mut ready = readiness();
        assert_eq!(ready.take(Some(Ok(())), Moment::default()), Some(Event::Ready));
        assert_eq!(ready.until, None);
        let late = readiness().take(Some(Err("the last answer was 503".to_owned())), Moment::default());
        let text = "http://127.0.0.1:1/ was not ready within 1m: the last answer was 503";
        assert_eq!(late, Some(Event::NeverReady(text.to_owned())));
    }

    #[test]
    fn look_that_was_killed_at_the_end_of_the_time_counts_as_no_answer() {
        let late = readiness().take(None, Moment(Duration::from_secs(61)));
        assert!(matches!(late, Some(Event::NeverReady(text)) if text.ends_with("there was no answer")));
    }
}
