//! The command line of `sandbox`.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::binaries::Binaries;
use crate::contract_check::Contract;
use crate::world::SandboxConfig;
use crate::{demo, serve};

/// Stand-ins for GitHub, AWS and a runner on this machine: no account, no network, nothing to pay.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything, write what to source, and run until Ctrl-C.
    Serve {
        #[command(flatten)]
        common: Common,
        /// Where to write the variables, as `export NAME='value'` lines.
        #[arg(long, value_name = "FILE")]
        env_file: PathBuf,
        /// Address that clients reach: IP or IP:PORT (AWS and its load balancer get the next two). Containers cannot reach
        /// the default.
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1", value_parser = parse_bind)]
        bind: (IpAddr, u16),
    },
    /// Play the whole story: runners are launched for jobs, a pull request's preview lives and dies, and nothing is left.
    Demo {
        #[command(flatten)]
        common: Common,
        /// How to tell it.
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// Check all GitHub traffic against this OpenAPI 3.0 description (JSON); a violation makes the exit code 1.
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    /// Folder of mayfly, runner-entrypoint and standin-listener; else they are built [env: MAYFLY_BIN_DIR]
    #[arg(long, value_name = "DIR")]
    bin_dir: Option<PathBuf>,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs: one JSON object at the end.
    Json,
}

fn parse_bind(text: &str) -> Result<(IpAddr, u16), String> {
    let ip_alone = text.parse::<IpAddr>().map(|ip| (ip, 0));
    let with_port = || text.parse::<SocketAddr>().map(|address| (address.ip(), address.port()));
    ip_alone.or_else(|_| with_port()).map_err(|_| "write an IP address or IP:PORT".to_owned())
}

/// The whole program.
pub fn main_impl() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(fault) => return complain(&format!("could not start: {fault}")),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve { common, env_file, bind } => serve::serve(config(common, bind)?, &env_file).await,
            Command::Demo { common, output } => {
                demo::demo(config(common, (Ipv4Addr::LOCALHOST.into(), 0))?, output).await
            }
        }
    });
    // Questions of runners that are still open must not hold the end up.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|fault| complain(&fault))
}

fn config(common: Common, (ip, port): (IpAddr, u16)) -> Result<SandboxConfig, String> {
    let contract = common.contract.as_deref().map(Contract::read).transpose()?;
    let binaries = Binaries::find(common.bin_dir).map_err(|fault| fault.to_string())?;
    Ok(SandboxConfig { ip, port, contract, ..SandboxConfig::new(binaries) })
}

fn complain(fault: &str) -> ExitCode {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "error: {fault}");
    ExitCode::FAILURE
}

/// Prints a line for people.
pub(crate) fn say(line: &str) {
    // A reader that went away (`| head`) is no failure of the sandbox's.
    let _ = writeln!(std::io::stdout(), "{line}");
}
