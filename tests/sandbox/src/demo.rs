//! `sandbox demo`: the story of a job and the runner that was started for it.

use std::process::ExitCode;

use crate::cli::Output;
use crate::world::SandboxConfig;

pub(crate) async fn demo(config: SandboxConfig, output: Output) -> Result<ExitCode, String> {
    let _ = (config, output);
    Err("not there yet".to_owned())
}
