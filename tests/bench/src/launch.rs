//! The launch: `mayfly runner start` beside the seed's recipe, against the same servers in the same run.

mod answers;
mod ledger;
mod report;
mod server;
mod wire;
mod workflow;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use sandbox::binaries::Binaries;

use self::ledger::{Ledger, Seen};
use self::workflow::Workflow;
use crate::figures::Verdict;
use crate::measure::{Cost, Job};
use crate::recipe;

/// Ours are a hundredth of the seed's: as many fit into a round without weighing on it.
const OWN_RUNS_PER_ROUND: usize = 4;
const ROUND_TRIP: Duration = Duration::from_millis(20);
/// The seed's steps, as `seed/launch.sh` calls them.
const SEED_STEPS: [&str; 5] = ["configure", "identity", "label", "run-task", "describe"];

/// Where the servers are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) oidc: SocketAddr,
    pub(crate) sts: SocketAddr,
    pub(crate) ecs: SocketAddr,
}

/// One run of one program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) cost: Cost,
    pub(crate) seen: Seen,
}

/// Everything measured at one length of the wire.
#[derive(Debug, Default)]
pub(crate) struct Series {
    pub(crate) round_trip: Duration,
    pub(crate) rounds: usize,
    /// `--wait none`: back as soon as ECS has taken the task.
    pub(crate) start: Vec<Run>,
    /// `--wait running`: with a look at the task, as the seed's last step has one.
    pub(crate) start_and_look: Vec<Run>,
    /// By step, in the order of [`SEED_STEPS`].
    pub(crate) seed: Option<[Vec<Run>; SEED_STEPS.len()]>,
}

/// Measures and prints.
///
/// # Errors
/// A program could not be run, or failed.
pub(crate) fn run(binaries: &Binaries, rounds: usize) -> io::Result<Vec<Verdict>> {
    let target = binaries.folder().parent().unwrap_or(Path::new("target"));
    let aws = if recipe::has_programs(&["bash", "curl", "jq", "python3"]) { recipe::aws_cli(target)? } else { None };
    let workflow = Workflow::start(binaries, aws)?;
    let ledger = Ledger::default();
    let direct = start_servers(&ledger)?;
    let distant = start_wires(direct, &ledger)?;
    let mut verdicts = Vec::new();
    for (places, round_trip) in [(direct, Duration::ZERO), (distant, ROUND_TRIP)] {
        let series = measure(&workflow, places, round_trip, rounds, &ledger)?;
        verdicts.extend(report::print_series(&series));
    }
    Ok(verdicts)
}

/// Each on an address of its own: a TLS client takes servers at one address for the same one when it resumes sessions.
fn loopback(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

fn start_servers(ledger: &Ledger) -> io::Result<Places> {
    Ok(Places {
        oidc: server::start(loopback(1), answers::oidc(), ledger.clone())?,
        sts: server::start(loopback(2), answers::sts(), ledger.clone())?,
        ecs: server::start(loopback(3), answers::ecs(), ledger.clone())?,
    })
}

fn start_wires(to: Places, ledger: &Ledger) -> io::Result<Places> {
    let wire = |to: SocketAddr| wire::start(to.ip(), to, ROUND_TRIP, ledger.clone());
    Ok(Places { oidc: wire(to.oidc)?, sts: wire(to.sts)?, ecs: wire(to.ecs)? })
}

/// Rounds of both, turn by turn, so that a noisy minute of the machine hits both alike.
fn measure(
    workflow: &Workflow,
    places: Places,
    round_trip: Duration,
    rounds: usize,
    ledger: &Ledger,
) -> io::Result<Series> {
    let start = workflow.mayfly(places, "none");
    let start_and_look = workflow.mayfly(places, "running");
    let seed = SEED_STEPS.map(|step| workflow.seed(places, step));
    // The first of each only warms up: files are read from the disk.
    run_one(&start, ledger)?;
    let mut series = Series { round_trip, rounds, ..Series::default() };
    let mut steps: [Vec<Run>; SEED_STEPS.len()] = Default::default();
    for round in 0..=rounds {
        for (job, runs) in seed.iter().zip(&mut steps) {
            let Some(job) = job else { continue };
            let run = run_one(job, ledger)?;
            if round > 0 {
                runs.push(run);
            }
        }
        for _ in 0..OWN_RUNS_PER_ROUND {
            series.start.push(run_one(&start, ledger)?);
            series.start_and_look.push(run_one(&start_and_look, ledger)?);
        }
    }
    series.seed = seed[0].is_some().then_some(steps);
    Ok(series)
}

fn run_one(job: &Job, ledger: &Ledger) -> io::Result<Run> {
    let cost = job.measure()?;
    let seen = ledger.take((cost.begun, cost.ended));
    Ok(Run { cost, seen })
}
