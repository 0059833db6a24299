//! The orchestrator: starts machines for one purpose and makes sure that they end.
//!
//! Reading order: [`model`] (plain types), [`config`] (settings), [`launch`] (exactly one task), [`wait`] and [`plan`] (pure
//! decisions), [`preview`] (what a preview runs), [`ecs`], [`github`], [`aws`], [`http`] (the clients), [`commands`] (what people type).
//!
//! Invariants: only [`github`] names octocrab, only [`aws`] and [`ecs`] name the AWS SDK; `plan` and the `judge` functions
//! have no clients in them; nothing is stored (launch mode `local` keeps one folder for each machine).

pub mod model;
pub mod stamp;

pub mod chat;
pub mod launch;
pub mod plan;
pub mod preview;
pub mod wait;

pub mod expose;
pub mod reachable;
pub mod route;

pub mod cleanup;
pub mod handover;
pub mod inventory;
pub mod logs;
pub mod phases;
pub mod price;

pub mod acm;
pub mod alb;
pub mod aws;
pub mod codebuild;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod github;
pub mod http;
pub mod local;
pub mod oidc;

pub mod cancel;
pub mod cli;
pub mod commands;
pub mod config;
pub mod error;
pub mod output;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, RunnerCommand};
use crate::commands::Context;
use crate::error::{Error, exit};
use crate::output::{Workflow, say};

/// The `mayfly` command.
pub fn main_impl() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(fault) => return usage(&fault),
    };
    start_tracing(cli.verbose);
    let vars = |name: &str| std::env::var(name).ok();
    let workflow = Workflow::from_vars(&vars);
    match run(cli, &vars, workflow.clone()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            tell(&fault, &workflow);
            ExitCode::from(fault.exit_code())
        }
    }
}

/// clap's own texts are good; they go where they belong, with the code of the documented table.
fn usage(fault: &clap::Error) -> ExitCode {
    let _ = fault.print();
    if fault.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS }
}

/// One thread: a launch waits for answers, it computes nothing.
fn run(cli: Cli, vars: config::Vars<'_>, workflow: Workflow) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Error::Other(format!("cannot start the runtime: {cause}")))?;
    let http = http::Http::from_vars(vars)?;
    let context = Context { vars, http, output: cli.output, workflow, config_file: cli.config };
    let result = runtime.block_on(async {
        match &cli.command {
            Command::Runner(RunnerCommand::Start(args)) => commands::start::run(args, &context).await,
            Command::Runner(RunnerCommand::Stop(args)) => commands::stop::run(args, &context).await,
            Command::Runner(RunnerCommand::List(args)) => commands::list::run(args, &context).await,
            Command::Runner(RunnerCommand::Wait(args)) => commands::wait::run(args, &context).await,
            Command::Runner(RunnerCommand::Logs(args)) => commands::logs::run(args, &context).await,
            Command::Preview(command) => commands::preview::run(command, &context).await,
            Command::Comment(args) => commands::comment::run(args, &context).await,
            Command::Reap(args) => commands::reap::run(args, &context).await,
        }
    });
    let stats = context.http.stats();
    tracing::debug!(requests = stats.requests, connections = stats.connections, "HTTP done");
    // Connections that are still being made for a request that never came need not be waited for.
    runtime.shutdown_background();
    result
}

fn tell(fault: &Error, workflow: &Workflow) {
    let paragraph = fault.paragraph();
    say(&format!("error: {paragraph}"));
    let fix = fault.fix();
    if let Some(fix) = &fix {
        say(&format!("  fix: {fix}"));
    }
    workflow.error(&fix.map_or(paragraph.clone(), |fix| format!("{paragraph}\nfix: {fix}")));
}

/// Our own events only: the SDK's and hyper's at trace level can contain what they send.
fn start_tracing(verbose: u8) {
    let filter = match verbose {
        0 => "orchestrator=warn",
        1 => "orchestrator=debug",
        _ => "orchestrator=trace",
    };
    // A workflow's log and a file show escape sequences as they are.
    let colours = std::io::stderr().is_terminal();
    let format = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    format.with_writer(std::io::stderr).with_ansi(colours).init();
}
