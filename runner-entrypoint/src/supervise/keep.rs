//! The lease across restarts of the container: its end is kept by the wall clock, so that a restart grants no new time.
//!
//! It is kept where there is a launch (`MAYFLY_ID`) or a folder for it (`MAYFLY_STATE_DIR`); otherwise two commands on one
//! machine would share a lease.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use contract::env;
use contract::record::{LEASE_FILE, Lease as Kept};

use super::lease::Lease;
use super::options::Options;
use crate::clock::{Clock, Moment};
use crate::report::say;

/// Where the state folder is if nobody says where.
const STATE_DIR: &str = "/run/mayfly";

/// The lease that is asked for, or what an earlier start left of it.
pub(super) fn lease(options: &Options, clock: Clock) -> Lease {
    let (now, wall) = (clock.now(), SystemTime::now());
    let mut lease = granted(options, now, wall);
    let Some(folder) = folder() else { return lease };
    let Some(end) = lease.end() else { return lease };
    let id = std::env::var(env::ID).ok();
    if let Some(kept) = read(&folder).filter(|kept| kept.id == id) {
        let (end, latest) = left(&kept, options, now, wall);
        say(&format!("the lease goes on: {} are left of it", contract::duration::format(end.since(now))));
        lease.ends = Some(end);
        lease.latest = latest.or(lease.latest);
        return lease;
    }
    let (started_at_ms, expires_at_ms) = (millis(wall), millis(at(end, now, wall)));
    write(&folder, &Kept { id, started_at_ms, expires_at_ms, pid: std::process::id() });
    lease
}

/// Notes a new end.
pub(super) fn renew(end: Moment, now: Moment) {
    let Some(folder) = folder() else { return };
    let Some(kept) = read(&folder) else { return };
    write(&folder, &Kept { expires_at_ms: millis(at(end, now, SystemTime::now())), ..kept });
}

/// What the options grant, from now on.
fn granted(options: &Options, now: Moment, wall: SystemTime) -> Lease {
    let until = options.until.map(|until| moment_of(until, now, wall));
    let ttl = options.ttl.map(|ttl| now.plus(ttl));
    Lease {
        ends: until.into_iter().chain(ttl).min(),
        latest: options.max_ttl.map(|most| now.plus(most)),
        warn: options.warn,
        ..Lease::default()
    }
}

/// The end and the latest end of a lease that began earlier. One that is over ended at the very start.
fn left(kept: &Kept, options: &Options, now: Moment, wall: SystemTime) -> (Moment, Option<Moment>) {
    let since_1970 = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let began = since_1970(kept.started_at_ms);
    let latest = options.max_ttl.and_then(|most| began.checked_add(most)).map(|latest| moment_of(latest, now, wall));
    (moment_of(since_1970(kept.expires_at_ms), now, wall), latest)
}

fn moment_of(time: SystemTime, now: Moment, wall: SystemTime) -> Moment {
    match time.duration_since(wall) {
        Ok(left) if !left.is_zero() => now.plus(left),
        _ => Moment::default(),
    }
}

fn at(moment: Moment, now: Moment, wall: SystemTime) -> SystemTime {
    wall.checked_add(moment.since(now)).unwrap_or(wall)
}

fn millis(time: SystemTime) -> u64 {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    match set(env::STATE_DIR) {
        Some(folder) => Some(PathBuf::from(folder)),
        None => set(env::ID).map(|_| PathBuf::from(STATE_DIR)),
    }
}

fn read(folder: &Path) -> Option<Kept> {
    serde_json::from_slice(&fs::read(folder.join(LEASE_FILE)).ok()?).ok()
}

/// By rename: who reads it never sees half a lease.
fn write(folder: &Path, kept: &Kept) {
    let (path, new) = (folder.join(LEASE_FILE), folder.join("lease.json.new"));
    let content = serde_json::to_vec(kept).unwrap_or_default();
    let written =
        fs::create_dir_all(folder).and_then(|()| fs::write(&new, content)).and_then(|()| fs::rename(&new, &path));
    if let Err(cause) = written {
        say(&format!("a restart would begin a new lease: {} cannot be written: {cause}", path.display()));
    }
}
