//! The command line, and the order of the parts.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sandbox::binaries::Binaries;

use crate::figures::Verdict;
use crate::table::{complain, say};
use crate::{entrypoint, launch, measure, pid1, sizes, table};

/// Measures Mayfly beside what users would otherwise use, and prints medians and ratios of one run.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Cli {
    /// Few rounds: to see that it works, not to quote.
    #[arg(long, global = true)]
    quick: bool,
    /// Folder of mayfly, runner-entrypoint, standin-listener and fake-listener; else they are built [env: MAYFLY_BIN_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    bin_dir: Option<PathBuf>,
    /// The static runner-entrypoint; else that of target/<musl target>/release
    #[arg(long, global = true, value_name = "FILE")]
    entrypoint: Option<PathBuf>,
    /// Without one: all of them.
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
enum Part {
    /// `mayfly runner start` beside the seed's recipe of AWS CLI calls.
    Launch,
    /// `runner-entrypoint` beside the seed's bash entrypoint.
    Entrypoint,
    /// `runner-entrypoint supervise` and its other names beside tini, dumb-init, catatonit and GNU timeout.
    Pid1,
    /// Sizes of the binaries.
    Sizes,
    /// Runs one program and prints what it cost: each measurement is a process of its own, see `measure.rs`.
    #[command(hide = true)]
    Measure {
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

pub(crate) fn main_impl() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Part::Measure { command }) = &cli.part {
        return measure::measure_here(command);
    }
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            complain(&format!("error: {fault}"));
            ExitCode::FAILURE
        }
    }
}

/// Of the last minute. Numbers of a busy machine are worth less, so it stands beside them.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn run(cli: &Cli) -> io::Result<()> {
    if cfg!(debug_assertions) {
        say("This is a debug build: its numbers mean nothing. Use: cargo run --release -p bench");
    }
    let load_before = load();
    let binaries = Binaries::find(cli.bin_dir.clone())?;
    let own = sizes::find_entrypoint(cli.entrypoint.clone(), &binaries)?;
    let wants = |part: &Part| cli.part.as_ref().is_none_or(|wanted| wanted == part);
    let mut verdicts: Vec<Verdict> = Vec::new();
    if wants(&Part::Launch) {
        verdicts.extend(launch::run(&binaries, if cli.quick { 3 } else { 15 })?);
    }
    if wants(&Part::Entrypoint) {
        verdicts.extend(entrypoint::run(&binaries, &own, if cli.quick { 5 } else { 41 })?);
    }
    if wants(&Part::Pid1) {
        verdicts.extend(pid1::run(&binaries, &own, if cli.quick { pid1::Rounds::FEW } else { pid1::Rounds::ALL })?);
    }
    if wants(&Part::Sizes) {
        verdicts.extend(sizes::run(&binaries, &own)?);
    }
    table::print_verdicts(&verdicts);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    say(&format!("\n{cores} cores, load average {load_before} before and {} after", load()));
    Ok(())
}
