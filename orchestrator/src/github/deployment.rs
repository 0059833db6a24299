//! Deployments: what GitHub shows at a pull request and under "environments".

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Call;
use super::runner::encode;
use super::{GitHub, GitHubError};

/// GitHub's number of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct DeploymentId(pub u64);

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A deployment.
#[derive(Clone, Debug, Deserialize)]
pub struct Deployment {
    /// GitHub's number.
    pub id: DeploymentId,
    /// The commit.
    pub sha: String,
    /// The environment's name.
    pub environment: String,
    #[serde(default)]
    payload: Value,
}

impl Deployment {
    /// A text of the payload. GitHub gives a payload back as it came, or as a text that holds it.
    pub fn payload(&self, key: &str) -> Option<String> {
        let own = |payload: &Value| payload.get(key).and_then(Value::as_str).map(str::to_owned);
        match &self.payload {
            Value::String(text) => own(&serde_json::from_str(text).ok()?),
            payload => own(payload),
        }
    }
}

/// What to deploy, for GitHub's books.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDeployment {
    /// The commit, in full.
    pub sha: String,
    /// The environment's name: one for each pull request, since one shared by all makes them end each other.
    pub environment: String,
    /// At most 140 characters.
    pub description: String,
    /// Key and value by which it is found again; they are put into the payload.
    pub mark: (&'static str, String),
    /// What else the payload holds.
    pub payload: Value,
}

/// GitHub's states of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentState {
    /// It waits.
    Queued,
    /// It is being done.
    InProgress,
    /// It is there.
    Success,
    /// It did not come to be.
    Failure,
    /// It is gone; a transient one is shown as destroyed.
    Inactive,
}

impl DeploymentState {
    /// GitHub's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Inactive => "inactive",
        }
    }
}

/// A state that was, or is to be, told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeploymentStatus {
    /// [`DeploymentState::name`], or what others wrote.
    pub state: String,
    /// At most 140 characters.
    #[serde(default)]
    pub description: String,
    /// Where it is reached; empty where it is not.
    #[serde(default)]
    pub environment_url: String,
}

impl GitHub {
    /// The deployments of an environment, newest first.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn deployments(&self, environment: &str) -> Result<Vec<Deployment>, GitHubError> {
        self.all(&self.repo_path(&format!("deployments?environment={}", encode(environment)))?).await
    }

    /// Notes a deployment. Nothing is merged for it and no check is waited for; it is transient and not for production.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn create_deployment(&self, new: &NewDeployment) -> Result<Deployment, GitHubError> {
        let path = self.repo_path("deployments")?;
        let (key, value) = &new.mark;
        let sent = new.to_json().to_string();
        let look = async || {
            let known = self.deployments(&new.environment).await?;
            Ok(known.into_iter().find(|known| known.payload(key).as_ref() == Some(value)))
        };
        self.create(|| Call::create(path.clone(), sent.clone()), look).await
    }

    /// What was last told about a deployment.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn last_deployment_status(&self, id: DeploymentId) -> Result<Option<DeploymentStatus>, GitHubError> {
        let path = self.repo_path(&format!("deployments/{id}/statuses?per_page=1"))?;
        let statuses: Vec<DeploymentStatus> = self.call(Call::get(path)).await?.read()?;
        Ok(statuses.into_iter().next())
    }

    /// Tells the state of a deployment.
    ///
    /// # Errors
    /// What GitHub refuses.
    pub async fn tell_deployment(&self, id: DeploymentId, status: &DeploymentStatus) -> Result<(), GitHubError> {
        let path = self.repo_path(&format!("deployments/{id}/statuses"))?;
        let mut sent = json!({ "state": status.state, "description": status.description });
        if !status.environment_url.is_empty() {
            sent["environment_url"] = json!(status.environment_url);
        }
        self.call(Call::state(path, sent.to_string())).await.map(|_| ())
    }
}

impl NewDeployment {
    /// Every member that GitHub has another default for is named: it would merge the base branch into the commit, wait for
    /// all checks and call it production.
    fn to_json(&self) -> Value {
        let (key, value) = &self.mark;
        let mut payload = self.payload.clone();
        payload[*key] = json!(value);
        json!({
            "ref": self.sha,
            "environment": self.environment,
            "description": self.description,
            "payload": payload,
            "auto_merge": false,
            "required_contexts": [],
            "transient_environment": true,
            "production_environment": false,
        })
    }
}
