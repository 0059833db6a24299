//! A template, an image and the settings, brought together: what is registered and launched in each mode.

use serde_json::Value;

use super::definition::{Cage, Definition, Family, Logs, Rendering, Supervisor};
use super::hands::Hands;
use super::launch::Rung;
use super::supervise::{self, TaskRoleFor, Watch, WatchedEntrance};
use super::template::{Entrance, Size, Template};
use super::up::Wish;
use crate::chat::Trust;
use crate::config::machine::Network;
use crate::config::preview::LaunchConfig;
use crate::config::{ConfigError, Faults};
use crate::error::Error;
use crate::model::LaunchMode;
use crate::phases::Phases;
use crate::{price, stamp};

/// The tag by which a revision that is alike is found again.
const FINGERPRINT: &str = "mayfly:fingerprint";
/// So many of the youngest revisions are looked through: a pull request that goes back and forth has few.
const LOOK_THROUGH: usize = 10;

/// What a preview is, in each of the modes that may be tried.
#[derive(Clone, Debug)]
pub struct Shape {
    entrance: Entrance,
    /// In the order of the modes.
    definitions: Vec<(LaunchMode, Definition)>,
}

impl Shape {
    /// Renders the template for all modes.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of(template: &Template, wish: &Wish, config: &LaunchConfig, region: &str) -> Result<Self, ConfigError> {
        let mut faults = Faults::default();
        let family = Family::of(&wish.slot.repo, wish.slot.pr.get());
        let supervisor = supervisor(config, &mut faults);
        let mut definitions = Vec::new();
        for mode in &config.modes {
            let rendering = Rendering {
                family: &family,
                image: &wish.image,
                mode: *mode,
                size: Size { cpu: wish.size.cpu.or(config.cpu), memory: wish.size.memory.or(config.memory) },
                supervisor,
                logs: Some(Logs { group: config.log_group.as_deref(), region }),
                cage: cage(wish.trust),
            };
            match Definition::render(template, &rendering) {
                // Words of the image's own hold a lease of the image's own, which nobody here knows.
                Ok(definition) if definition.app_command().is_none() => {
                    faults.add(
                        "COMMAND",
                        "is missing; without the app's command no lease reaches it: [preview] command, or -- COMMAND",
                    );
                }
                Ok(definition) => definitions.push((*mode, definition)),
                Err(fault) => faults.absorb(fault),
            }
        }
        let entrance = template.entrance.clone();
        if entrance.is_none() {
            faults.add("--port", "is missing; say which port the app listens on");
        }
        faults.into_result(entrance.map(|entrance| Self { entrance, definitions }))
    }

    /// What was understood differently than it was written.
    pub fn notes(&self) -> Vec<String> {
        self.definitions.first().map(|(_, definition)| definition.notes().to_vec()).unwrap_or_default()
    }

    /// The supervised container.
    pub fn app(&self) -> &str {
        self.definitions.first().map_or("", |(_, definition)| definition.app())
    }

    /// The port that is reached.
    pub fn port(&self) -> u16 {
        self.entrance.port
    }

    /// The page that shows that the app is well.
    pub fn health_path(&self) -> &str {
        &self.entrance.health_path
    }

    /// What is the same for previews that do the same.
    pub fn fingerprint(&self) -> String {
        let each =
            self.definitions.iter().map(|(mode, definition)| format!("{mode}:{}", definition.fingerprint().as_str()));
        each.collect::<Vec<_>>().join(" ")
    }

    /// The size that is paid for, where the task has one.
    pub fn size(&self) -> Option<price::Size> {
        let size = self.definitions.first()?.1.size();
        Some(price::Size { cpu: size.cpu?, memory: size.memory?, storage: None })
    }

    /// The definitions as they would be registered, for `--dry-run`.
    pub fn requests(&self, wish: &Wish) -> Vec<Value> {
        self.definitions.iter().map(|(_, definition)| definition.request(&tags(definition, wish))).collect()
    }

    /// Finds or registers the definition of each mode.
    ///
    /// # Errors
    /// ECS refuses.
    pub async fn rungs(
        &self,
        hands: &Hands,
        config: &LaunchConfig,
        wish: &Wish,
        phases: &Phases,
    ) -> Result<Vec<Rung>, Error> {
        let mut rungs = Vec::new();
        for (index, (mode, definition)) in self.definitions.iter().enumerate() {
            let arn = phases.measure("definition", revision(hands, definition, wish)).await?;
            let machine = config.machine(*mode, &arn, definition.app(), network(config, wish.trust));
            rungs.push(Rung {
                index: u32::try_from(index).unwrap_or_default(),
                machine,
                command: command(definition, wish),
            });
        }
        Ok(rungs)
    }

    /// The first rung with a definition that is not registered yet, for `--dry-run`.
    pub fn first_rung(&self, config: &LaunchConfig, wish: &Wish) -> Option<Rung> {
        let (mode, definition) = self.definitions.first()?;
        let machine = config.machine(*mode, definition.family(), definition.app(), network(config, wish.trust));
        Some(Rung { index: 0, machine, command: command(definition, wish) })
    }
}

