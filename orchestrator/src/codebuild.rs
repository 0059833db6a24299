//! CodeBuild: an image built beside the workflow, for those whose builds live there.

use serde_json::{Value, json};

use crate::aws::signed::JsonOperation;
use crate::aws::{Aws, AwsError, AwsErrorKind};

/// CodeBuild.
#[derive(Clone, Debug)]
pub struct CodeBuild {
    aws: Aws,
}

/// A build to start.
#[derive(Clone, Debug)]
pub struct NewBuild<'a> {
    /// The project.
    pub project: &'a str,
    /// Commit, `pr/N`, branch or tag.
    pub source_version: Option<&'a str>,
    /// Variables, over those of the project. CodeBuild shows them: nothing secret belongs here.
    pub variables: &'a [(String, String)],
    /// The same token within five minutes gives the build of the first time.
    pub token: &'a str,
}

/// `buildStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildStatus {
    /// It runs.
    InProgress,
    /// It is done.
    Succeeded,
    /// A command failed.
    Failed,
    /// CodeBuild's own fault.
    Fault,
    /// It took too long.
    TimedOut,
    /// Somebody stopped it.
    Stopped,
}

impl BuildStatus {
    fn read(text: &str) -> Self {
        match text {
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "FAULT" => Self::Fault,
            "TIMED_OUT" => Self::TimedOut,
            "STOPPED" => Self::Stopped,
            _ => Self::InProgress,
        }
    }

    /// Whether nothing more will come.
    pub fn is_over(self) -> bool {
        self != Self::InProgress
    }
}

/// A phase of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// `BUILD`, `POST_BUILD`.
    pub name: String,
    /// `SUCCEEDED`, `FAILED`; none while it runs.
    pub status: Option<String>,
    /// Seconds, once it is over.
    pub seconds: Option<u64>,
    /// What went wrong.
    pub messages: Vec<String>,
}

/// A build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// `PROJECT:UUID`.
    pub id: String,
    /// Where it stands.
    pub status: BuildStatus,
    /// The phase that it is in.
    pub phase: Option<String>,
    /// Its phases so far.
    pub phases: Vec<Phase>,
    /// The commit that was built, once it is known.
    pub commit: Option<String>,
    /// Variables that the buildspec exports.
    pub exported: Vec<(String, String)>,
    /// SHA-256 of its artifact.
    pub artifact_digest: Option<String>,
    /// Its log in the console.
    pub log_url: Option<String>,
}

impl Build {
    /// A variable that the buildspec exports (`env: exported-variables`).
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.exported.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Why it failed: the first phase that says so, in CodeBuild's words.
    pub fn failure(&self) -> Option<String> {
        let failed = |status: &str| !matches!(status, "SUCCEEDED" | "IN_PROGRESS" | "QUEUED");
        let phase = self.phases.iter().find(|phase| phase.status.as_deref().is_some_and(failed))?;
        let said = phase.messages.join("; ");
        let said = if said.is_empty() { phase.status.clone().unwrap_or_default() } else { said };
        Some(format!("{}: {said}", phase.name))
    }
}

const fn operation(name: &'static str) -> JsonOperation {
    JsonOperation { service: "codebuild", target: "CodeBuild_20161006", name, repeatable: true }
}

impl CodeBuild {
    /// A client.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// Starts a build. A repetition with the same token starts none.
    ///
    /// # Errors
    /// There is no such project, a refusal, or no answer.
    pub async fn start_build(&self, new: &NewBuild<'_>) -> Result<Build, AwsError> {
        const NAME: &str = "StartBuild";
        let variable = |(name, value): &(String, String)| json!({ "name": name, "value": value, "type": "PLAINTEXT" });
        let mut body = json!({
            "projectName": new.project,
            "idempotencyToken": new.token,
            "environmentVariablesOverride": new.variables.iter().map(variable).collect::<Vec<_>>(),
        });
        if let Some(version) = new.source_version {
            body["sourceVersion"] = json!(version);
        }
        let object = format!("project \"{}\"", new.project);
        let answer =
            self.aws.call(operation(NAME), &object, &body).await.map_err(|fault| explain(fault, new.project))?;
        read(&answer["build"]).ok_or_else(|| AwsError::new(AwsErrorKind::Unavailable, NAME, object, "no build in it"))
    }

    /// Looks at a build.
    ///
    /// # Errors
    /// There is none, a refusal, or no answer.
    pub async fn build(&self, id: &str) -> Result<Build, AwsError> {
        const NAME: &str = "BatchGetBuilds";
        let object = format!("build {id}");
        let answer = self.aws.call(operation(NAME), &object, &json!({ "ids": [id] })).await;
        let answer = answer.map_err(|fault| explain(fault, id))?;
        read(&answer["builds"][0]).ok_or_else(|| AwsError::new(AwsErrorKind::NotFound, NAME, object, "no such build"))
    }
}

fn explain(fault: AwsError, project: &str) -> AwsError {
    let operation = fault.operation;
    let project = project.split(':').next().unwrap_or(project);
    let fix = match fault.code.as_deref() {
        Some("AccessDeniedException") => {
            Some(format!("allow codebuild:{operation} on project/{project} to the role that mayfly runs as"))
        }
        Some("ResourceNotFoundException") => Some(format!(
            "no project is called \"{project}\" in this region; `aws codebuild list-projects` shows what there is"
        )),
        _ => None,
    };
    fault.with_fix(fix)
}

