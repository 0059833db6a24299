//! The step of a workflow that launches: its environment as the sandbox gives it, pointed at the benchmark's servers.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use sandbox::binaries::Binaries;
use sandbox::{Sandbox, SandboxConfig};

use super::Places;
use crate::measure::Job;
use crate::recipe;
use crate::tls::AUTHORITY;

/// A job under way, as its steps see it.
pub(crate) struct Workflow {
    /// Only its environment and its folder are used; nobody calls its servers.
    sandbox: Sandbox,
    aws: Option<PathBuf>,
}

impl Workflow {
    /// Starts a sandbox for its environment.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(binaries: &Binaries, aws: Option<PathBuf>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let sandbox = runtime.block_on(Sandbox::start(SandboxConfig::new(binaries.clone())))?;
        Ok(Self { sandbox, aws })
    }

    /// `mayfly runner start`.
    pub(crate) fn mayfly(&self, places: Places, wait: &str) -> Job {
        let program = self.sandbox.binaries().path("mayfly").display().to_string();
        let arguments = ["runner", "start", "--launch-mode", "fargate", "--wait", wait, "--output", "json"];
        let command = std::iter::once(program).chain(arguments.map(str::to_owned)).collect();
        Job { command, environment: self.environment(places).into_iter().collect() }
    }

    /// A step of the seed's recipe, where its AWS CLI is there.
    pub(crate) fn seed(&self, places: Places, step: &str) -> Option<Job> {
        let aws = self.aws.as_ref()?;
        let mut environment = self.environment(places);
        let more = [
            ("AWS", aws.display().to_string()),
            ("AWS_DEFAULT_REGION", environment["AWS_REGION"].clone()),
            // Spares it looking for an instance's metadata.
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_PAGER", String::new()),
            ("SEED_STATE", self.sandbox.folder().display().to_string()),
        ];
        environment.extend(more.map(|(name, value)| (name.to_owned(), value)));
        let script = recipe::script("launch.sh").display().to_string();
        let command = vec!["bash".to_owned(), script, step.to_owned()];
        Some(Job { command, environment: environment.into_iter().collect() })
    }

    fn environment(&self, places: Places) -> BTreeMap<String, String> {
        let mut environment = self.sandbox.env();
        environment.remove("AWS_ENDPOINT_URL");
        let own = [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("https://{}/token?api-version=2.0", places.oidc)),
            ("AWS_ENDPOINT_URL_STS", format!("https://{}", places.sts)),
            ("AWS_ENDPOINT_URL_ECS", format!("https://{}", places.ecs)),
            ("AWS_CA_BUNDLE", AUTHORITY.to_owned()),
            ("SSL_CERT_FILE", AUTHORITY.to_owned()),
            ("HOME", self.sandbox.folder().display().to_string()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
        ];
        environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
        environment
    }
}
