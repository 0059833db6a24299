//! `sandbox demo`: a job is queued, a runner is launched for it, and nothing is left. Three times: Fargate, EC2, here. Then a
//! pull request's preview comes up by a comment, and dies at its lease.

mod act;
mod preview;
mod record;
mod teller;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use contract::tags;

use crate::aws::Status;
use crate::cli::Output;
use crate::serve::tell_violations;
use crate::world::{Sandbox, SandboxConfig};
use act::{Act, Mode};
use preview::PreviewAct;
use record::{ActRecord, DemoRecord, Left, PreviewRecord};
use teller::Teller;

/// The longest that anything in the story may take; it takes a second or two.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) async fn demo(config: SandboxConfig, output: Output) -> Result<ExitCode, String> {
    let teller = Teller::new(output);
    let began = Instant::now();
    let sandbox = Sandbox::start(config).await.map_err(|fault| format!("could not start the sandbox: {fault}"))?;
    teller.open(&sandbox);
    let played = play(&sandbox, teller).await;
    let left = left(&sandbox);
    sandbox.stop().await;
    let (acts, preview) = played?;
    let record = DemoRecord {
        seconds: began.elapsed().as_secs_f64(),
        acts,
        preview,
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

async fn play(sandbox: &Sandbox, teller: Teller) -> Result<(Vec<ActRecord>, PreviewRecord), String> {
    let mut acts = Vec::new();
    for mode in [Mode::Fargate, Mode::Ec2, Mode::Local] {
        let act = Act::begin(sandbox, teller, mode)?;
        acts.push(act.play().await.map_err(|fault| format!("launch mode {}: {fault}", mode.name()))?);
    }
    let preview = PreviewAct::begin(sandbox, teller)?.play().await;
    Ok((acts, preview.map_err(|fault| format!("preview: {fault}"))?))
}

fn left(sandbox: &Sandbox) -> Left {
    let aws = &sandbox.aws;
    let live: Vec<_> = aws.tasks().into_iter().filter(|task| task.status != Status::Stopped).collect();
    let is_preview = |task: &&crate::aws::Task| task.tag(tags::KIND) == Some(tags::KIND_PREVIEW);
    let definitions = aws.task_definitions().into_iter().filter(|arn| arn.contains("/mayfly-preview-"));
    Left {
        runners: sandbox.github.runners().len(),
        tasks: live.len(),
        previews: live.iter().filter(is_preview).count(),
        rules: aws.rules().len(),
        target_groups: aws.target_groups().len(),
        definitions: definitions.count(),
    }
}