fn read(found: &Value) -> Option<Build> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let each = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let phase = |phase: &Value| Phase {
        name: text(&phase["phaseType"]).unwrap_or_default(),
        status: text(&phase["phaseStatus"]),
        seconds: phase["durationInSeconds"].as_u64(),
        messages: each(&phase["contexts"]).iter().filter_map(|context| text(&context["message"])).collect(),
    };
    let exported = each(&found["exportedEnvironmentVariables"]);
    let pair = |one: &Value| Some((text(&one["name"])?, one["value"].as_str()?.to_owned()));
    Some(Build {
        id: text(&found["id"])?,
        status: BuildStatus::read(found["buildStatus"].as_str().unwrap_or_default()),
        phase: text(&found["currentPhase"]),
        phases: each(&found["phases"]).iter().map(phase).collect(),
        commit: text(&found["resolvedSourceVersion"]),
        exported: exported.iter().filter_map(pair).collect(),
        artifact_digest: text(&found["artifacts"]["sha256sum"]),
        log_url: text(&found["logs"]["deepLink"]),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{BuildStatus, CodeBuild, NewBuild};
    use crate::aws::{Aws, AwsErrorKind};
    use crate::http::scripted::{Act, Server};

    #[tokio::test]
    async fn build_is_started_for_a_commit_with_its_variables_and_token() {
        let server = Server::start([Act::json(
            200,
            json!({ "build": { "id": "app:1", "buildStatus": "IN_PROGRESS", "currentPhase": "QUEUED" } }),
        )])
        .await;
        let variables = [("IMAGE_TAG".to_owned(), "pr-7".to_owned())];
        let new = NewBuild { project: "app", source_version: Some("abc"), variables: &variables, token: "t" };
        let build = CodeBuild::new(&Aws::at(&server.url(""))).start_build(&new).await.expect("a build");
        assert_eq!((build.id.as_str(), build.status.is_over()), ("app:1", false));
        let seen = &server.seen()[0];
        assert_eq!(seen.header("x-amz-target"), Some("CodeBuild_20161006.StartBuild"));
        let sent: Value = serde_json::from_str(&seen.body).expect("JSON");
        let variable = json!({ "name": "IMAGE_TAG", "value": "pr-7", "type": "PLAINTEXT" });
        let wanted = json!({
            "projectName": "app", "sourceVersion": "abc", "idempotencyToken": "t",
            "environmentVariablesOverride": [variable],
        });
        assert_eq!(sent, wanted);
    }

    #[tokio::test]
    async fn digest_comes_out_of_a_good_build_and_the_reason_out_of_a_bad_one() {
        let good = json!({
            "id": "app:1", "buildStatus": "SUCCEEDED", "currentPhase": "COMPLETED", "resolvedSourceVersion": "abc",
            "exportedEnvironmentVariables": [{ "name": "DIGEST", "value": "sha256:1" }],
            "logs": { "deepLink": "https://console" },
        });
        let bad = json!({
            "id": "app:2", "buildStatus": "FAILED",
            "phases": [
                { "phaseType": "INSTALL", "phaseStatus": "SUCCEEDED", "durationInSeconds": 3, "contexts": [] },
                { "phaseType": "BUILD", "phaseStatus": "FAILED", "contexts": [{ "message": "exit status 1" }] },
            ],
        });
        let server = Server::start(
            [json!({ "builds": [good] }), json!({ "builds": [bad] }), json!({ "builds": [], "buildsNotFound": ["x"] })]
                .map(|body| Act::json(200, body)),
        )
        .await;
        let codebuild = CodeBuild::new(&Aws::at(&server.url("")));
        let good = codebuild.build("app:1").await.expect("a build");
        assert_eq!((good.variable("DIGEST"), good.failure()), (Some("sha256:1"), None));
        assert_eq!(good.log_url.as_deref(), Some("https://console"));
        let bad = codebuild.build("app:2").await.expect("a build");
        assert_eq!((bad.status, bad.failure().as_deref()), (BuildStatus::Failed, Some("BUILD: exit status 1")));
        let fault = codebuild.build("x").await.expect_err("no build");
        assert_eq!(fault.kind, AwsErrorKind::NotFound);
    }

    #[tokio::test]
    async fn missing_project_and_missing_right_are_told_with_the_projects_name() {
        let refusal = |code: &str| Act::json(400, json!({ "__type": code, "message": "no" }));
        let server = Server::start([refusal("ResourceNotFoundException"), refusal("AccessDeniedException")]).await;
        let codebuild = CodeBuild::new(&Aws::at(&server.url("")));
        let new = NewBuild { project: "app", source_version: None, variables: &[], token: "t" };
        let fix = codebuild.start_build(&new).await.expect_err("a refusal").fix.expect("a fix");
        assert!(fix.contains("\"app\""), "{fix}");
        let fix = codebuild.build("app:1").await.expect_err("a refusal").fix.expect("a fix");
        assert_eq!(fix, "allow codebuild:BatchGetBuilds on project/app to the role that mayfly runs as");
    }
}
