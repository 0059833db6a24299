//! The launch's table, and what is held against targets.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{ROUND_TRIP, Run, SEED_STEPS, Series};
use crate::figures::{Verdict, mebibytes, median, millis};
use crate::table::{print, say};

const HEADER: [&str; 8] = ["", "wall", "own time", "CPU", "peak", "requests", "connections", "round trips"];
const CONFIGURE: &str = "configure (stand-in: curl + aws sts assume-role)";
const PEAK_LIMIT: u64 = 16 << 20;

/// Medians of one program's runs.
#[derive(Clone, Copy, Debug, Default)]
struct Middle {
    wall: Duration,
    /// Without the servers' answers and the wire.
    own: Duration,
    cpu: Duration,
    peak: u64,
    requests: usize,
    connections: usize,
    travelled: Duration,
}

impl Middle {
    fn of(runs: &[Run]) -> Self {
        let middle = |value: fn(&Run) -> Duration| median(runs.iter().map(value));
        Self {
            wall: middle(|run| run.cost.wall()),
            own: middle(|run| run.cost.wall().saturating_sub(run.seen.theirs)),
            cpu: middle(|run| run.cost.cpu),
            // The worst one: the limit must hold each time.
            peak: runs.iter().map(|run| run.cost.peak).max().unwrap_or_default(),
            requests: median(runs.iter().map(|run| run.seen.requests.len())),
            connections: median(runs.iter().map(|run| run.seen.connections)),
            travelled: middle(|run| run.seen.travelled),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            own: self.own + other.own,
            cpu: self.cpu + other.cpu,
            peak: self.peak.max(other.peak),
            requests: self.requests + other.requests,
            connections: self.connections + other.connections,
            travelled: self.travelled + other.travelled,
        }
    }

    fn row(self, what: &str, round_trip: Duration) -> Vec<String> {
        let trips = if round_trip.is_zero() {
            "-".to_owned()
        } else {
            format!("{:.1}", self.travelled.as_secs_f64() / round_trip.as_secs_f64())
        };
        vec![
            what.to_owned(),
            millis(self.wall),
            millis(self.own),
            millis(self.cpu),
            mebibytes(self.peak),
            self.requests.to_string(),
            self.connections.to_string(),
            trips,
        ]
    }
}

/// The seed's recipe, whole and without the step that a stand-in takes the place of.
struct Seed {
    steps: [Middle; SEED_STEPS.len()],
}

impl Seed {
    fn whole(&self) -> Middle {
        self.steps.into_iter().fold(Middle::default(), Middle::and)
    }

    /// The stand-in starts a Python where the real action starts a Node, which is quicker: the real recipe lies between this
    /// and the whole.
    fn certain(&self) -> Middle {
        self.steps.into_iter().skip(1).fold(Middle::default(), Middle::and)
    }
}

/// Prints a series and says what became of its targets.
pub(crate) fn print_series(series: &Series) -> Vec<Verdict> {
    let own = Middle::of(&series.start);
    let seed = series.seed.as_ref().map(|steps| Seed { steps: steps.each_ref().map(|runs| Middle::of(runs)) });
    say(&title(series));
    print(&HEADER, &rows(series, own, seed.as_ref()));
    say(&format!("  requests of mayfly: {}", requests(&series.start)));
    let mut verdicts = vec![Verdict::at_most(&peak_of(series), own.peak, PEAK_LIMIT, mebibytes)];
    let Some(seed) = seed else { return verdicts };
    verdicts.extend(ratios(series, own, seed.certain(), seed.whole()));
    verdicts
}

fn title(series: &Series) -> String {
    let wire = if series.round_trip.is_zero() {
        "TLS on loopback".to_owned()
    } else {
        format!("every round trip {}, TCP and TLS set-up included", millis(ROUND_TRIP))
    };
    let counts = format!("{} rounds, {} of mayfly", series.rounds, series.start.len());
    format!("\nLaunch: OIDC, STS, RunTask; {wire} ({counts}; medians, peak: largest)")
}

fn rows(series: &Series, own: Middle, seed: Option<&Seed>) -> Vec<Vec<String>> {
    let round_trip = series.round_trip;
    let look = Middle::of(&series.start_and_look);
    let mut rows = vec![
        own.row("mayfly runner start --wait none", round_trip),
        look.row("the same, --wait running (describes as well)", round_trip),
    ];
    let Some(seed) = seed else { return rows };
    rows.push(seed.whole().row("seed's recipe", round_trip));
    for (step, middle) in SEED_STEPS.iter().zip(seed.steps) {
        let name = if *step == SEED_STEPS[0] { CONFIGURE } else { step };
        rows.push(middle.row(&format!("  of it: {name}"), round_trip));
    }
    rows.push(seed.certain().row("seed's recipe without its first step", round_trip));
    rows
}

fn peak_of(series: &Series) -> String {
    let wire = if series.round_trip.is_zero() { "loopback" } else { "20 ms" };
    format!("peak memory of mayfly, {wire}")
}

fn ratios(series: &Series, own: Middle, low: Middle, high: Middle) -> Vec<Verdict> {
    let wall = |what: &str, at_least| Verdict::ratio_between(what, own.wall, (low.wall, high.wall), at_least);
    if series.round_trip.is_zero() {
        let cpu = Verdict::ratio_between("CPU, loopback", own.cpu, (low.cpu, high.cpu), 80.0);
        return vec![wall("wall, loopback", 60.0), cpu];
    }
    vec![wall("wall, 20 ms", 12.0), wall("wall, 20 ms, the better target", 20.0)]
}

/// Which operations were called; more than one line of them would be a finding.
fn requests(runs: &[Run]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for run in runs {
        *counts.entry(run.seen.requests.join(", ")).or_default() += 1;
    }
    let written: Vec<String> = counts.iter().map(|(names, count)| format!("{names} ({count} runs)")).collect();
    written.join("; ")
}
