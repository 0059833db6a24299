//! `mayfly runner start`.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::Context;
use super::context::Cluster;
use crate::cancel::Cancel;
use crate::cleanup;
use crate::cli::{Output, StartArgs};
use crate::config::aws::{AwsLogin, AwsPlace};
use crate::config::machine::{EcsMachine, Machine};
use crate::config::start::Handover;
use crate::config::{Kind, Settings, StartConfig, WaitFor};
use crate::ecs::RunTaskRequest;
use crate::error::Error;
use crate::github::GitHub;
use crate::launch::{Launched, Launcher};
use crate::model::{Launch, Origin, Place};
use crate::output::report::{LaunchReport, StartReport, expires_at};
use crate::output::{answer, answer_as, say};
use crate::phases::Phases;
use crate::price;
use crate::wait::{self, Wait, Witness};

/// GitHub kills a cancelled step ten seconds after its first signal; some of them are needed for the clean-up.
const FINISH_LAUNCH: Duration = Duration::from_secs(5);

/// Starts what was asked for.
///
/// # Errors
/// Bad settings, a refusal, or a wait that failed; then what was started is cleaned up.
pub async fn run(args: &StartArgs, context: &Context<'_>) -> Result<(), Error> {
    let settings = Settings::load(Kind::Runner, &args.flags(), context.vars, context.config_file.as_deref())?;
    let config = StartConfig::resolve(args, &settings, context.vars)?;
    for warning in warnings(&config) {
        context.warn(&warning);
    }
    match (&config.machine, &config.place.aws) {
        (Machine::Local { runner_dist }, _) => super::local_start::run(&config, runner_dist.as_deref(), context).await,
        (Machine::Ecs(machine), Some(place)) if config.dry_run => print_request(&config, machine, place, context).await,
        (Machine::Ecs(machine), Some(place)) => start_on_ecs(&config, machine, place, context).await,
        (Machine::Ecs(_), None) => Err(super::context::no_aws()),
    }
}

fn warnings(config: &StartConfig) -> Vec<String> {
    let mut warnings = Vec::new();
    for label in &config.runner.extra_labels {
        warnings.push(format!(
            "label \"{label}\": any queued job that asks for no more than [self-hosted, {label}] can take this machine, and yours then waits"
        ));
    }
    match config.identity.origin {
        Origin::RandomInRun => warnings.push(
            "MAYFLY_NAMESPACE is not set: the label is random, so a later \"Re-run failed jobs\" cannot be recognised"
                .to_owned(),
        ),
        Origin::Derived | Origin::Random => {}
    }
    if config.runner.multi_job && config.count > 1 {
        warnings.push(
            "--multi-job with --count: each machine serves several jobs, and each waits for max-idle to end".to_owned(),
        );
    }
    warnings
}

async fn start_on_ecs(
    config: &StartConfig,
    machine: &EcsMachine,
    place: &AwsPlace,
    context: &Context<'_>,
) -> Result<(), Error> {
    let mut cancel = Cancel::listen()?;
    let before = Phases::default();
    let github = context.github(&config.place.github)?;
    let Cluster { aws, ecs, place } = tokio::select! {
        cluster = context.cluster(place, &before) => cluster?,
        () = cancel.requested() => return Err(Error::Cancelled),
    };
    let launcher = Launcher { ecs, aws, github, place, launcher: Uuid::new_v4(), workflow: context.workflow.clone() };

    let (mut launched, fault, cancelled) = launch(&launcher, config, machine, &mut cancel).await;
    let result = match fault {
        Some(fault) => Err(fault),
        None if cancelled => Err(Error::Cancelled),
        None => follow(&launcher, config, machine, &before, &mut launched, context, &mut cancel).await,
    };
    let Err(fault) = result else { return Ok(()) };
    clean_up(config, &launcher, &launched).await;
    Err(fault)
}

/// A RunTask on its way is waited for even when a signal came: a task that nobody knows of could not be cleaned up.
async fn launch(
    launcher: &Launcher,
    config: &StartConfig,
    machine: &EcsMachine,
    cancel: &mut Cancel,
) -> (Vec<Launched>, Option<Error>, bool) {
    let work = launcher.launch_all(config, machine);
    tokio::pin!(work);
    tokio::select! {
        (launched, fault) = &mut work => (launched, fault, false),
        () = cancel.requested() => match tokio::time::timeout(FINISH_LAUNCH, work).await {
            Ok((launched, fault)) => (launched, fault, true),
            Err(_) => (Vec::new(), None, true),
        },
    }
}

async fn follow(
    launcher: &Launcher,
    config: &StartConfig,
    machine: &EcsMachine,
    before: &Phases,
    launched: &mut [Launched],
    context: &Context<'_>,
    cancel: &mut Cancel,
) -> Result<(), Error> {
    for one in launched.iter() {
        let found = if one.adopted { "found" } else { "started" };
        say(&format!("mayfly: {found} task {} for label {}", one.task.arn.task_id(), one.launch.id));
    }
    if config.handover == Handover::Token {
        context.warn("handover token: until it expires in an hour, whoever may call DescribeTasks on the cluster can read the token");
    }
    // The outputs are set before the wait: a stop job that runs always needs the label of a start that failed.
    write_outputs(&report(config, before, launched, launcher), context)?;
    tokio::select! {
        waited = wait_for(launcher, config, machine, launched, context) => waited?,
        () = cancel.requested() => return Err(Error::Cancelled),
    }
    let report = report(config, before, launched, launcher);
    let limits = &config.runner.limits;
    context.workflow.summary(&report.markdown(limits)).map_err(|cause| Error::Other(cause.to_string()))?;
    answer_as(context.output, &report, || report.text(limits));
    Ok(())
}

