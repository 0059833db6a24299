//! `mayfly preview up --launch-mode local`: the app as a process of this machine, under the same supervisor.

use std::time::{Duration, SystemTime};

use super::super::Context;
use super::super::local::{here, place};
use super::local::{live, until_ended};
use super::local_story::Ear;
use super::order::Order;
use super::up::{Ask, filled, wish};
use crate::cancel::Cancel;
use crate::chat::Trust;
use crate::config::Faults;
use crate::error::Error;
use crate::launch::MAX_GENERATIONS;
use crate::local::{Life, LocalError, LocalPreview, LocalPreviewLaunch, PreviewOutcome, PreviewRecord, Token};
use crate::model::{LaunchMode, Place};
use crate::output::{answer, say};
use crate::phases::Phases;
use crate::preview::launch;
use crate::preview::slot::Sha;
use crate::preview::supervise::{Lease, RenewFrom, TaskRoleFor, Watch, WatchedEntrance, supervise_arguments};
use crate::preview::template::Entrance;
use crate::preview::up::{UpReport, Wish};
use crate::reachable::{Probe, until_reachable};
use crate::stamp;
use contract::env;

/// A supervisor gives the app its grace, and then ends it.
const END_LIMIT: Duration = Duration::from_secs(60);
/// A file of this machine is read at once.
const RENEW_EVERY: &str = "1s";

