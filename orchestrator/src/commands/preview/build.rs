//! `mayfly preview build`: has CodeBuild build and push the image of a pull request, and says its digest.

use std::time::Duration;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::super::Context;
use super::super::context::no_aws;
use crate::cli::preview::BuildArgs;
use crate::codebuild::{Build, BuildStatus, CodeBuild, NewBuild};
use crate::config::place::in_workflow;
use crate::config::{ConfigError, Faults, Kind, Settings, preview};
use crate::error::Error;
use crate::output::{answer_as, say};
use crate::phases::Phases;
use crate::preview::slot::{Sha, Slot};

/// BatchGetBuilds may be called often; nothing here is in a hurry.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// What the buildspec exports: the repository with the digest, and the digest alone.
const IMAGE_URI: &str = "IMAGE_URI";
const IMAGE_DIGEST: &str = "IMAGE_DIGEST";

/// What was built.
#[derive(Debug, Serialize)]
struct BuildReport {
    build: String,
    commit: String,
    image: Option<String>,
    digest: Option<String>,
    log: Option<String>,
}

/// Builds.
///
/// # Errors
/// Bad settings, a build that fails, or one that takes too long: it then goes on.
pub async fn run(args: &BuildArgs, context: &Context<'_>) -> Result<(), Error> {
    let settings = Settings::load(Kind::Preview, &args.place.flags(), context.vars, context.config_file.as_deref())?;
    let mut faults = Faults::default();
    let place = preview::place(&settings, context.vars, in_workflow(context.vars), &mut faults);
    let slot = preview::slot(args.pr.as_deref(), &place, context.vars, &mut faults);
    let sha = faults.take("--sha", args.sha.parse::<Sha>());
    let limit = faults.take("--timeout", contract::duration::parse(&args.timeout));
    let (slot, sha) = faults.into_result(slot.zip(sha))?;
    let variables = variables(args, &slot, &sha)?;
    let new = NewBuild {
        project: &args.codebuild,
        source_version: Some(sha.as_str()),
        variables: &variables,
        token: &token(args, &slot, &sha),
    };
    if args.dry_run {
        say(&format!("mayfly: dry run: project \"{}\" would build {sha} with {variables:?}", new.project));
        return Ok(());
    }
    let aws = context.cluster(place.aws.as_ref().ok_or_else(no_aws)?, &Phases::default()).await?.aws;
    let codebuild = CodeBuild::new(&aws);
    let started = codebuild.start_build(&new).await?;
    say(&format!("mayfly: build {} of {slot} at {}", started.id, sha.short()));
    let build = until_over(&codebuild, started, limit.unwrap_or_default()).await?;
    tell(&build, &sha, context)
}

fn variables(args: &BuildArgs, slot: &Slot, sha: &Sha) -> Result<Vec<(String, String)>, Error> {
    let mut variables = vec![
        ("IMAGE_TAG".to_owned(), format!("pr-{}-{}", slot.pr, sha.short())),
        ("PULL_REQUEST".to_owned(), slot.pr.to_string()),
        ("COMMIT".to_owned(), sha.to_string()),
    ];
    for pair in &args.env {
        let split = pair.split_once('=');
        let (name, value) =
            split.ok_or_else(|| ConfigError::one("--env", format!("\"{pair}\" has no value; write NAME=VALUE")))?;
        variables.push((name.to_owned(), value.to_owned()));
    }
    Ok(variables)
}

/// A retried step gets the build of the first time, for the five minutes that CodeBuild remembers it.
fn token(args: &BuildArgs, slot: &Slot, sha: &Sha) -> String {
    let text = format!("mayfly/build\n{}\n{slot}\n{sha}\n{}", args.codebuild, args.env.join("\n"));
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn until_over(codebuild: &CodeBuild, mut build: Build, limit: Duration) -> Result<Build, Error> {
    let begun = Instant::now();
    let mut phase = None;
    loop {
        if build.phase != phase {
            phase.clone_from(&build.phase);
            say(&format!("mayfly: {}: {}", build.id, phase.as_deref().unwrap_or("waiting").to_lowercase()));
        }
        if build.status.is_over() {
            return Ok(build);
        }
        if begun.elapsed() >= limit {
            let fix = "it goes on by itself; look at it: aws codebuild batch-get-builds".to_owned();
            return Err(Error::TimedOut { what: format!("build {} was not over", build.id), limit, fix });
        }
        tokio::time::sleep(LOOK_EVERY.min(limit.saturating_sub(begun.elapsed()))).await;
        build = codebuild.build(&build.id).await?;
    }
}

fn tell(build: &Build, sha: &Sha, context: &Context<'_>) -> Result<(), Error> {
    let log = build.log_url.clone();
    if build.status != BuildStatus::Succeeded {
        let why = build.failure().unwrap_or_else(|| format!("{:?}", build.status));
        let log = log.map(|log| format!("; its log: {log}")).unwrap_or_default();
        return Err(Error::Other(format!("build {} of {} failed in {why}{log}", build.id, sha.short())));
    }
    let variable = |name| build.variable(name).map(str::to_owned);
    let (image, digest) = (variable(IMAGE_URI), variable(IMAGE_DIGEST));
    if image.is_none() && digest.is_none() {
        context.warn("the buildspec exports neither IMAGE_URI nor IMAGE_DIGEST (env: exported-variables), so the image is not known here");
    }
    let report = BuildReport { build: build.id.clone(), commit: sha.to_string(), image, digest, log };
    let outputs = [
        ("image", report.image.clone().unwrap_or_default()),
        ("digest", report.digest.clone().unwrap_or_default()),
        ("build", report.build.clone()),
    ];
    context.workflow.outputs(&outputs).map_err(|cause| Error::Other(cause.to_string()))?;
    answer_as(context.output, &report, || report.text());
    Ok(())
}

impl BuildReport {
    fn text(&self) -> String {
        let Self { build, image, digest, .. } = self;
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not exported".to_owned());
        format!("image      {}\ndigest     {}\nbuild      {build}\n", shown(image), shown(digest))
    }
}
