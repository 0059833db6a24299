//! PID 1: `runner-entrypoint` in its roles beside what images use today.

mod contender;
mod expiry;
mod idle;
mod signal;
mod spawn;

use std::io;
use std::time::Duration;

use sandbox::binaries::Binaries;

use self::idle::Idle;
use crate::figures::{Verdict, megabytes, micros, millis};
use crate::sizes::Entrypoint;
use crate::table::{print, say};

const MEMORY_LIMIT: u64 = 900_000;

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounds {
    spawns: usize,
    signals: usize,
    expiries: usize,
    idle: Duration,
}

impl Rounds {
    pub(crate) const ALL: Self = Self { spawns: 500, signals: 300, expiries: 30, idle: Duration::from_secs(10) };
    pub(crate) const FEW: Self = Self { spawns: 30, signals: 20, expiries: 5, idle: Duration::from_secs(1) };
}

/// What was measured of one program.
struct Figures {
    name: &'static str,
    /// Beyond what the command costs by itself.
    spawn: Duration,
    /// From SIGTERM to the child's own clock.
    signal: Duration,
    idle: Idle,
    /// How long after its limit it was gone; nothing for those without a clock.
    late: Option<Duration>,
}

/// Measures and prints.
///
/// # Errors
/// A program could not be run, or did not do its part.
pub(crate) fn run(binaries: &Binaries, own: &Entrypoint, rounds: Rounds) -> io::Result<Vec<Verdict>> {
    let contenders = contender::all(own)?;
    let spawns = spawn::costs(&contenders, rounds.spawns)?;
    let lates = expiry::lateness(&contenders, rounds.expiries)?;
    let mut all = Vec::new();
    for ((contender, spawn), late) in contenders.iter().zip(spawns).zip(lates) {
        let signal = signal::to_child(contender, binaries, rounds.signals)?;
        let idle = idle::watch(contender, rounds.idle)?;
        all.push(Figures { name: contender.name, spawn, signal, idle, late });
    }
    report(&all, rounds);
    Ok(judge(&all))
}

fn report(all: &[Figures], rounds: Rounds) {
    say(&format!(
        "\nPID 1 (medians of {} starts, {} signals, {} limits of {})",
        rounds.spawns,
        rounds.signals,
        rounds.expiries,
        millis(expiry::LIMIT),
    ));
    let wake_ups = format!("wake-ups in {} s", rounds.idle.as_secs());
    let header = ["", "spawn cost", "SIGTERM → child", "private memory", wake_ups.as_str(), "late at the limit"];
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    print(&header, &rows);
}

fn row(figures: &Figures) -> Vec<String> {
    let memory = figures.idle.memory.map_or_else(|| "needs root".to_owned(), |bytes| format!("{} kB", bytes / 1000));
    vec![
        figures.name.to_owned(),
        micros(figures.spawn),
        micros(figures.signal),
        memory,
        figures.idle.wake_ups.to_string(),
        figures.late.map_or_else(|| "-".to_owned(), micros),
    ]
}

fn judge(all: &[Figures]) -> Vec<Verdict> {
    let named = |name: &str| all.iter().find(|figures| figures.name == name);
    let Some(own) = named(contender::SUPERVISE) else { return Vec::new() };
    let mut verdicts = Vec::new();
    if let Some(tini) = named("tini") {
        verdicts.push(Verdict::ratio("PID 1: spawn cost beside tini's", own.spawn, tini.spawn, 2.0));
        verdicts.push(Verdict::ratio("PID 1: SIGTERM → child beside tini's", own.signal, tini.signal, 1.0));
    }
    if let Some(timeout) = named("timeout") {
        verdicts.push(Verdict::ratio("PID 1: spawn cost beside GNU timeout's", own.spawn, timeout.spawn, 3.0));
        let late = own.late.zip(timeout.late);
        verdicts.extend(late.map(|(own, other)| Verdict::ratio("PID 1: late beside GNU timeout", own, other, 2.0)));
    }
    let memory = own.idle.memory;
    verdicts.extend(memory.map(|bytes| Verdict::at_most("PID 1: private memory", bytes, MEMORY_LIMIT, megabytes)));
    verdicts.push(Verdict::at_most("PID 1: wake-ups", own.idle.wake_ups, 0, |count| count.to_string()));
    verdicts
}