/// What is started.
struct Plan {
    wish: Wish,
    entrance: Entrance,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

/// Starts it, or finds it.
///
/// # Errors
/// Bad settings, or an app that does not get ready; then what was started is put away.
pub async fn run(order: &Order, ask: Ask, context: &Context<'_>, cancel: &mut Cancel) -> Result<UpReport, Error> {
    let phases = Phases::default();
    let plan = plan(order, &ask)?;
    let ear = Ear::of(&order.place, order.config.publish, context)?;
    let here = here(context).ok_or(LocalError::NoHome)?;
    let place = place(context.vars);
    let fingerprint = fingerprint(&plan);
    let id = launch::id(&place, &plan.wish.slot, plan.wish.sha.as_ref(), &fingerprint, &plan.wish.env);
    let created = SystemTime::now();
    let same = |preview: &LocalPreview| preview.record().id == id.to_string();
    let mut replaced = Vec::new();
    // Two cannot listen on one port: here the old one ends before the new one begins.
    for old in live(&plan.wish.slot, context)?.into_iter().filter(|preview| !same(preview)) {
        say(&format!("mayfly: the preview in {} gives way", old.folder().display()));
        old.stop()?;
        until_ended(&old, END_LIMIT).await?;
        replaced.push(old.record().id.clone());
    }
    let launched = phases.measure("start", async {
        for generation in 0..MAX_GENERATIONS {
            match here.launch_preview(&local_launch(&plan, &place, &id.to_string(), generation, created)?)? {
                PreviewOutcome::Started(preview) => return Ok((preview, false)),
                PreviewOutcome::Adopted(preview) => return Ok((preview, true)),
                PreviewOutcome::Ended => {}
            }
        }
        Err(Error::Other(format!("{MAX_GENERATIONS} previews like this one have ended; remove old ones: mayfly reap")))
    });
    let (preview, adopted) = launched.await?;
    let ready = async { phases.measure("answer", until_ready(&preview, &plan, context)).await };
    let done = tokio::select! {
        done = ready => done,
        () = cancel.requested() => Err(Error::Cancelled),
    };
    if let Err(fault) = done {
        if !adopted && !ask.keep {
            preview.stop()?;
        }
        return Err(fault);
    }
    ear.ready(&preview, phases.list()).await;
    Ok(UpReport {
        repo: plan.wish.slot.repo.clone(),
        pr: plan.wish.slot.pr.get(),
        id,
        url: preview.record().url.clone(),
        sha: preview.record().sha.clone(),
        image: None,
        mode: LaunchMode::Local,
        task_arn: None,
        folder: Some(preview.folder().display().to_string()),
        adopted,
        replaced,
        phases: phases.list(),
        price_per_hour: None,
        expires_at: preview.expires().map(stamp::rfc3339).unwrap_or_default(),
        latest: latest(&preview).map(stamp::rfc3339).unwrap_or_default(),
    })
}

/// What makes it another preview: the app and where it listens, and not its lease, as on ECS.
fn fingerprint(plan: &Plan) -> String {
    let words = plan.arguments.iter().skip_while(|word| *word != "--").cloned();
    let variables = plan.variables.iter().map(|(name, value)| format!("{name}={value}"));
    let entrance = format!("{}{}", plan.entrance.port, plan.entrance.health_path);
    words.chain(variables).chain([entrance]).collect::<Vec<_>>().join("\n")
}

/// Until when it can be extended: one that was found keeps the cap that it was started with.
fn latest(preview: &LocalPreview) -> Option<SystemTime> {
    let record = preview.record();
    stamp::parse(&record.created)?.checked_add(contract::duration::parse(&record.max_ttl).ok()?)
}

/// `--dry-run`.
///
/// # Errors
/// Bad settings.
pub fn foresee(order: &Order, ask: &Ask) -> Result<(), Error> {
    let plan = plan(order, ask)?;
    say("mayfly: dry run, nothing was started; runner-entrypoint would be started so");
    let words: Vec<&str> =
        ["runner-entrypoint", "supervise"].into_iter().chain(plan.arguments.iter().map(String::as_str)).collect();
    let both = serde_json::json!({ "command": words, "environment": plan.variables });
    answer(&serde_json::to_string_pretty(&both).map_err(|cause| Error::Other(cause.to_string()))?);
    Ok(())
}

fn plan(order: &Order, ask: &Ask) -> Result<Plan, Error> {
    let mut faults = Faults::default();
    let template = &order.template;
    for other in template.containers.iter().filter(|container| container.name != template.app) {
        let text = format!(
            "container \"{}\": launch mode local runs the app alone; start what it needs beside it, or use ECS",
            other.name
        );
        faults.add(&template.origin, text);
    }
    let words = template.app().words();
    if words.is_empty() {
        faults.add(
            "COMMAND",
            "is missing; say what runs the app: mayfly preview up --pr 42 -- COMMAND, or [preview] command",
        );
    }
    if template.entrance.is_none() {
        faults.add("--port", "is missing; say which port the app listens on");
    }
    if !template.app().secrets.is_empty() {
        faults.add(
            &template.origin,
            "has secrets, which launch mode local does not fetch; use ECS, or --env for a value that is none",
        );
    }
    let image = filled(&order.image.clone().unwrap_or_default(), &ask.slot, ask.sha.as_ref())?;
    let wish = wish(order, ask, ask.sha.clone(), Trust::Own, image, &mut faults);
    let entrance = template.entrance.clone().filter(|_| !words.is_empty());
    Ok(faults.into_result(entrance.map(|entrance| {
        let variables = template.app().environment.iter().map(|(name, value)| (name.clone(), value.clone()));
        let variables = variables.chain(wish.env.iter().cloned()).collect();
        Plan { arguments: arguments(&wish, &entrance, words), wish, entrance, variables }
    }))?)
}

fn arguments(wish: &Wish, entrance: &Entrance, words: Vec<String>) -> Vec<String> {
    let lease = Lease { ttl: wish.lease.ttl, max_ttl: wish.lease.max_ttl, warn: Some(wish.lease.warn) };
    let watched = WatchedEntrance {
        port: entrance.port,
        health_path: entrance.health_path.clone(),
        ready_timeout: Some(wish.lease.ready),
        idle: wish.lease.idle,
        idle_ignore: Vec::new(),
    };
    let watch = Watch { renew_from: RenewFrom::File, task_role: TaskRoleFor::App, entrance: Some(watched) };
    let mut arguments = supervise_arguments(&lease, &watch);
    arguments.push("--".to_owned());
    arguments.extend(words);
    arguments
}

fn local_launch(
    plan: &Plan,
    place: &Place,
    id: &str,
    generation: u32,
    created: SystemTime,
) -> Result<LocalPreviewLaunch, Error> {
    let wish = &plan.wish;
    let working_directory =
        std::env::current_dir().map_err(|cause| Error::Other(format!("no working directory: {cause}")))?;
    let mut variables = plan.variables.clone();
    variables.push((env::ID.to_owned(), id.to_owned()));
    variables.push((env::RENEW_INTERVAL.to_owned(), RENEW_EVERY.to_owned()));
    Ok(LocalPreviewLaunch {
        token: Token { place: place.to_string(), id: id.to_owned(), index: 0, attempt: 1, generation },
        record: PreviewRecord {
            id: id.to_owned(),
            repo: wish.slot.repo.clone(),
            pr: wish.slot.pr.get(),
            sha: wish.sha.as_ref().map(Sha::to_string),
            owner: wish.owner.clone(),
            image: wish.image.clone(),
            url: format!("http://127.0.0.1:{}", plan.entrance.port),
            created: stamp::rfc3339(created),
            ttl: contract::duration::format(wish.lease.ttl),
            max_ttl: contract::duration::format(wish.lease.max_ttl),
        },
        arguments: plan.arguments.clone(),
        env: variables,
        working_directory,
    })
}

/// Until it answers, or has ended.
async fn until_ready(preview: &LocalPreview, plan: &Plan, context: &Context<'_>) -> Result<(), Error> {
    let probe = Probe::of(&preview.record().url, Some(&plan.entrance.health_path));
    let limit = plan.wish.lease.ready;
    let reached = until_reachable(&context.http, &probe, limit);
    tokio::pin!(reached);
    loop {
        tokio::select! {
            done = &mut reached => return Ok(done?),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        if preview.life()? == Life::Ended {
            let why = preview.end().map_or_else(|| "it left no record".to_owned(), |end| end.message);
            let log = preview.log_path();
            return Err(Error::Other(format!(
                "the app ended before it was ready, {why}; its log is {}",
                log.display()
            )));
        }
    }
}
