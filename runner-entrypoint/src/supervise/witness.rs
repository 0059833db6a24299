//! What looks at the world beside the command: the lease's renewal, its readiness, its traffic.

mod idle;
mod network;
mod readiness;
mod renewal;
mod sockets;
mod tags;

use std::os::fd::BorrowedFd;
use std::time::Duration;

use contract::{duration, env};
use nix::unistd::Pid;

use self::idle::Idle;
use self::network::Network;
use self::readiness::Readiness;
use self::renewal::Renewal;
use super::machine::Event;
use super::options::{Options, RenewFrom};
use crate::clock::Moment;
use crate::exit::Exit;

/// One such look. The guard asks it after each wait; it must never block.
pub(crate) trait Witness {
    /// The command runs from now on.
    fn begin(&mut self, now: Moment);
    /// When it wants to be asked next, if nothing can be read before.
    fn due(&self) -> Option<Moment>;
    /// What it waits to read.
    fn watched(&self) -> Option<BorrowedFd<'_>>;
    /// Looks, and says what it has seen.
    fn look(&mut self, now: Moment) -> Option<Event>;
    /// A process ended; a short-lived child of its own may be the one.
    fn hear_exit(&mut self, _pid: Pid, _exit: Exit) {}
}

/// How long an app may take to get ready where `--ready-timeout` says nothing.
const READY: Duration = Duration::from_secs(5 * 60);
/// Between two looks at the task's tags.
const RENEW: Duration = Duration::from_secs(30);
/// Zero would never let us sleep.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// All looks that the options ask for. Where there are none, nothing wakes us.
///
/// # Errors
/// A text that names the option which makes no sense.
pub(crate) fn all(options: &Options) -> Result<Vec<Box<dyn Witness>>, String> {
    let all = [readiness(options)?, idle(options)?, renewal(options)?];
    Ok(all.into_iter().flatten().collect())
}

fn readiness(options: &Options) -> Result<Option<Box<dyn Witness>>, String> {
    let Some(url) = &options.ready_url else {
        return match options.ready_timeout {
            Some(_) => Err("--ready-timeout needs --ready-url: the page that shows that the app is ready".to_owned()),
            None => Ok(None),
        };
    };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(format!("--ready-url is \"{url}\"; write for example http://127.0.0.1:8080/health"));
    }
    Ok(Some(Box::new(Readiness::new(url.clone(), options.ready_timeout.unwrap_or(READY)))))
}

fn idle(options: &Options) -> Result<Option<Box<dyn Witness>>, String> {
    let ignored: Vec<Network> = options
        .idle_ignore
        .iter()
        .map(|text| text.parse().map_err(|fault| format!("--idle-ignore: {fault}")))
        .collect::<Result<_, String>>()?;
    let Some(limit) = options.idle else { return Ok(None) };
    if options.ports.is_empty() {
        return Err("--idle needs --port: the port whose traffic counts".to_owned());
    }
    Ok(Some(Box::new(Idle::new(limit, options.ports.clone(), ignored))))
}

fn renewal(options: &Options) -> Result<Option<Box<dyn Witness>>, String> {
    if options.renew_from == RenewFrom::None {
        return Ok(None);
    }
    if options.ttl.is_none() && options.until.is_none() {
        return Err("--renew-from needs --ttl or --until: what has no end cannot be renewed".to_owned());
    }
    let interval = match std::env::var(env::RENEW_INTERVAL).ok().filter(|text| !text.is_empty()) {
        Some(text) => duration::parse(&text).map_err(|fault| format!("{}: {fault}", env::RENEW_INTERVAL))?,
        None => RENEW,
    };
    Ok(Some(Box::new(Renewal::new(options.renew_from, interval.max(SHORTEST_INTERVAL)))))
}
