//! `sandbox demo`: a job is queued, a runner is launched for it, and nothing is left. Three times: Fargate, EC2, here. Then a
//! comment asks for a preview, which dies at its lease.

mod act;
mod preview;
mod record;
mod teller;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::aws::Status;
use crate::cli::Output;
use crate::serve::tell_violations;
use crate::world::{Sandbox, SandboxConfig};
use act::{Act, Mode};
use preview::PreviewAct;
use record::{ActRecord, DemoRecord, Left};
use teller::Teller;

/// The longest that anything in the story may take; it takes a second or two.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) async fn demo(config: SandboxConfig, output: Output) -> Result<ExitCode, String> {
    let teller = Teller::new(output);
    let began = Instant::now();
    let sandbox = Sandbox::start(config).await.map_err(|fault| format!("could not start the sandbox: {fault}"))?;
    teller.open(&sandbox);
    let played = play(&sandbox, teller).await;
    let preview = match &played {
        Ok(_) => PreviewAct::begin(&sandbox, teller)?.play().await,
        Err(_) => Err("it was not played".to_owned()),
    };
    let left = left(&sandbox);
    sandbox.stop().await;
    let record = DemoRecord {
        seconds: began.elapsed().as_secs_f64(),
        acts: played?,
        preview: preview.map_err(|fault| format!("preview: {fault}"))?,
        left,
        violations: sandbox.github.violations(),
    };
    teller.close(&record);
    if record.left != Left::default() {
        return Err("the story is over, but something is left".to_owned());
    }
    Ok(match output {
        Output::Text => tell_violations(&sandbox),
        Output::Json if record.violations.is_empty() => ExitCode::SUCCESS,
        Output::Json => ExitCode::FAILURE,
    })
}

async fn play(sandbox: &Sandbox, teller: Teller) -> Result<Vec<ActRecord>, String> {
    let mut acts = Vec::new();
    for mode in [Mode::Fargate, Mode::Ec2, Mode::Local] {
        let act = Act::begin(sandbox, teller, mode)?;
        acts.push(act.play().await.map_err(|fault| format!("launch mode {}: {fault}", mode.name()))?);
    }
    Ok(acts)
}

fn left(sandbox: &Sandbox) -> Left {
    let live = |tasks: Vec<crate::aws::Task>| tasks.iter().filter(|task| task.status != Status::Stopped).count();
    let of_previews = |arn: &&String| arn.contains("/mayfly-preview-");
    Left {
        runners: sandbox.github.runners().len(),
        tasks: live(sandbox.aws.tasks()),
        rules: sandbox.aws.rules().len(),
        target_groups: sandbox.aws.target_groups().len(),
        task_definitions: sandbox.aws.task_definitions().iter().filter(of_previews).count(),
    }
}