async fn wait_for(
    launcher: &Launcher,
    config: &StartConfig,
    machine: &EcsMachine,
    launched: &mut [Launched],
    context: &Context<'_>,
) -> Result<(), Error> {
    if config.wait == WaitFor::None {
        return Ok(());
    }
    let github: Option<&GitHub> = launcher.github.as_ref();
    let witness = match config.wait {
        WaitFor::Online => wait::witness(&launcher.ecs, github, launched, &machine.container).await,
        WaitFor::None | WaitFor::Running => Witness::Health,
    };
    if witness == Witness::Nobody {
        context.warn(&format!(
            "nobody can tell whether the runner is online: the task definition has no health check (`runner-entrypoint healthcheck`) and \
             there is no GitHub credential here; waiting for container \"{}\" to run only",
            machine.container
        ));
    }
    let wait = Wait { want: config.wait, limit: config.wait_timeout, witness, container: &machine.container };
    wait::until_reached(&launcher.ecs, github, launched, wait).await
}

fn report(config: &StartConfig, before: &Phases, launched: &[Launched], launcher: &Launcher) -> StartReport {
    let mode = config.mode();
    let label = launched.first().map_or(config.identity.id, |one| one.launch.id);
    let launches = launched.iter().map(|one| {
        let report = LaunchReport {
            id: one.launch.id,
            index: one.launch.index,
            task_arn: Some(one.task.arn.clone()),
            runner_name: one.runner_name.clone(),
            mode,
            adopted: one.adopted,
            phases: one.phases.list(),
            price_per_hour: None,
            price_note: None,
            expires_at: expires_at(one.launch.created, &config.runner.limits),
            folder: None,
        };
        report.priced(price::per_hour(&one.task, mode, &launcher.aws.region))
    });
    StartReport {
        label,
        runs_on: config.runner.labels(label),
        adopted: launched.iter().all(|one| one.adopted),
        phases: before.list(),
        launches: launches.collect(),
    }
}

/// Sets the step's outputs.
///
/// # Errors
/// The file cannot be written.
pub fn write_outputs(report: &StartReport, context: &Context<'_>) -> Result<(), Error> {
    let all = |each: fn(&LaunchReport) -> String| report.launches.iter().map(each).collect::<Vec<_>>().join(",");
    let outputs = [
        ("label", report.label.to_string()),
        ("runs-on", report.runs_on_json()),
        ("task-arn", all(|launch| launch.task_arn.as_ref().map(ToString::to_string).unwrap_or_default())),
        ("runner-name", all(|launch| launch.runner_name.clone())),
    ];
    context.workflow.outputs(&outputs).map_err(|cause| Error::Other(cause.to_string()))
}

async fn clean_up(config: &StartConfig, launcher: &Launcher, launched: &[Launched]) {
    let own: Vec<&Launched> = launched.iter().filter(|one| !one.adopted).collect();
    if config.keep {
        for one in own {
            say(&format!("mayfly: task {} is left running, as asked by --keep", one.task.arn.task_id()));
        }
        return;
    }
    for one in launched.iter().filter(|one| one.adopted) {
        say(&format!("mayfly: task {} is left running: another process had started it", one.task.arn.task_id()));
    }
    cleanup::end_all(&launcher.ecs, launcher.github.as_ref(), &own).await;
}

/// `--dry-run`: the request as it would be sent for the first machine. In a workflow the role tells the account, so nothing
/// at all is called.
async fn print_request(
    config: &StartConfig,
    machine: &EcsMachine,
    aws: &AwsPlace,
    context: &Context<'_>,
) -> Result<(), Error> {
    let place = match &aws.login {
        AwsLogin::GitHubOidc(login) => Place::cluster(login.account(), &aws.region, &aws.cluster),
        AwsLogin::Chain => context.cluster(aws, &Phases::default()).await?.place,
    };
    let identity = &config.identity;
    let launch = Launch {
        id: identity.id,
        index: 0,
        attempt: identity.attempt,
        generation: 0,
        place,
        created: SystemTime::now(),
        launcher: Uuid::new_v4(),
    };
    let request = RunTaskRequest::new(&aws.cluster, machine, &launch, &config.runner, identity.client_token(0, 0), &[]);
    if config.handover != Handover::Task {
        say("mayfly: the handover's variable is left out: nothing is minted in a dry run");
    }
    say(&format!(
        "mayfly: dry run, nothing was started; RunTask would be sent {} time(s), each with its own index",
        config.count
    ));
    let json = serde_json::to_string_pretty(&request).map_err(|cause| Error::Other(cause.to_string()))?;
    match context.output {
        Output::Text | Output::Json => answer(&json),
    }
    Ok(())
}
