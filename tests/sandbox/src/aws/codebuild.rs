//! CodeBuild: builds that go through their phases, push an image, or fail.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::config::{AwsConfig, ProjectConfig};
use super::shared::{Shared, State};
use super::wire::{Answer, Refusal, Request, seconds};

/// What is to become of a build that has not started yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildFate {
    /// It pushes an image: for a place in the queue.
    Succeeds,
    /// It fails in this phase (`BUILD`, ...), with this text.
    Fails(String, String),
    /// It stays QUEUED until it is stopped.
    NeverStarts,
}

/// A build.
#[derive(Clone, Debug)]
pub struct Build {
    /// `PROJECT:UUID`.
    pub id: String,
    /// `IN_PROGRESS`, `SUCCEEDED`, `FAILED` or `STOPPED`.
    pub status: &'static str,
    /// The phases so far, the present one last.
    pub phases: Vec<Phase>,
    /// What it exports at its end.
    pub exported: Vec<(String, String)>,
    project: ProjectConfig,
    input: Value,
    number: usize,
    ended: Option<OffsetDateTime>,
}

/// A phase of a build.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Its type, such as `BUILD`.
    pub name: &'static str,
    /// Why it failed.
    pub failure: Option<String>,
    began: OffsetDateTime,
}

/// All builds, oldest first.
#[derive(Default)]
pub(crate) struct Builds {
    pub(crate) all: Vec<Build>,
    pub(crate) fates: VecDeque<BuildFate>,
}

const PHASES: [&str; 11] = [
    "SUBMITTED",
    "QUEUED",
    "PROVISIONING",
    "DOWNLOAD_SOURCE",
    "INSTALL",
    "PRE_BUILD",
    "BUILD",
    "POST_BUILD",
    "UPLOAD_ARTIFACTS",
    "FINALIZING",
    "COMPLETED",
];

pub(crate) fn answer(shared: &Arc<Shared>, request: &Request) -> Result<Answer, Refusal> {
    let mut state = shared.state();
    let answer = match request.operation.as_str() {
        "StartBuild" => start(shared, &mut state, request)?,
        "BatchGetBuilds" => batch_get(&shared.config, &state.builds, &request.input()?)?,
        "StopBuild" => stop(&shared.config, &mut state.builds, &request.input()?)?,
        _ => return Err(request.unknown()),
    };
    drop(state);
    shared.announce();
    Ok(Answer::Json(answer))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    project_name: String,
    idempotency_token: Option<String>,
}

/// The same token with the same input is the earlier build; with another input it is refused.
fn start(shared: &Arc<Shared>, state: &mut State, request: &Request) -> Result<Value, Refusal> {
    let input: Start = request.input()?;
    let config = &shared.config;
    let project = config.projects.iter().find(|project| project.name == input.project_name);
    let missing = || {
        let arn = config.arn("codebuild", &format!("project/{}", input.project_name));
        Refusal::client("ResourceNotFoundException", format!("Project cannot be found: {arn}"))
    };
    let project = project.ok_or_else(missing)?;
    let builds = &mut state.builds;
    let earlier = input
        .idempotency_token
        .as_ref()
        .and_then(|token| builds.all.iter().find(|build| build.input["idempotencyToken"] == token.as_str()));
    if let Some(earlier) = earlier {
        if earlier.input == request.parameters {
            return Ok(json!({ "build": earlier.describe(config) }));
        }
        let text = "The idempotency token was already used with different parameters";
        return Err(Refusal::client("InvalidInputException", text));
    }
    let build = Build {
        id: format!("{}:{}", project.name, Uuid::new_v4()),
        status: "IN_PROGRESS",
        phases: vec![Phase { name: PHASES[0], failure: None, began: config.clock.now() }],
        exported: Vec::new(),
        project: project.clone(),
        input: request.parameters.clone(),
        number: builds.all.len() + 1,
        ended: None,
    };
    let fate = builds.fates.pop_front().unwrap_or(BuildFate::Succeeds);
    tokio::spawn(live(Arc::downgrade(shared), build.id.clone(), fate));
    let described = build.describe(config);
    builds.all.push(build);
    Ok(json!({ "build": described }))
}

/// Takes a build through its phases.
async fn live(shared: std::sync::Weak<Shared>, id: String, fate: BuildFate) {
    for phase in &PHASES[1..] {
        let Some(step) = shared.upgrade().map(|shared| shared.pace().step) else { return };
        tokio::time::sleep(step).await;
        let Some(shared) = shared.upgrade() else { return };
        let goes_on = advance(&shared, &id, phase, &fate);
        shared.announce();
        if !goes_on || (*phase == "QUEUED" && fate == BuildFate::NeverStarts) {
            return;
        }
    }
}