/// A stranger's code gets a network of its own.
fn network(config: &LaunchConfig, trust: Trust) -> Option<Network> {
    let network = config.network.clone()?;
    Some(match trust {
        Trust::Own => network,
        Trust::Fork => Network { security_groups: config.fork_security_groups.clone(), ..network },
    })
}

fn cage(trust: Trust) -> Cage {
    match trust {
        Trust::Own => Cage::Open,
        Trust::Fork => Cage::Fork,
    }
}

fn supervisor<'c>(config: &'c LaunchConfig, faults: &mut Faults) -> Supervisor<'c> {
    match (&config.supervisor_image, &config.supervisor_path) {
        (Some(image), None) => Supervisor::Brought { image },
        (None, Some(path)) => Supervisor::BakedIn { path },
        (Some(_), Some(_)) => {
            faults.add(
                "--supervisor-path",
                "says that the app's image has the supervisor; then leave --supervisor-image out",
            );
            Supervisor::BakedIn { path: supervise::PROGRAM }
        }
        (None, None) => {
            let text = "is missing; without a supervisor nothing ends the preview: name the image of runner-entrypoint \
                        (docker/entrypoint.Dockerfile), or where the app's own image has it (--supervisor-path)";
            faults.add("--supervisor-image", text);
            Supervisor::BakedIn { path: supervise::PROGRAM }
        }
    }
}

/// What RunTask's override says; an image with the lease in its own words is left alone.
fn command(definition: &Definition, wish: &Wish) -> Option<Vec<String>> {
    let lease = supervise::Lease { ttl: wish.lease.ttl, max_ttl: wish.lease.max_ttl, warn: Some(wish.lease.warn) };
    let entrance = definition.entrance_seen_from_app().map(|entrance| WatchedEntrance {
        port: entrance.port,
        health_path: entrance.health_path.clone(),
        ready_timeout: Some(wish.lease.ready),
        idle: wish.lease.idle,
        idle_ignore: Vec::new(),
    });
    let watch = Watch { entrance, task_role: TaskRoleFor::App, ..Watch::default() };
    definition.launch_command(&lease, &watch)
}

fn tags(definition: &Definition, wish: &Wish) -> Vec<(&'static str, String)> {
    use contract::tags;
    vec![
        (tags::KIND, tags::KIND_PREVIEW.to_owned()),
        (tags::REPO, wish.slot.repo.clone()),
        (tags::PR, wish.slot.pr.to_string()),
        (FINGERPRINT, definition.fingerprint().as_str().to_owned()),
    ]
}

/// The youngest revision that is alike, or a new one.
async fn revision(hands: &Hands, definition: &Definition, wish: &Wish) -> Result<String, Error> {
    let fingerprint = definition.fingerprint();
    for arn in hands.revisions(definition.family()).await?.into_iter().take(LOOK_THROUGH) {
        let Some(found) = hands.definitions.describe(&arn).await? else { continue };
        let tags = found["tags"].as_array().into_iter().flatten();
        if tags.filter(|tag| tag["key"] == FINGERPRINT).any(|tag| tag["value"] == fingerprint.as_str()) {
            return Ok(arn);
        }
    }
    let mut tags = tags(definition, wish);
    tags.push((contract::tags::CREATED_AT, stamp::rfc3339(std::time::SystemTime::now())));
    Ok(hands.definitions.register(&definition.request(&tags)).await?)
}
