//! The entrypoint: `runner-entrypoint` beside the seed's bash, each with a GitHub that answers at once and a Listener that
//! does nothing.

mod contender;
mod github;
mod life;

use std::io;
use std::time::Duration;

use sandbox::binaries::Binaries;

use self::contender::Contender;
use self::github::{GitHub, Scheme};
use self::life::{Times, busy_memory, idle_life};
use crate::figures::{Verdict, median, megabytes, millis};
use crate::memory::Memory;
use crate::recipe;
use crate::sizes::Entrypoint;
use crate::table::{print, say};

const MEMORY_LIMIT: u64 = 1_500_000;
const MEMORY_ROUNDS: usize = 5;

/// One entrypoint's lives.
#[derive(Debug, Default)]
struct Lives {
    times: Vec<Times>,
    /// While a job runs; nothing where the kernel does not show it.
    memory: Vec<Memory>,
}

/// What was measured with one GitHub.
struct Series {
    scheme: Scheme,
    own: Lives,
    seed: Option<Lives>,
}

/// Measures and prints.
///
/// # Errors
/// An entrypoint could not be run, or did not do its part.
pub(crate) fn run(binaries: &Binaries, pid1: &Entrypoint, rounds: usize) -> io::Result<Vec<Verdict>> {
    let own = Contender::own(pid1.path.clone(), binaries)?;
    let seed = recipe::has_programs(&["bash", "curl", "jq"]).then(|| Contender::seed(binaries)).transpose()?;
    let mut verdicts = Vec::new();
    for scheme in [Scheme::Http, Scheme::Https] {
        let series = measure(&own, seed.as_ref(), scheme, rounds)?;
        report(&series, pid1, rounds);
        verdicts.extend(judge(&series));
    }
    Ok(verdicts)
}

/// The first round only warms up. Turn by turn, so that a noisy moment of the machine hits both alike.
fn measure(own: &Contender, seed: Option<&Contender>, scheme: Scheme, rounds: usize) -> io::Result<Series> {
    let github = GitHub::start(scheme)?;
    let mut lives = [Lives::default(), Lives::default()];
    let contenders = || [Some(own), seed].into_iter().flatten();
    for round in 0..=rounds {
        for (contender, lives) in contenders().zip(&mut lives) {
            let times = idle_life(contender, &github)?;
            lives.times.extend((round > 0).then_some(times));
        }
    }
    for _ in 0..MEMORY_ROUNDS {
        for (contender, lives) in contenders().zip(&mut lives) {
            lives.memory.extend(busy_memory(contender, &github)?);
        }
    }
    let [own, other] = lives;
    Ok(Series { scheme, own, seed: seed.map(|_| other) })
}

fn report(series: &Series, pid1: &Entrypoint, rounds: usize) {
    say(&format!(
        "\nEntrypoint: GitHub over {} on loopback, a Listener that does nothing ({rounds} rounds; medians)",
        series.scheme.text()
    ));
    let name = if pid1.is_static { "runner-entrypoint" } else { "runner-entrypoint (dynamic)" };
    let rows = [Some((name, &series.own)), series.seed.as_ref().map(|lives| ("seed's bash + curl + jq", lives))];
    let rows: Vec<_> = rows.into_iter().flatten().map(|(name, lives)| row(name, lives)).collect();
    let header =
        ["", "start → Listener", "TERM → first call", "TERM → exit", "CPU, whole life", "private memory, job runs"];
    print(&header, &rows);
    say(
        "  TERM → first call: ours is the DELETE itself, the seed's the call for a removal token, before config.sh remove",
    );
}

fn row(name: &str, lives: &Lives) -> Vec<String> {
    let memory = worst(lives).map_or_else(
        || "needs root".to_owned(),
        |memory| format!("{} ({} kB dirty)", megabytes(memory.private), memory.dirty / 1000),
    );
    let middle = |value: fn(&Times) -> Duration| millis(middle(lives, value));
    vec![
        name.to_owned(),
        middle(|times| times.listener),
        middle(|times| times.first_call),
        middle(|times| times.exit),
        middle(|times| times.cpu),
        memory,
    ]
}

/// The largest: a limit must hold each time.
fn worst(lives: &Lives) -> Option<Memory> {
    lives.memory.iter().copied().max_by_key(|memory| memory.private)
}

fn middle(lives: &Lives, value: fn(&Times) -> Duration) -> Duration {
    median(lives.times.iter().map(value))
}

fn judge(series: &Series) -> Vec<Verdict> {
    let Series { scheme, own, seed } = series;
    let mut verdicts = Vec::new();
    if let Some(seed) = seed {
        let ratio = |what: &str, value: fn(&Times) -> Duration, at_least| {
            let what = format!("entrypoint, {}: {what}", scheme.text());
            Verdict::ratio(&what, middle(own, value), middle(seed, value), at_least)
        };
        verdicts.push(ratio("start → Listener", |times| times.listener, 5.0));
        verdicts.push(ratio("TERM → DELETE", |times| times.first_call, 8.0));
    }
    let what = format!("entrypoint, {}: private memory", scheme.text());
    verdicts.extend(worst(own).map(|memory| Verdict::at_most(&what, memory.private, MEMORY_LIMIT, megabytes)));
    verdicts
}