/// Enters a phase. Answers whether the build goes on.
fn advance(shared: &Shared, id: &str, phase: &'static str, fate: &BuildFate) -> bool {
    let now = shared.config.clock.now();
    let mut state = shared.state();
    let State { builds, registry, .. } = &mut *state;
    let build = builds.all.iter_mut().find(|build| build.id == id && build.status == "IN_PROGRESS");
    let Some(build) = build else { return false };
    let failure = match fate {
        BuildFate::Fails(name, text) if name == phase => Some(text.clone()),
        _ => None,
    };
    let failed = failure.is_some();
    build.phases.push(Phase { name: phase, failure, began: now });
    if failed {
        build.end("FAILED", now);
    } else if phase == "COMPLETED" {
        let tag = build.variable("IMAGE_TAG").unwrap_or_else(|| "latest".to_owned());
        let digest = registry.push(&build.project.repository, &[tag], &build.project.runs, now);
        let (account, region) = (&shared.config.account, &shared.config.region);
        let uri = format!("{account}.dkr.ecr.{region}.amazonaws.com/{}@{digest}", build.project.repository);
        build.exported = vec![("IMAGE_DIGEST".to_owned(), digest), ("IMAGE_URI".to_owned(), uri)];
        build.status = "SUCCEEDED";
        build.ended = Some(now);
    }
    !failed
}

impl Build {
    fn end(&mut self, status: &'static str, now: OffsetDateTime) {
        self.status = status;
        self.ended = Some(now);
        self.phases.push(Phase { name: "COMPLETED", failure: None, began: now });
    }

    /// A variable of the environment that StartBuild was given.
    fn variable(&self, name: &str) -> Option<String> {
        let given = self.input["environmentVariablesOverride"].as_array()?;
        let variable = given.iter().find(|variable| variable["name"] == name)?;
        variable["value"].as_str().map(str::to_owned)
    }

    fn describe(&self, config: &AwsConfig) -> Value {
        let now = self.ended.unwrap_or_else(|| config.clock.now());
        let phases =
            self.phases.iter().enumerate().map(|(place, phase)| {
                phase.describe(self.phases.get(place + 1).map(|next| next.began), self.status, now)
            });
        let exported = self.exported.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        let group = format!("/aws/codebuild/{}", self.project.name);
        let mut described = json!({
            "id": self.id,
            "arn": config.arn("codebuild", &format!("build/{}", self.id)),
            "buildNumber": self.number,
            "projectName": self.project.name,
            "startTime": seconds(self.phases[0].began),
            "currentPhase": self.phases.last().map(|phase| phase.name),
            "buildStatus": self.status,
            "buildComplete": self.ended.is_some(),
            "phases": phases.collect::<Value>(),
            "exportedEnvironmentVariables": exported.collect::<Value>(),
            "logs": { "groupName": group, "streamName": self.id.rsplit(':').next() },
        });
        if let Some(ended) = self.ended {
            described["endTime"] = json!(seconds(ended));
        }
        if let Some(version) = self.input.get("sourceVersion") {
            described["sourceVersion"] = version.clone();
        }
        described
    }
}

impl Phase {
    /// A phase that another follows is over; COMPLETED has no status.
    fn describe(&self, next: Option<OffsetDateTime>, build: &str, now: OffsetDateTime) -> Value {
        let mut described = json!({ "phaseType": self.name, "startTime": seconds(self.began) });
        if self.name == "COMPLETED" {
            return described;
        }
        if next.is_none() && build == "IN_PROGRESS" {
            return described;
        }
        let ended = next.unwrap_or(now);
        let status = if self.failure.is_some() { "FAILED" } else { "SUCCEEDED" };
        described["phaseStatus"] = json!(status);
        described["endTime"] = json!(seconds(ended));
        described["durationInSeconds"] = json!((ended - self.began).whole_seconds());
        described["contexts"] = match &self.failure {
            Some(text) => json!([{ "statusCode": "COMMAND_EXECUTION_ERROR", "message": text }]),
            None => json!([{ "statusCode": "", "message": "" }]),
        };
        described
    }
}

#[derive(Deserialize)]
struct BatchGet {
    ids: Vec<String>,
}

fn batch_get(config: &AwsConfig, builds: &Builds, input: &BatchGet) -> Result<Value, Refusal> {
    if input.ids.is_empty() || input.ids.len() > 100 {
        return Err(Refusal::client("InvalidInputException", "Invalid number of ids: 1 to 100 are allowed"));
    }
    let known = |id: &String| builds.all.iter().find(|build| build.id == *id);
    let missing: Vec<&String> = input.ids.iter().filter(|id| known(id).is_none()).collect();
    let found: Vec<Value> = input.ids.iter().filter_map(known).map(|build| build.describe(config)).collect();
    Ok(json!({ "builds": found, "buildsNotFound": missing }))
}

#[derive(Deserialize)]
struct Stop {
    id: String,
}

fn stop(config: &AwsConfig, builds: &mut Builds, input: &Stop) -> Result<Value, Refusal> {
    let missing = || Refusal::client("ResourceNotFoundException", format!("Build {} does not exist", input.id));
    let build = builds.all.iter_mut().find(|build| build.id == input.id).ok_or_else(missing)?;
    if build.status == "IN_PROGRESS" {
        build.end("STOPPED", config.clock.now());
    }
    Ok(json!({ "build": build.describe(config) }))
}
